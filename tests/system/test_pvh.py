# SPDX-License-Identifier: MIT
"""Xenith entered by PVH: by QEMU's -kernel, and as a guest of Xenith."""

import pytest

from rig import guestcfg, iso
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


def test_xenith_is_a_guest_of_xenith(kind, log, tmp_path):
    """Its banner is on the PV console, which takes input too; it ends by SCHEDOP_shutdown."""
    config = tmp_path / "inner.cfg"
    config.write_text(guestcfg.text("inner", kernel="xenith", ramdisk="some", memory=128, vcpus=2,
                                    cmdline="idle=monitor"))
    some = tmp_path / "some"
    some.write_bytes(bytes(5000))
    modules = [iso.Module(config, "inner.cfg"), iso.Module(hypervisor_image(), "xenith"),
               iso.Module(some, "some")]
    with Session(modules, kind=kind, host_memory=512, log=log) as session:
        session.expect("loaded at 0x200000 by PVH, modules: 1$", 120)
        session.expect(r"lacks.*\bVMX\b", 30)
        session.expect("2 cores, x2?APIC", 30)
        session.expect("xenith> ", 30)
        types_help(session)
        session.send("poweroff\r")
        session.expect("inner: domain 1 ended: poweroff$", 30)
