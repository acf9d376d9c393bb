# SPDX-License-Identifier: MIT
"""What a guest of Linux's KVM costs: for bench.py.

Linux is L1 with 1 vCPU on one core; its L2 with 1 vCPU is once Debian's QEMU with Debian's kernel,
once our KVM program. NAME_unshadowed is the same on a processor without VMCS shadowing, where each of
L1's VMREADs and VMWRITEs is an exit.
"""

import os
import re

from rig import RigError, TOP
from rig.linux import Linux, session
from rig.monitor import Monitor
from rig.session import ALL_GONE, Expectation

# As in the measuring guests.
UNSHADOWED = "corei7_ivy_bridge_3770k"
LOGS = os.path.join(TOP, "build", "bench")
BOOT_S = 1800

CPUID = re.compile(r"^xtest: note L2: CPUID in the guest: (\d+) ticks, (\d+) on average$", re.M)
# L2's TSC is 0 when KVM makes its vCPU.
BOOTED = re.compile(r"^l2: xtest: note booted at TSC (\d+)$", re.M)
SHADOW = re.compile(r"^xtest: kvm_intel enable_shadow_vmcs=([YN])$", re.M)


def cases(text, exits, suffix=""):
    """{case: (min, avg, what else)} of a console. exits: of L2's boot, as Monitor.exits_of_l2()."""
    found = {"kvm_l2_boot": BOOTED.search(text), "kvm_l2_cpuid": CPUID.search(text)}
    missing = [name for name, match in found.items() if not match]
    if missing:
        raise RigError(f"not measured by Linux: {' '.join(missing)}")
    ticks = int(found["kvm_l2_boot"].group(1))
    counted = (f"exits_l1={sum(l1 for l1, _ in exits.values())} "
               f"exits_xenith={sum(xenith for _, xenith in exits.values())}")
    return {"kvm_l2_cpuid" + suffix: (*map(int, found["kvm_l2_cpuid"].groups()), ""),
            "kvm_l2_boot" + suffix: (ticks, ticks, counted)}


def check(linux, text, shadow):
    """Raise what makes the figures those of something else."""
    _, failed, ended = linux.report(text, alone=True)
    wants = "Y" if shadow else "N"
    if failed or ended != ["kvm_load", "kvm_boot"]:
        raise RigError(f"Linux as L1: ended {ended}, not ok: {failed}")
    if SHADOW.findall(text) != [wants]:
        raise RigError(f"Linux as L1: its enable_shadow_vmcs is not {wants}")


def run(linux, running):
    """The exits of L2's boot, once the rest is on the console too."""
    running.expect(r"^xtest: end kvm_boot$", BOOT_S, until=ALL_GONE)
    running.expect(r"^/ # ", 60)
    # L2 has ended and no other was there: what is counted is all of it.
    monitor = Monitor(running)
    monitor.enter()
    exits = monitor.exits_of_l2(linux.name)
    monitor.leave()
    running.send("sh /tests/kvm_program.sh\r")
    running.expect(r"^xtest: (not )?ok log after the KVM program", BOOT_S, until=ALL_GONE)
    return exits


def measure(directory, model, suffix=""):
    """The cases on this model of Bochs; suffix: behind their names, if it has no VMCS shadowing."""
    linux = Linux(name="l1", memory=512, ramdisk="initramfs-qemu", tests=("kvm_load", "kvm_boot"),
                  then="shell", extra=["nestedhvm = 1"])
    os.makedirs(LOGS, exist_ok=True)
    with session(directory, [linux], kind="bochs", cpu=model, log=f"{LOGS}/linux{suffix}.log",
                 hypervisor=os.path.join(TOP, "build", "xenith")) as running:
        try:
            exits = run(linux, running)
        except Expectation as error:
            raise RigError(f"Linux as L1 on {model}: {error}\n{running.text[-3000:]}") from error
        text = running.text
    check(linux, text, not suffix)
    return cases(text, exits, suffix)
