# SPDX-License-Identifier: MIT
"""The monitor on the serial line, with two guests running."""

import pytest

from rig import guestcfg, iso
from rig.monitor import PROMPT, Monitor
from rig.session import Expectation, Session


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
    monitor("mem-set one", r"one: 1 to 16 MiB")
    monitor("mem-set one 17", r"one: 1 to 16 MiB")
    monitor("mem-set one 0x", r"one: 1 to 16 MiB")
    monitor("mem-set three 8", r"three: no such guest")
    monitor("mem-set one 8", PROMPT)
    monitor("mem-move one 0 4096", r"one: 4096 pages moved\s+xenith>")
    running.expect(r"\(one\) still alive", 30, start=len(running.text))
    monitor("mem-move one 0xff0 32", r"one: 16 pages moved\s+16 not; gfn 0x100f: nothing is mapped")
    monitor("mem-move one 0xffffff", r"one: 0 pages moved\s+1 not; gfn 0xffffff: nothing is mapped")
    monitor("mem-move one", r"one: move which")
    monitor("mem-move one 0xffffff 0xffffffffffffffff", r"one: move which")
    monitor("mem-move one 0xffffff 0xfffffffffffff", r"one: 0 pages moved\s+4503599627370495 not")
    monitor("mem-move one nested", r"one: 0 pages moved")
    monitor("xenstore", r"/memory/target = \"8192\"(.*\n)+?.*/memory/target = \"16384\"")
    monitor("nonsense", r"(?i)unknown|no such|help")

    monitor("pause one", PROMPT)
    silent(running, "one")
    running.expect(r"\(two\) still alive", 30, start=len(running.text))
    monitor("unpause one", r"\(one\) still alive")

    monitor("destroy two", r"two: .*ended")
    silent(running, "two")
    running.expect("still alive", 30, start=len(running.text))
    monitor("restart one", r"one: domain \d+ starts(.*\n)+?.*still alive")


# With two processors the BIOS of Bochs 2.7 comes back from a reset by luck only: it may wait in vain
# for its keyboard ("Keyboard error:21"). Several cores are for the next test.
@pytest.mark.parametrize("running", [1], ids=["one-core"], indirect=True)
def test_it_reboots_the_machine(running):
    monitor = Monitor(running)
    monitor.enter()
    monitor("reboot", r"Xenith, loaded(.*\n)+?.*still alive", timeout=120)


def test_it_reboots_a_machine_of_several_cores(endless, log):
    with Session([iso.Module(endless, "endless")], kind="qemu-tcg", cores=4, log=log,
                 extra=["-action", "reboot=reset"],
                 base_cmdline="console=com1 com1=115200,8n1 idle=monitor") as session:
        session.expect(r"lacks.*\bVMX\b", 90)
        session.settle()
        Monitor(session)("reboot", r"Xenith, loaded(.*\n)+?.*lacks.*\bVMX\b", timeout=120)
