# SPDX-License-Identifier: MIT
"""What the monitor shows of guests that are hypervisors: one in its guest, one not, and one other."""

import os
import re

import pytest

from rig import TOP, guestcfg, iso
from rig.monitor import EXIT, PROMPT, Monitor
from rig.session import Session

KERNEL = os.path.join(TOP, "build", "guest", "vmx_stay64.elf")
FIELD = re.compile(r"^([a-z]\w+(?:\[\w+\])?) +([0-9a-f]+)(\*?) +([0-9a-f]+)$", re.M)
ROOT = re.compile(r"EPT12 pointer (0x\w+), EPT02 pointer (0x\w+), current\S*(?: stale)?: (\d+) tables, "
                  r"leaves (\d+) of 4K (\d+) of 2M (\d+) of 1G")
FILLS = re.compile(r"EPT02: (\d+) fills (\d+) zaps (\d+) emptied roots 0 overflows; "
                   r"\d+ tables made, \d+ of them spare")


class Shown:
    """The answer to `nested GUEST`, taken apart."""

    def __init__(self, monitor, guest):
        self.text = monitor(f"nested {guest}", r"exits of L2(.*\n)+?" + PROMPT).string.replace("\r", "")
        self.text = self.text[self.text.rindex(f"nested {guest}"):]
        self.fields = {name: (int(v12, 16), bool(mark), int(v02, 16))
                       for name, v12, mark, v02 in FIELD.findall(self.text)}
        self.exits = {name: (int(l1), int(xenith)) for name, l1, xenith in EXIT.findall(self.text)}
        self.root = ROOT.search(self.text)
        self.fills = FILLS.search(self.text)


@pytest.fixture
def running(endless, kind, log, tmp_path):
    modules = []
    for name in ("l1", "l2", "plain"):
        path = tmp_path / f"{name}.cfg"
        image = "endless" if name == "plain" else "stay"
        path.write_text(guestcfg.text(name, kernel=image, memory=16, cmdline=f"stay-{name}",
                                      extra=[] if name == "plain" else ["nestedhvm = 1"]))
        modules.append(iso.Module(str(path), f"{name}.cfg"))
    modules += [iso.Module(KERNEL, "stay"), iso.Module(endless, "endless")]
    with Session(modules, kind=kind, cores=1, host_memory=256, log=log,
                 base_cmdline="console=com1 com1=115200,8n1 idle=monitor") as session:
        session.expect(r"\(l1\) .*L1 stays", 90)
        session.expect(r"\(l2\) .*L2 stays", 90)
        assert "not ok" not in session.text
        yield session


def check(shown):
    """What holds for both."""
    eptp12, eptp02, tables, *leaves = (int(text, 0) for text in shown.root.groups())
    fills, zaps, drops = map(int, shown.fills.groups())
    # The root is that of vmcs12's pointer, without its memory type, and is what VMCS02 has.
    assert shown.fields["eptp"] == (eptp12 | 6, False, eptp02)
    assert tables >= 2 and drops == 0 and sum(leaves) == fills - zaps > 0
    assert shown.exits["CPUID"] == (3, 0) and shown.exits["VMCALL"] == (1, 0)
    # That for the page which L1 does not map, and those that EPT02 was filled for.
    assert shown.exits["EPT violation"] == (1, fills)
    host_rip, _, ours = shown.fields["host_rip"]
    assert host_rip and ours and host_rip != ours
    assert "guest_selector[CS]" in shown.fields and "host_selector[TR]" in shown.fields


def test_it_shows_vmcs12_and_vmcs02(running):
    monitor = Monitor(running)
    monitor.enter()
    monitor("nested plain", r"plain: has no VMX")
    monitor("nested", r"which guest\?")
    monitor("nested l1 1", r"1: no such vCPU")

    shown = Shown(monitor, "l1")
    assert re.search(r"VMX operation: on .*\(launched\)  in L1\n", shown.text)
    check(shown)
    # L2's RIP came with its last exit, behind which L1 has moved it; its segments did not come.
    rip, mark, at_exit = shown.fields["guest_rip"]
    assert not mark and rip == at_exit + 3
    assert shown.fields["guest_base[TR]"][1]

    monitor("pause l2", PROMPT)
    shown = Shown(monitor, "l2")
    assert re.search(r"VMX operation: on .*\(launched\)  in L2\n", shown.text)
    check(shown)
    rip, mark, now = shown.fields["guest_rip"]
    assert mark and now == rip + 1  # it has gone on by a NOP
    assert not shown.fields["host_rip"][1]
    assert Shown(monitor, "l2").exits == shown.exits
    monitor("regs l2", r"VMX operation: on .* in L2\s(.*\n)+?" + PROMPT)

    monitor("unpause l2", r"l2: runs")
    running.settle(2, 2)
    later = Shown(monitor, "l2").exits
    assert any(later[name][1] > shown.exits.get(name, (0, 0))[1] for name in later)
    monitor("domains", r"\bl2\b.*alive")


def test_what_l2_runs_with_moves(running):
    """All that L1 has of it, and then all of L1's memory, L2 among it."""
    monitor = Monitor(running)
    monitor.enter()
    before = Shown(monitor, "l2")
    for guest in ("l1", "l2"):
        # The VMXON region, the VMCS, at least four tables.
        moved = monitor(f"mem-move {guest} nested", rf"{guest}: (\d+) pages moved\s+xenith> ")
        assert int(moved.group(1)) > 5
        monitor(f"mem-move {guest} 0x100 2048", rf"{guest}: 2048 pages moved\s+xenith> ")
    running.settle(2, 2)
    after = Shown(monitor, "l2")
    # L2 runs on, and what it runs on was found again.
    assert any(after.exits[name][1] > before.exits.get(name, (0, 0))[1] for name in after.exits)
    assert int(after.fills.group(1)) > int(before.fills.group(1))
    assert after.fields["guest_rip"][2] == before.fields["guest_rip"][2]
    monitor("domains", r"\bl1\b.*alive(.*\n)+?.*\bl2\b.*alive")
