# SPDX-License-Identifier: MIT
"""Xenith entered by PVH: by QEMU's -kernel."""

import pytest

from rig.session import Session, hypervisor_image

BASE = "console=com1 com1=115200,8n1 idle=monitor"


def types_help(session):
    start = len(session.text)
    session.send("help\r")
    session.expect("reboot", 30, start=start)


@pytest.mark.parametrize("cores", [1, 2])
def test_qemu_enters_by_pvh(alive, log, cores):
    """Memory map, command line, ACPI tables (the second core) and a module."""
    extra = ["-kernel", hypervisor_image(), "-append", BASE, "-initrd", alive]
    with Session(kind="qemu-tcg", cores=cores, log=log, extra=extra) as session:
        session.expect("loaded at 0x200000 by PVH, modules: 1$", 60)
        session.expect(r"lacks.*\bVMX\b", 60)
        session.expect(f"{cores} cores?, x", 60)
        session.expect("xenith> ", 60)
        types_help(session)
