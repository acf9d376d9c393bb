# SPDX-License-Identifier: MIT
"""Debian Linux guests with the test initramfs, and what they report."""

import os
import re

from rig import TOP, guestcfg, iso, machine
from rig.session import ALL_GONE, Session, lines_of


# What no boot of Linux may say (the guests look at their own log as well). Its word on
# RETBleed is about the CPU model and the same without a hypervisor.
COMPLAINTS = re.compile(
    r"(?<!RETBleed: )WARNING|\bBUG\b|Call Trace|lockup|rcu.*stall|nstable clock|TSC unstable|Kernel panic|Oops"
    r"|unchecked MSR|hung task")


def kernel(kind, image="vmlinux"):
    return os.path.join(TOP, "build", "cache", kind, image)


def initramfs(name):
    return os.path.join(TOP, "build", "linux", name)


class Linux:
    """One guest. tests: scripts of the initramfs, run in turn; then: what follows them.

    ramdisk: which initramfs: "initramfs", with "-kvm" what runs guests on it, with "-qemu" QEMU too.
    """

    def __init__(self, name="linux", kind="cloud", memory=256, vcpus=1, tests=(), then="poweroff",
                 cmdline="", extra=(), ramdisk="initramfs", **values):
        self.name = name
        self.kind = kind
        self.ramdisk = ramdisk
        # The kernel's self-tests of its ciphers are most of its boot on an emulator.
        words = ["cryptomgr.notests", f"xenith.name={name}", f"xenith.memory={memory}",
                 f"xenith.vcpus={vcpus}"]
        if tests:
            words += [f"xenith.test={','.join(tests)}", f"xenith.then={then}"]
        words += [f"xenith.{key}={value}" for key, value in values.items()]
        self.cmdline = " ".join([*words, cmdline]).strip()
        self.config = guestcfg.text(name, kernel=kind, ramdisk=ramdisk, memory=memory, vcpus=vcpus,
                                    cmdline=f"console=hvc0 {self.cmdline}", extra=extra)
        self.memory = memory
        self.vcpus = vcpus

    def lines(self, text, alone):
        """The guest's own lines: named while it is not alone."""
        return text.splitlines() if alone else list(lines_of(text, self.name))

    def report(self, text, alone):
        """(what passed, what did not, names of the test scripts that ended)"""
        lines = self.lines(text, alone)
        passed = [line[10:] for line in lines if line.startswith("xtest: ok ")]
        failed = [line[14:] for line in lines if line.startswith("xtest: not ok ")]
        ended = [line[11:].strip() for line in lines if line.startswith("xtest: end ")]
        return passed, failed, ended


def modules(directory, guests, others=()):
    """Configurations, each kernel and initramfs once. others: more modules."""
    listed = []
    for guest in guests:
        path = os.path.join(directory, f"{guest.name}.cfg")
        with open(path, "w", encoding="utf-8") as out:
            out.write(guest.config)
        listed.append(iso.Module(path, f"{guest.name}.cfg"))
    listed += [iso.Module(kernel(kind), kind) for kind in sorted({g.kind for g in guests})]
    listed += [iso.Module(initramfs(name), name) for name in sorted({g.ramdisk for g in guests})]
    return listed + list(others)


def session(directory, guests, *, cores=1, **options):
    """A Session with these guests; the machine has memory for them and a bit more."""
    need = machine.memory_for(sum(guest.memory for guest in guests)) + 256
    return Session(modules(directory, guests), cores=cores, host_memory=max(1024, need), **options)


def run_tests(directory, guests, wanted, timeout, **options):
    """Boot, wait until all guests have gone, and assert that each passed its tests."""
    with session(directory, guests, **options) as running:
        end = running.expect(ALL_GONE, timeout)
        running.settle()
        text = running.text
    assert end.group(1) == "clean", text[-3000:]
    for guest in guests:
        alone = len(guests) == 1
        passed, failed, ended = guest.report(text, alone)
        assert not failed, f"{guest.name}: {failed}"
        assert ended == list(wanted), f"{guest.name}: ended {ended}"
        assert passed, f"{guest.name}: nothing was reported"
    complaint = COMPLAINTS.search(text)
    assert not complaint, text[max(0, complaint.start() - 500):complaint.end() + 1500]
    return text


def bare_session(guest, **options):
    """A Session of this Linux on Bochs itself, with as many cores as it has vCPUs."""
    # CPUID on Bochs claims a TSC of GHz; this is that of its `ips`.
    # Warnings stay in the kernel's log: its console is the tests' own, and they would break lines.
    cmdline = f"console=ttyS0 loglevel=4 tsc_early_khz={machine.BOCHS_TSC_KHZ} {guest.cmdline}"
    bare = iso.Bare(kernel(guest.kind, "bzImage"), cmdline, initramfs(guest.ramdisk))
    return Session(bare=bare, cores=guest.vcpus, host_memory=guest.memory, **options)
