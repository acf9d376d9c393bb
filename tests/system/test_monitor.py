# SPDX-License-Identifier: MIT
"""The operator's view: two guests on one serial line, and what the monitor can
see of them and do with them."""

import os
import re
import subprocess

import pytest

from rig import TOP, guestcfg, iso
from rig.session import Session

BASE = "console=com1 com1=115200,8n1 idle=monitor"
SWITCH = "\x01\x01\x01"
WAIT_S = 90


@pytest.fixture(scope="session")
def ticking(tmp_path_factory):
    """A guest that never ends: tests/system/ticking.asm."""
    image = tmp_path_factory.mktemp("ticking") / "ticking"
    subprocess.run(["nasm", "-f", "elf32", os.path.join(TOP, "tests/system/ticking.asm"), "-o",
                    f"{image}.o"], check=True)
    subprocess.run(["ld", "-m", "elf_i386", "-z", "noexecstack", "-Ttext-segment=0x100000",
                    f"{image}.o", "-o", image], check=True)
    return str(image)


class Monitor:
    """Commands at the monitor's prompt."""

    def __init__(self, session):
        self.session = session

    def __call__(self, line, answer=r"xenith> "):
        """Type a line; the match of the answer behind its echo."""
        start = len(self.session.text)
        self.session.send(line + "\r")
        echoed = self.session.expect(re.escape(line) + r"\n", WAIT_S, start=start)
        return self.session.expect(answer, WAIT_S, start=start + len(echoed.group(0)))

    def ticks(self, prefix):
        """How many lines a guest writes in a while."""
        start = len(self.session.text)
        self.session.settle(3)
        return len(re.findall(rf"^{prefix}tick$", self.session.text[start:], re.M))


@pytest.mark.parametrize("cores", (1, 2))
def test_the_monitor_sees_and_rules_two_guests(ticking, kind, log, tmp_path, cores):
    modules = [iso.Module(ticking, "ticking")]
    for name, vcpus in (("alpha", 1), ("beta", 2)):
        path = tmp_path / f"{name}.cfg"
        path.write_text(guestcfg.text(name, kernel="ticking", memory=16, vcpus=vcpus))
        modules.append(iso.Module(str(path), f"{name}.cfg"))
    with Session(modules, kind=kind, cores=cores, host_memory=256, log=log,
                 base_cmdline=BASE) as session:
        session.expect(r"^\(alpha\) tick$", WAIT_S)
        session.expect(r"^\(beta\) tick$", WAIT_S)
        session.send(SWITCH)
        session.expect(r"\*\*\* input to beta", WAIT_S)
        session.send(SWITCH)
        session.expect(r"\*\*\* input to the monitor", WAIT_S)
        monitor = Monitor(session)

        # Nothing but whole lines of one source each.
        lines = session.text.splitlines()
        assert not [line for line in lines if "tick" in line
                    and not re.fullmatch(r"\((alpha|beta)\) tick", line)]

        monitor("help", r"  domains ")
        monitor("domains", r"1 alpha +alive +1/1 +16 ")
        monitor("vcpus beta", r"beta +0 run.*\n(.*\n)*beta +1 offline")
        monitor("regs alpha", r"rip [0-9a-f]{16}")
        monitor("evtchn alpha", r"service")
        monitor("memory", r"alpha +4096 built")
        monitor("cores", rf"^ +{cores - 1} +{cores - 1} ")
        monitor("log", r"xenith: beta: domain 2 starts")
        monitor("trace 3", r"core 0 ")
        monitor("frobnicate", r"no such command")
        monitor("pause nobody", r"nobody: no such guest")

        monitor("pause alpha", r"alpha: paused")
        session.settle(1)
        assert not monitor.ticks(r"\(alpha\) ")
        monitor("domains", r"alpha +paused")
        monitor("regs 1", r"rip [0-9a-f]{16}")
        assert not monitor.ticks(r"\(alpha\) ")
        monitor("unpause alpha", r"alpha: runs")
        session.expect(r"^\(alpha\) tick$", WAIT_S, start=len(session.text))

        monitor("restart alpha", r"alpha: domain 3 starts")
        session.expect(r"^\(alpha\) tick$", WAIT_S, start=len(session.text))
        monitor("destroy beta", r"beta: domain 2 ended: destroyed")
        # Alone, the other one loses its name.
        session.expect(r"^tick$", WAIT_S, start=len(session.text))
        monitor("destroy 3", r"all guests gone: clean")
        monitor("domains")
