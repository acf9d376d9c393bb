# SPDX-License-Identifier: MIT
"""Whatever is wrong with one guest gets one clear line, and the other guest of
the pair runs to its end."""

import re

import pytest

from rig import elf, guestcfg, iso
from rig.session import ALL_GONE, Session

MEMORY = 16
GOOD_LINES = 5


def bad(kernel=None, name="bad", extra=(), **settings):
    """(configuration, {module: content}) of the guest that is to be refused."""
    settings.setdefault("memory", MEMORY)
    modules = {} if kernel is None else {"bad.elf": kernel}
    return guestcfg.text(name, kernel="bad.elf", extra=extra, **settings), modules


GOOD_ELF = elf.elf32()
OUTSIDE = elf.elf32([(0x100000, b"\xf4" * 64, 64), (MEMORY << 20, b"x" * 64, 64)])
ACROSS = elf.elf32([(0x100000, b"\xf4" * 64, MEMORY << 20)])
WRAPS = elf.elf32([(0x100000, b"\xf4" * 64, 64), (0xFFFFF000, b"x" * 64, 0x2000)])
OVERLAP = elf.elf32([(0x100000, b"\xf4" * 8192, 8192), (0x101000, b"x" * 64, 64)])

# What is given to the bad guest, and what the one line about it must match.
CASES = {
    "not-an-elf": (bad(b"#!/bin/sh\necho no kernel\n" * 50), r"ELF"),
    "empty-kernel": (bad(b""), r"empty|ELF"),
    "elf-without-note": (bad(elf.elf32(with_note=False)), r"(?i)note|PHYS32_ENTRY"),
    "another-machine": (bad(elf.elf32(machine=40)), r"(?i)machine|x86"),
    "segment-outside-ram": (bad(OUTSIDE), r"(?i)outside|memory"),
    "segment-across-the-end": (bad(ACROSS), r"(?i)outside|memory"),
    "segment-that-wraps": (bad(WRAPS), r"(?i)wrap|outside|address|overflow|end"),
    "segments-overlap": (bad(OVERLAP), r"(?i)overlap"),
    "entry-outside": (bad(elf.elf32(entry=0x7F0000)), r"(?i)entry"),
    "truncated-headers": (bad(GOOD_ELF[:80]), r"(?i)truncated|short|outside|header"),
    "truncated-segment": (bad(OVERLAP[:0x1800]), r"(?i)truncated|outside|file"),
    "kernel-bigger-than-memory": (bad(elf.elf32([(0x100000, bytes(3 << 20), 3 << 20)]), memory=2),
                                  r"(?i)memory|outside"),
    "more-memory-than-exists": (bad(GOOD_ELF, memory=1 << 20), r"(?i)memory"),
    "more-vcpus-than-possible": (bad(GOOD_ELF, vcpus=5000), r"(?i)vcpus"),
    "no-vcpus": (bad(GOOD_ELF, vcpus=0), r"(?i)vcpus"),
    "unknown-key": (bad(GOOD_ELF, extra=["colour = 3"]), r"bad\.cfg:\d+: .*colour"),
    "no-value": (bad(GOOD_ELF, extra=["cpus ="]), r"bad\.cfg:\d+: "),
    "open-string": (bad(GOOD_ELF, extra=['cpus = "0']), r"bad\.cfg:\d+: "),
    "not-a-number": (("name = 'bad'\nkernel = 'bad.elf'\nmemory = lots\n", {"bad.elf": GOOD_ELF}),
                     r"bad\.cfg:3: .*memory|bad\.cfg:3: "),
    "core-that-is-not-there": (bad(GOOD_ELF, extra=['cpus = "60"']), r"(?i)cpus"),
    "no-kernel-key": (("name = 'bad'\n", {}), r"bad\.cfg.*kernel"),
    "duplicate-name": (bad(GOOD_ELF, name="good"), r"(?i)name"),
    "kernel-module-missing": (bad(None), r"bad\.elf"),
    "ramdisk-module-missing": (bad(GOOD_ELF, ramdisk="nowhere"), r"nowhere"),
    "ramdisk-bigger-than-memory": ((bad(GOOD_ELF, ramdisk="big")[0],
                                    {"bad.elf": GOOD_ELF, "big": bytes(17 << 20)}),
                                   r"(?i)ramdisk|memory|module"),
    "command-line-too-long": (bad(GOOD_ELF, cmdline="x" * 5000), r"bad\.cfg:\d+: .*cmdline|cmdline"),
    "empty-configuration": (("", {}), r"bad\.cfg.*(empty|missing)"),
    "binary-configuration": (("\x00\x01\x02\xff" * 64, {}), r"bad\.cfg:1: "),
}


def write(directory, files):
    listed = []
    for name, content in files.items():
        path = directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("latin-1"))
        listed.append(iso.Module(str(path), name))
    return listed


@pytest.mark.parametrize("case", CASES)
def test_only_the_bad_guest_is_refused(case, alive, kind, log, tmp_path):
    (config, modules), complaint = CASES[case]
    files = {"good.cfg": guestcfg.text("good", kernel="alive", memory=MEMORY), "bad.cfg": config,
             **modules}
    listed = write(tmp_path, files) + [iso.Module(alive, "alive")]
    with Session(listed, kind=kind, host_memory=256, log=log) as session:
        end = session.expect(ALL_GONE, 120)
        session.settle()
        text = session.text
    about = [line for line in text.splitlines() if re.search(complaint, line)
             and re.search(r"\bbad\b|bad\.cfg|bad\.elf", line)]
    assert len(about) == 1, text
    assert text.count("still alive") == GOOD_LINES, text
    # The refused guest counts as one that failed; the good one ended well.
    assert end.group(2) == "1", end.group(0)


def test_a_command_line_of_4095_characters_arrives(alive, kind, log, tmp_path):
    config = guestcfg.text("good", kernel="alive", memory=MEMORY, cmdline="x" * 4095)
    listed = write(tmp_path, {"good.cfg": config}) + [iso.Module(alive, "alive")]
    with Session(listed, kind=kind, host_memory=256, log=log) as session:
        assert session.expect(ALL_GONE, 120).group(1) == "clean"
        assert session.text.count("still alive") == GOOD_LINES


def test_without_any_module_the_monitor_is_there(kind, log):
    with Session([], kind=kind, host_memory=256, log=log,
                 base_cmdline="console=com1 com1=115200,8n1 idle=monitor") as session:
        session.expect(r"(?i)no module", 60)
        session.settle()
        start = len(session.text)
        session.send("help\r")
        session.expect("reboot", 30, start=start)


def test_with_guests_gone_the_monitor_is_there(alive, kind, log, tmp_path):
    config = guestcfg.text("good", kernel="alive", memory=MEMORY)
    listed = write(tmp_path, {"good.cfg": config}) + [iso.Module(alive, "alive")]
    with Session(listed, kind=kind, host_memory=256, log=log,
                 base_cmdline="console=com1 com1=115200,8n1 idle=monitor") as session:
        session.expect(ALL_GONE, 60)
        session.settle()
        start = len(session.text)
        session.send("help\r")
        session.expect("reboot", 30, start=start)


def test_a_bare_kernel_without_configuration_gets_the_machine(alive, kind, log):
    with Session([iso.Module(alive, "alive some words")], kind=kind, host_memory=256,
                 log=log) as session:
        assert session.expect(ALL_GONE, 120).group(1) == "clean"
        assert session.text.count("still alive") == GOOD_LINES
