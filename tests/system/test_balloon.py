# SPDX-License-Identifier: MIT
"""Linux's own balloon driver, moved by the operator while all its CPUs work."""

import pytest

from rig.linux import COMPLAINTS, Linux, session
from rig.monitor import PROMPT, Monitor
from rig.session import ALL_GONE

MEMORY = 640  # MiB

# Clearing each page twice would be most of the time on an emulator; it is the hypervisor's part
# that its pages come clean.
QUICKLY = "init_on_alloc=0 xen_scrub_pages=0"


def holds(running, start):
    """(KiB that the guest's driver says it has, where in the text)"""
    match = running.expect(r"xtest: holds (\d+)\n", 900, start=start,
                           until="xtest: (not ok|end) ")
    return int(match.group(1)), match.end()


def accounted(frames):
    """Every frame is somebody's, and the guest's are mapped in it."""
    assert frames["free"] + frames["guests"] + frames["own"] == frames["all"]
    assert frames["mapped"] == frames["owned"] == frames["guests"]


@pytest.mark.parametrize("rounds,step", [
    pytest.param(2, 64, id="2-times-64-mib"),
    pytest.param(2, 256, id="2-times-256-mib", marks=pytest.mark.full),
    pytest.param(20, 256, id="20-times-256-mib", marks=pytest.mark.full)])
def test_down_and_up_under_load(kind, log, tmp_path, rounds, step):
    guest = Linux(memory=MEMORY, vcpus=4, tests=("balloon",), moves=2 * rounds + 1,
                  cmdline=QUICKLY)
    with session(tmp_path, [guest], kind=kind, cores=4, log=log) as running:
        full_kib, at = holds(running, 0)
        monitor = Monitor(running)
        monitor.enter()
        monitor("mem-set linux 641", "linux: 1 to 640 MiB")
        first = monitor.frames("linux")
        accounted(first)
        # Nothing moved by itself; the kernel does not count what the map says is reserved.
        assert first["mapped"] >= first["built"] == MEMORY * 256
        kernels_own = first["mapped"] - full_kib // 4
        for _ in range(rounds):
            for mib in (MEMORY - step, MEMORY):
                monitor(f"mem-set linux {mib}", PROMPT)
                kib, at = holds(running, at)
                assert kib == full_kib - (MEMORY - mib) * 1024
                now = monitor.frames("linux")
                accounted(now)
                assert now["mapped"] == kib // 4 + kernels_own
        assert now["mapped"] == first["mapped"]
        # What large pages were split for is kept: at most one more piece of 2 MiB.
        assert 0 <= first["free"] - now["free"] == now["own"] - first["own"] <= 512
        monitor(f"mem-set linux {MEMORY - 1}", PROMPT)
        end = running.expect(ALL_GONE, 300)
        running.settle()
        text = running.text
    assert end.group(1) == "clean", text[-3000:]
    passed, failed, ended = guest.report(text, alone=True)
    assert not failed and ended == ["balloon"] and len(passed) == 6, failed
    assert not COMPLAINTS.search(text)
