#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cost of the common operations, as the measuring guests (tests/guest/bench*) see it.

usage: bench.py [--cpu MODEL] [GUEST...]

One line a case: `NAME min=N avg=N` in TSC ticks; in Bochs a tick is an
instruction and the figures repeat exactly. Whatever more the guest says of the
same case on the counting build (`vmread=N` and so on) is put behind it. A guest with
`bare: yes` also runs without Xenith: what a case costs more with it is NAME_in_xenith. One with
`also: MODEL SUFFIX` runs again on that model of the emulator, where its cases are NAME_SUFFIX. Exit
status 1 if a case is dearer than its limit or was not measured, or if a change of
a memory map kicked cores that it need not. Guests that are named run alone; `linux` names
what Linux's KVM makes of it (bench_linux.py), whose boot of an L2 says how many of its exits L1 got
(exits_l1=N) and how many Xenith handled without L1's knowing (exits_xenith=N).
"""

import argparse
import os
import re
import sys
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from rig import RigError, TOP, bare, bench_linux, iso, microguest  # noqa: E402

LINE = re.compile(r"^(?:\(\S+\) )?([\w.-]+) min=(\d+) avg=(\d+)(.*)$", re.M)
# When GRUB entered the hypervisor and when the guest ran: TSC of the same machine.
ENTERED = re.compile(r"entered at TSC (\d+)")
FIRST = re.compile(r"first instruction at TSC (\d+)")
# Ticks on average that must not be exceeded on one core of Bochs's skylake_x.
LIMITS = {"cpuid": 250, "unknown_hypercall": 250, "evtchn_send": 450, "send_to_upcall": 700,
          "shared_info_move": 900, "l2_cpuid_in_xenith": 1800, "l2_hypercall_in_xenith": 1800,
          "l2_cpuid_ept_in_xenith": 1900, "kvm_l2_cpuid": 4500}
# change_N_WHERE: what N other cores do while a page is taken away on the first of so many. One in
# another guest costs no more than one that is idle; the clock that all share moves by 5.
CORES = 8
CHANGE = re.compile(r"change_(\d+)_(in_guest|idle|apart)")
GRAIN = 5


def cases_of(text, suffix):
    """{case: (min, avg, what else was said)} in the order printed."""
    return {name + suffix: (int(low), int(average), rest.strip())
            for name, low, average, rest in LINE.findall(text)}


def measure(guest, image, suffix=""):
    """cases_of() one run under Xenith, and its boot."""
    text, problem, crashed = microguest.boot([guest], "bochs", os.path.join(TOP, image))
    cases = cases_of(text, suffix)
    entered, first = ENTERED.search(text), FIRST.search(text)
    if entered and first:
        ticks = int(first.group(1)) - int(entered.group(1))
        cases["boot_to_guest" + suffix] = (ticks, ticks, "")
    if problem or crashed or not cases:
        print(text[-3000:], file=sys.stderr)
        raise RigError(f"bench on {image}: {problem or 'the guest crashed or measured nothing'}")
    return cases


def in_xenith(guest, ticks, suffix=""):
    """The same of what the cases cost more than on the bare machine."""
    text, problem = bare.boot(os.path.join(TOP, guest.image), "bochs",
                              cpu=guest.wishes["model"], timeout=guest.timeout)
    there = cases_of(text, suffix)
    if problem or not there:
        raise RigError(f"bench without Xenith: {problem or 'the guest measured nothing'}")
    return {f"{name}_in_xenith": (ticks[name][0] - low, ticks[name][1] - average, "")
            for name, (low, average, _) in there.items() if name in ticks}


def models(guest, model):
    """[(model of the emulator, suffix of its cases' names)]"""
    words = guest.wishes.get("also", "").split()
    return [(model, "")] + [(also, "_" + suffix) for also, suffix in zip(words[::2], words[1::2])]


def wrong_kicks(name, said):
    """What is wrong with the kicks that the counting build saw in a change, or None."""
    number, where = CHANGE.fullmatch(name).groups()
    counts = dict(word.split("=") for word in said.split())
    kicks, saved = (Fraction(counts.get(key, -1)) for key in ("kicks", "kicks_saved"))
    most = int(number) if where == "in_guest" else 0
    if not 0 <= kicks <= most:
        return f"{kicks} kicks instead of {most}"
    # A core that is on its way through the hypervisor just then need not be kicked.
    if kicks < most * Fraction(9, 10):
        return f"only {kicks} kicks instead of {most}"
    if kicks + saved != CORES - 1:
        return f"{saved} kicks saved instead of {CORES - 1 - kicks}"
    return None


def remark(name, ticks, counts):
    """What is wrong with a case, or None."""
    average = ticks[name][1]
    if average > LIMITS.get(name, average):
        return f"above the limit of {LIMITS[name]}"
    change = CHANGE.fullmatch(name)
    if not change:
        return None
    if change.group(2) == "apart":
        most = ticks["change_0_apart"][0] + GRAIN
        if ticks[name][0] > most:
            return f"the least is above {most}"
    return wrong_kicks(name, counts)


def show(ticks, counts):
    """Print the cases, with what else was said of them in `counts`: whether all is as it should be."""
    good = True
    for name, (low, average, _) in ticks.items():
        said = counts.get(name, ("", "", ""))[2]
        line = f"{name} min={low} avg={average} {said}".rstrip()
        wrong = remark(name, ticks, said)
        if wrong:
            line += f"  # {wrong}"
            good = False
        print(line, flush=True)
    for name in counts.keys() - ticks.keys():
        low, average, rest = counts[name]
        print(f"{name} min={low} avg={average} {rest}  # counting build", flush=True)
    return good


def of_guest(guest, model, suffix):
    """(cases, those of the counting build) of a micro-guest."""
    guest.wishes["model"] = model
    ticks = measure(guest, "build/xenith", suffix)
    counts = measure(guest, "build/count/xenith", suffix)
    if "bare" in guest.wishes:
        ticks.update(in_xenith(guest, ticks, suffix))
    return ticks, counts


def of_linux(model, suffix):
    """The same of Linux, whose counts are the release build's."""
    with iso.scratch() as directory:
        ticks = bench_linux.measure(directory, model, suffix)
    return ticks, ticks


def main():
    parser = argparse.ArgumentParser(description="Measure the common operations.")
    parser.add_argument("--cpu", default="corei7_skylake_x")
    parser.add_argument("guests", nargs="*")
    arguments = parser.parse_args()
    named = [name for name in arguments.guests if name != "linux"]
    linux = len(named) < len(arguments.guests)
    guests = microguest.find_bench(named) if named or not linux else []
    unbuilt = [guest.name for guest in guests if not guest.built()]
    if unbuilt or not (guests or linux):
        raise RigError("the measuring guest does not build: " + " ".join(unbuilt))
    measurements = [(of_guest, guest, *each) for guest in guests
                    for each in models(guest, arguments.cpu)]
    if linux or not named:
        measurements += [(of_linux, arguments.cpu, ""),
                         (of_linux, bench_linux.UNSHADOWED, "_unshadowed")]
    good = True
    measured = set()
    for of, *what in measurements:
        ticks, counts = of(*what)
        good &= show(ticks, counts)
        measured |= set(ticks)
    missing = set() if arguments.guests else set(LIMITS) - measured
    if missing:
        print("not measured: " + " ".join(sorted(missing)), file=sys.stderr)
    return 0 if good and not missing else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RigError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
