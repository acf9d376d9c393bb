# SPDX-License-Identifier: MIT
"""L1's pages move beneath it while QEMU boots its L2, and other guests do their worst besides.

On the debug build: a frame that is written to after it was freed is noticed, and what is read from
it is a pattern.
"""

import os
import re

import pytest

from rig import TOP, guestcfg, iso, tap
from rig.linux import COMPLAINTS, Linux, modules
from rig.machine import memory_for
from rig.monitor import PROMPT, Monitor
from rig.session import ALL_GONE, PANIC, Session

DEBUG = os.path.join(TOP, "build", "debug", "xenith")
STRESS_MEMORY = 16  # MiB
RANGE = 128         # pages that move in a round besides
MOVED = re.compile(r"^l1: (\d+) pages moved$", re.M)
CACHE = re.compile(r"^cache of (\S.*?) +gfn \S+: (\d+) invalidations$", re.M)
FAULT = re.compile(r"# (lost|doubled|late write|fault):")
GONE = re.compile(r"^l1: no such guest|" + ALL_GONE.pattern, re.M)


class Stress:
    """tests/guest/stress, from the beginning again at each end."""

    def __init__(self, name, bits, seed, cpus):
        self.name, self.image, self.cpus = name, f"stress{bits}.elf", cpus
        self.cmdline = f"seed={seed}"

    def module(self, directory):
        path = os.path.join(directory, self.name + ".cfg")
        with open(path, "w", encoding="utf-8") as out:
            out.write(guestcfg.text(self.name, kernel=self.image, memory=STRESS_MEMORY, vcpus=4,
                                    cmdline=self.cmdline,
                                    extra=[f"cpus = \"{self.cpus}\"", "on_poweroff = \"restart\""]))
        return iso.Module(path, self.name + ".cfg")

    def lives(self, text):
        """What each of them said."""
        lives = []
        for line in text.splitlines():
            if re.search(rf"xenith: {self.name}: domain \d+ starts", line):
                lives.append([])
            elif line.startswith(f"({self.name}) "):
                lives[-1].append(line[len(self.name) + 3:])
        return lives

    def check(self, text):
        """Nothing is wrong in any life: how many came to their end."""
        complete = 0
        for said in self.lives(text):
            found = tap.Tap(said)
            assert not found.failed, f"{self.name}: {found.failed}"
            faults = [line for line in said if FAULT.match(line)]
            assert not faults, faults
            complete += found.complete()
        return complete


class Mover:
    """Rounds of the operator's hand, until L1 is gone."""

    def __init__(self, running, memory):
        self.running, self.monitor, self.memory = running, Monitor(running), memory
        self.rounds = self.nested = self.others = 0
        self.invalidations = {}

    def _ask(self, command, answer):
        """The answer, or None: there is no L1 any more."""
        found = self.monitor(command, re.compile(f"{answer}|{GONE.pattern}", re.M), 300).group()
        return None if GONE.match(found) else found

    def _move(self, what):
        """How many pages moved, or None. A prompt is no answer: it comes again after what others say."""
        text = self._ask(f"mem-move l1 {what}", MOVED.pattern)
        return text and int(MOVED.match(text).group(1))

    def _look(self):
        """How often what VMCS02 points to was taken away."""
        for vcpu in range(2):
            text = self._ask(f"nested l1 {vcpu}", r"^l1: vCPU(?:.*\n)*?exits of L2") or ""
            for name, count in CACHE.findall(text):
                self.invalidations[vcpu, name] = int(count)

    def _round(self):
        self.nested += self._move("nested") or 0
        first = self.rounds * 4219 % (self.memory * 256)
        others = self._move(f"{first} {RANGE}")
        self.others += others or 0
        if self.rounds % 4 == 1:
            self._ask(f"mem-set l1 {self.memory - 32 * (self.rounds // 4 % 2)}", PROMPT)
        if self.rounds % 8 == 7:
            self._look()
        self.rounds += 1
        return others is not None

    def run(self, until, pause):
        """Rounds with so many seconds between them, which are L1's."""
        while not until.search(self.running.text) and self._round():
            self.running.settle(pause, pause)

    def __str__(self):
        caches = ", ".join(f"vCPU {vcpu}'s {name} {count} times"
                           for (vcpu, name), count in sorted(self.invalidations.items()))
        return (f"{self.rounds} rounds; {self.nested} pages of nested VMX and {self.others} others "
                f"moved; {caches}")


def destroy(monitor, name):
    """It may be between two lives just now."""
    answer = rf"^(?:xenith: )?{name}: (.*ended: destroyed|no such guest|is being built)"
    for _ in range(60):
        if monitor(f"destroy {name}", re.compile(answer, re.M)).group(1).endswith("destroyed"):
            return
        monitor.session.settle(1, 1)
    pytest.fail(f"{name} is between two lives again and again")


def late_nmis(kind):
    """For kvm_both: Bochs keeps NMIs blocked behind an entry that has them open (docs/nested.md)."""
    return {"late_nmis": 1} if kind == "bochs" else {}


def boot(directory, l1, stress, kind, log, delays):
    others = [guest.module(directory) for guest in stress]
    others += [iso.Module(os.path.join(TOP, "build", "guest", image), image)
               for image in sorted({guest.image for guest in stress})]
    memory = memory_for(l1.memory + STRESS_MEMORY * len(stress)) + 256
    return Session(modules(directory, [l1], others), kind=kind, cores=3, host_memory=memory,
                   hypervisor=DEBUG, log=log, hv_cmdline=delays)


@pytest.mark.full
@pytest.mark.parametrize("test,rounds,pause", [("kvm_program", 10, 0.2), ("kvm_qemu", 50, 3),
                                               ("kvm_both", 50, 3)])
def test_pages_move(kind, log, tmp_path, test, rounds, pause):
    if not os.path.exists(DEBUG):
        pytest.skip("needs make DEBUG=1")
    # QEMU takes long enough without.
    delays = "step_delay=4" if test == "kvm_program" else ""
    memory, ramdisk = (256, "kvm") if test == "kvm_program" else (640, "qemu")
    l1 = Linux(name="l1", vcpus=2, memory=memory, ramdisk=f"initramfs-{ramdisk}",
               tests=("kvm_load", test), l2_vcpus="1", runs=3,
               cmdline="init_on_alloc=0 xen_scrub_pages=0",
               extra=["nestedhvm = 1", "cpus = \"0-1\""], **late_nmis(kind))
    stress = [Stress("one", 64, 11, "1-2"), Stress("two", 32, 12, "2")]
    ended = re.compile(rf"xtest: end {test}|xenith: l1: domain \d+ ended")
    with boot(tmp_path, l1, stress, kind, log, delays) as running:
        mover = Mover(running, memory)
        # L1 boots before the others begin.
        for guest in stress:
            running.expect(rf"xenith: {guest.name}: domain \d+ starts", 300)
        mover.monitor.enter()
        for guest in stress:
            mover.monitor(f"pause {guest.name}", rf"{guest.name}: paused")
        running.expect(rf"xtest: begin {test}", 3600)
        for guest in stress:
            mover.monitor(f"unpause {guest.name}", rf"{guest.name}: runs")
        mover.run(ended, pause)
        running.expect(r"xenith: l1: domain \d+ ended: poweroff", 1800)
        for guest in stress:
            # It may have begun its first life not long ago.
            if not guest.check(running.text):
                end = running.expect(rf"xenith: {guest.name}: domain \d+ ended", 600).end()
                running.expect(rf"xenith: {guest.name}: domain \d+ starts", 600, end)
            destroy(mover.monitor, guest.name)
        running.expect(ALL_GONE, 60)
        running.settle()
        text = running.text
    print(mover)
    assert not PANIC.search(text)
    passed, failed, tests = l1.report(text, alone=False)
    assert not failed and tests == ["kvm_load", test] and passed
    assert not COMPLAINTS.search(text)
    assert mover.rounds >= rounds and mover.nested > 10 * rounds and mover.others
    # L1's APIC-access and virtual-APIC pages and its bitmap were among them.
    found = {name for (_, name), count in mover.invalidations.items() if count}
    assert {"L2 APIC access", "L2 virtual APIC", "L2 MSR bitmap"} <= found
    lives = [guest.check(text) for guest in stress]
    print(f"lives of the stress guests: {lives}")
    assert all(lives)
