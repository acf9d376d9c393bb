# SPDX-License-Identifier: MIT
"""The monitor on the serial line, with two guests running."""

import pytest

from rig import guestcfg, iso
from rig.session import Expectation, Session

PROMPT = "xenith> "


class Monitor:
    """The hypervisor's monitor, entered by Ctrl-A three times for each guest before it."""

    def __init__(self, session):
        self.session = session

    def enter(self):
        for _ in range(4):
            start = len(self.session.text)
            self.session.send("\x01\x01\x01")
            self.session.expect(r"input to", 60, start=start)
            self.session.settle()
            if "monitor" in self.session.text[start:]:
                return
        raise Expectation("Ctrl-A three times does not come to the monitor")

    def __call__(self, command, answer, timeout=60):
        start = len(self.session.text)
        self.session.send(command + "\r")
        return self.session.expect(answer, timeout, start=start)


@pytest.fixture(params=(1, 2), ids=("one-core", "two-cores"))
def running(request, endless, kind, log, tmp_path):
    listed = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.cfg"
        path.write_text(guestcfg.text(name, kernel="endless", memory=16))
        listed.append(iso.Module(str(path), f"{name}.cfg"))
    with Session([*listed, iso.Module(endless, "endless")], kind=kind, cores=request.param,
                 host_memory=256, log=log,
                 base_cmdline="console=com1 com1=115200,8n1 idle=monitor") as session:
        session.expect(r"\(one\) still alive", 60)
        session.expect(r"\(two\) still alive", 60)
        yield session


def silent(session, name, seconds=3):
    """The guest says nothing more."""
    session.settle()
    with pytest.raises(Expectation):
        session.expect(rf"\({name}\) still alive", seconds, start=len(session.text))


def test_it_shows_and_rules_the_guests(running):
    monitor = Monitor(running)
    monitor.enter()
    # Whole lines of one guest each, under its name.
    spoken = [line for line in running.text.splitlines()[:-1] if "alive" in line]
    assert spoken and all(line in ("(one) still alive", "(two) still alive") for line in spoken)
    monitor("help", "domains")
    monitor("domains", r"\bone\b(.*\n)+?.*\btwo\b")
    monitor("vcpus", r"\bone\b(.*\n)+?.*\btwo\b")
    monitor("regs one 0", r"(?i)rip")
    monitor("memory", r"(?i)free")
    monitor("log", r"domain 1 starts")
    monitor("evtchn one", PROMPT)
    monitor("nonsense", r"(?i)unknown|no such|help")

    monitor("pause one", PROMPT)
    silent(running, "one")
    running.expect(r"\(two\) still alive", 30, start=len(running.text))
    monitor("unpause one", r"\(one\) still alive")

    monitor("destroy two", r"two: .*ended")
    silent(running, "two")
    running.expect("still alive", 30, start=len(running.text))
    monitor("restart one", r"one: domain \d+ starts(.*\n)+?.*still alive")


def test_it_reboots_the_machine(running):
    monitor = Monitor(running)
    monitor.enter()
    monitor("reboot", r"Xenith, loaded(.*\n)+?.*still alive", timeout=120)
