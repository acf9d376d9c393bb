# SPDX-License-Identifier: MIT
"""What the monitor shows of the gfn -> pfn cache: a guest with pages that are there, and one away."""

import os

from rig import TOP, guestcfg, iso
from rig.monitor import Monitor
from rig.session import Session

KERNEL = os.path.join(TOP, "build", "guest", "caches64.elf")


def test_it_shows_the_caches(kind, log, tmp_path):
    path = tmp_path / "caches.cfg"
    path.write_text(guestcfg.text("caches", kernel="kernel", memory=16, cmdline="stay"))
    with Session([iso.Module(str(path), "caches.cfg"), iso.Module(KERNEL, "kernel")], kind=kind,
                 cores=1, host_memory=256, log=log,
                 base_cmdline="console=com1 com1=115200,8n1 idle=monitor") as session:
        session.expect(r"ok \d+ - it waits", 60)
        assert "not ok" not in session.text
        monitor = Monitor(session)
        monitor.enter()
        shown = monitor("gpcs caches", r"parked selector bits 0x1\b").string
        # Guest, vCPU, area, kind, gfn, state; hits, misses, invalidations.
        rows = [line.split() for line in shown.splitlines() if line.startswith("caches  ")]
        assert sorted((row[2], row[5]) for row in rows) == [
            ("runstate", "valid"), ("runstate", "valid"), ("time", "valid"), ("time", "valid"),
            ("vcpu_info", "missing")]
        for row in rows:
            hits, misses, invalidations = map(int, row[6:])
            assert hits and misses and invalidations == 1, row
        # Each page went and came back, the last one only went; nobody else had to be told.
        monitor("memory", r"changes +(1\d|[5-9]) rounds +0 kicks\s+0 kicks saved +0 NMIs +0 ns")
        monitor("trace 256", r"\brefresh\b(.*\n)+?.*\bparked\b")
