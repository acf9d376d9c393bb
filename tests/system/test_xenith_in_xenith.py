# SPDX-License-Identifier: MIT
"""Xenith as a guest with VMX: it runs guests of its own, Xenith among them.

One module is all that a PVH guest gets: the inner hypervisor's modules are an archive.
"""

import os

import pytest

from rig import TOP, archive, guestcfg, iso
from rig.linux import initramfs, kernel
from rig.session import ALL_GONE, Session, hypervisor_image

PROMPT = r"^(\S+ )?.?/ # "


def nest(directory, name, modules, memory, cmdline="idle=poweroff", vcpus=1):
    """Modules of a hypervisor whose only guest is Xenith with these modules."""
    config = os.path.join(directory, f"{name}.cfg")
    with open(config, "w", encoding="utf-8") as out:
        out.write(guestcfg.text(name, kernel="xenith", ramdisk="modules", memory=memory,
                                vcpus=vcpus, cmdline=cmdline, extra=["nestedhvm = 1"]))
    packed = archive.make(os.path.join(directory, f"{name}.cpio"), modules)
    return [iso.Module(config, f"{name}.cfg"), iso.Module(hypervisor_image(), "xenith"),
            iso.Module(packed, "modules")]


def guest(directory, name, image, memory, **options):
    """Modules of a hypervisor with this guest."""
    config = os.path.join(directory, f"{name}.cfg")
    with open(config, "w", encoding="utf-8") as out:
        out.write(guestcfg.text(name, kernel="kernel", memory=memory, **options))
    return [iso.Module(config, f"{name}.cfg"), iso.Module(image, "kernel")]


def test_a_small_guest_runs_two_levels_down(kind, log, tmp_path, alive):
    """Banner, archive, guest and end of the inner hypervisor."""
    modules = nest(tmp_path, "outer", guest(tmp_path, "inner", alive, 16), 128)
    with Session(modules, kind=kind, host_memory=512, log=log) as session:
        session.expect("2 modules in an archive$", 180)
        session.expect("inner: domain 1 ended: poweroff$", 120)
        session.expect("outer: domain 1 ended: poweroff$", 60)
        assert session.expect(ALL_GONE, 60).group(1) == "clean"


def test_xenith_in_xenith_in_xenith(kind, log, tmp_path, alive):
    """The innermost has VMX too; its guest would be a fourth level, which it need not have."""
    inner = nest(tmp_path, "middle", guest(tmp_path, "inner", alive, 16), 64)
    modules = nest(tmp_path, "outer", inner, 192)
    with Session(modules, kind=kind, host_memory=512, log=log) as session:
        banner = r"Xenith, loaded at 0x200000 by PVH, modules: 1\n"
        session.expect(f"(?s){banner}.*{banner}", 400)
        session.settle()


@pytest.mark.full
def test_linux_reaches_its_shell_two_levels_down(kind, log, tmp_path):
    """What is typed goes through both consoles, and poweroff ends one level after the other."""
    inner = guest(tmp_path, "inner", kernel("cloud"), 160, ramdisk="initramfs",
                  cmdline="console=hvc0 cryptomgr.notests")
    inner.append(iso.Module(initramfs("initramfs"), "initramfs"))
    modules = nest(tmp_path, "outer", inner, 320)
    with Session(modules, kind=kind, host_memory=768, log=log) as session:
        session.expect(PROMPT, 900)
        start = len(session.text)
        session.send("echo six times seven is $((6 * 7))\r")
        session.expect("is 42$", 60, start=start)
        session.send("poweroff -f\r")
        session.expect("inner: domain 1 ended: poweroff$", 120)
        assert session.expect(ALL_GONE, 120).group(1) == "clean"
