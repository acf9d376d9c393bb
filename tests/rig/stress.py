#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The long form of tests/guest/stress: `make stress`.

usage: stress.py [--jobs N] [--machine M] [--sends N] [--moves N] [--seed N] [--list] [PATTERN...]

Runs whose names contain a PATTERN (all of them without one). Each is a boot:

    release/4/spin64    image, cores, what the target does and the guest's width
    debug/2/pair        two guests at once, each with half of the work
    debug/2/destroy     one guest is ended and built again all the time beside another

Debug images run with delays at the steps of the protocol; their seed is printed.
A run fails when a guest reports a fault, when the hypervisor panics, or when no
guest says anything for a long time.
"""

import argparse
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from rig import TOP, guestcfg, iso, tap  # noqa: E402
from rig.machine import memory_for  # noqa: E402
from rig.session import ALL_GONE, Expectation, PANIC, Session, lines_of  # noqa: E402
from results import Results  # noqa: E402

MODES = ("self", "spin", "real", "exits", "halt")
IMAGES = {"release": "build/xenith", "debug": "build/debug/xenith"}
GUEST_MEMORY, VCPUS = 16, 4
LOGS = "build/stress"
# A guest says how far it is twenty times; on a busy machine that may take a while.
SILENCE_S = 400
RESTARTS = 8
TOTALS = re.compile(r"# (\w+): in all: (.*)$", re.M)


class Guest:
    """One guest of a run."""

    def __init__(self, name, mode, bits, options):
        self.name, self.mode, self.image = name, mode, f"stress{bits}.elf"
        self.cmdline = f"mode={mode} {options}"

    def config(self, directory):
        path = os.path.join(directory, self.name + ".cfg")
        with open(path, "w", encoding="utf-8") as out:
            out.write(guestcfg.text(self.name, kernel=self.image, memory=GUEST_MEMORY,
                                    vcpus=VCPUS, cmdline=self.cmdline))
        return iso.Module(path, self.name + ".cfg")


def enter_monitor(session):
    """By Ctrl-A three times for each guest before it."""
    for _ in range(4):
        start = len(session.text)
        session.send("\x01\x01\x01")
        session.expect(r"input to", 60, start=start)
        session.settle()
        if "monitor" in session.text[start:]:
            return
    raise Expectation("Ctrl-A three times does not come to the monitor")


class Run:
    """One boot: its guests, and what went wrong."""

    def __init__(self, image, cores, what, guests, seed):
        self.image, self.cores, self.guests, self.seed = image, cores, guests, seed
        self.name = f"{image}/{cores}/{what}"
        self.endless = [guest for guest in guests if "endless" in guest.cmdline]
        self.seconds = 0
        self.text = ""

    def boot(self, machine):
        """What went wrong, or None."""
        begun = time.monotonic()
        log = os.path.join(LOGS, self.name.replace("/", "-") + ".log")
        delays = f"step_delay={self.seed}" if self.image == "debug" else ""
        with iso.scratch() as directory:
            modules = [guest.config(directory) for guest in self.guests]
            for image in sorted({guest.image for guest in self.guests}):
                path = os.path.join(TOP, "build", "guest", image)
                modules.append(iso.Module(path, image))
            with Session(modules, kind=machine, cores=self.cores, log=log, hv_cmdline=delays,
                         host_memory=memory_for(GUEST_MEMORY * len(self.guests)),
                         hypervisor=os.path.join(TOP, IMAGES[self.image])) as session:
                wrong = self._watch(session)
                session.settle()
                self.text = session.text
        self.seconds = time.monotonic() - begun
        return wrong or self._verdict()

    def _watch(self, session):
        try:
            if self.endless:
                self._destroy(session)
            end = self._wait(session, ALL_GONE)
            return None if end.group(1) == "clean" else "a guest crashed"
        except Expectation as error:
            return str(error)

    def _wait(self, session, pattern, start=0):
        """Wait as long as somebody says something."""
        while True:
            heard = len(session.text)
            try:
                return session.expect(pattern, SILENCE_S, start=start)
            except Expectation:
                if session.over() or PANIC.search(session.text) or len(session.text) == heard:
                    raise

    def _destroy(self, session):
        """End the endless guest again and again, at different times of its life, while the
        other one works; then for good."""
        victim, other = self.endless[0].name, self.guests[0].name
        # Its name stands before its lines while there is another guest.
        says = rf"^(\({victim}\) )?"
        session.expect(says + "# seed", SILENCE_S)
        enter_monitor(session)
        done = rf"{other}: domain \d+ ended: poweroff"
        for turn in range(1000):
            start = len(session.text)
            session.send(f"restart {victim}\r")
            self._wait(session, rf"{victim}: domain \d+ starts", start)
            # Before its first event, at work, after a while.
            self._wait(session, says + ("# seed", "ok 6", r"# \w+: so far")[turn % 3], start)
            if turn + 1 >= RESTARTS and re.search(done, session.text, re.M):
                break
        self._wait(session, done)
        session.send(f"destroy {victim}\r")
        self._wait(session, rf"{victim}: .*ended: destroyed")

    def _verdict(self):
        for guest in self.guests:
            if guest in self.endless:
                continue
            found = tap.Tap(lines_of(self.text, guest.name))
            if found.failed:
                return f"{guest.name}: not ok: " + "; ".join(found.failed)
            if not found.complete() or not found.passed:
                return f"{guest.name}: {found.seen} of {found.planned} results"
        faults = re.findall(r"# (?:lost|doubled|late write|fault): .*", self.text)
        return "; ".join(faults) or None

    def totals(self):
        said = [f"{mode}: {text}" for mode, text in TOTALS.findall(self.text)]
        if self.endless:
            restarts = len(re.findall(rf"{self.endless[0].name}: domain \d+ starts", self.text))
            said.append(f"{self.endless[0].name} built {restarts} times")
        return f"{self.seconds:.0f} s; " + "; ".join(said)


def all_runs(arguments):
    options = f"sends={arguments.sends} moves={arguments.moves}"
    half = f"sends={arguments.sends // 2} moves={arguments.moves // 2}"
    runs = []

    def add(image, cores, what, guests):
        seed = arguments.seed + len(runs)
        runs.append(Run(image, cores, what,
                        [Guest(name, mode, bits, f"{more} seed={seed + at}")
                         for at, (name, mode, bits, more) in enumerate(guests)], seed))

    for image in ("debug", "release"):
        for cores in (4, 2):
            for at, mode in enumerate(MODES):
                bits = 64 if (at + cores // 2) % 2 else 32
                add(image, cores, f"{mode}{bits}", [("stress", mode, bits, options)])
            add(image, cores, "pair", [("one", "self", 64, half), ("two", "halt", 32, half)])
            add(image, cores, "destroy", [("one", "self", 32, options),
                                          ("two", "exits", 64, f"{options} endless")])
    return runs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--machine", default="auto")
    parser.add_argument("--sends", type=int, default=1000000)
    parser.add_argument("--moves", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("patterns", nargs="*")
    arguments = parser.parse_args()
    runs = [run for run in all_runs(arguments)
            if not arguments.patterns or any(word in run.name for word in arguments.patterns)]
    if arguments.list:
        print("\n".join(run.name for run in runs))
        return 0
    results = Results("stress")
    if not runs:
        results.add(" ".join(arguments.patterns), False, "no such run")
    os.makedirs(LOGS, exist_ok=True)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for run, wrong in zip(runs, pool.map(lambda run: run.boot(arguments.machine), runs)):
            detail = f"seed {run.seed}, {run.totals()}"
            tail = "\n" + "\n".join(run.text.splitlines()[-25:]) if wrong else ""
            results.add(f"{run.name}: {wrong or detail}", not wrong, detail + tail, quiet=False)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
