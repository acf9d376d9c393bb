#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boot the micro-guests of tests/guest and count what they report.

usage: microguest.py [--jobs N] [--machine M] [--batch N] [--cmdline S] [--timeout S] [--cpu MODEL]
                     [NAME...]

What a guest needs stands in comments at the top of its main.c:

    // variants: 64 32       built for (64)         // vcpus: 2      (1)
    // memory: 16            MiB (16)               // cores: 2      of the machine (1)
    // cmdline: words        for the guest          // hv-cmdline: words
    // config: line; line    more for its xl.cfg    // timeout: 60   seconds (60)
    // model: NAME           the emulator's CPU     // expect: crash or reboot
    // also: MODEL SUFFIX    for rig/bench.py: once more on that model
    // input: text           typed once it has reported something
    // solo                  never shares the machine with other guests
    // build: debug          needs the hypervisor of DEBUG=1
    // nested: yes           is a hypervisor: nestedhvm=1
    // bare: yes or only     runs on the bare machine, too (or only there); rig/bare.py compares
    // differs: ROW: why     a row that is not the same on both (the SDM and Bochs differ)
    // beside: 3 1-3         vCPUs of a second guest of this image, with "beside" for
                             its command line, and the cores that it keeps to

Guests with one vCPU and no wishes for the machine share a boot. One that does
not finish there is booted again by itself, to see whose fault it was; the
shared boot's own failure counts all the same.
"""

import argparse
import glob
import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from rig import bare, guestcfg, iso, tap  # noqa: E402
from rig.machine import choose, memory_for  # noqa: E402
from rig.session import ALL_GONE, Expectation, Session  # noqa: E402
from header import header  # noqa: E402
from results import Results  # noqa: E402

KEYS = ("variants", "vcpus", "cores", "memory", "config", "hv-cmdline", "timeout", "expect",
        "solo", "cmdline", "model", "input", "build", "nested", "bare", "beside", "also")
BOOT_S = 60
LOGS = "build/guest/log"


class Guest:
    """One variant of one micro-guest."""

    def __init__(self, directory, bits, wishes):
        self.directory = directory
        self.name = f"{os.path.basename(directory)}{bits}"
        self.image = f"build/guest/{self.name}.elf"
        self.wishes = wishes
        self.memory = int(wishes.get("memory", 16))
        self.vcpus = int(wishes.get("vcpus", 1))
        self.cores = int(wishes.get("cores", 1))
        self.timeout = int(wishes.get("timeout", 60))
        self.expect = wishes.get("expect")
        self.other_model = False  # than the one that its comments speak of

    def measures(self):
        """It prints costs, no verdicts: for `make bench`."""
        return os.path.basename(self.directory).startswith("bench")

    def built(self):
        """Whether the image is newer than its sources: make leaves an old one after an error."""
        if not os.path.exists(self.image):
            return False
        sources = glob.glob(f"{self.directory}/*") + glob.glob("tests/guest/lib/*")
        return os.path.getmtime(self.image) >= max(map(os.path.getmtime, sources))

    def shares(self):
        return self.vcpus == 1 and not any(
            key in self.wishes for key in ("solo", "cores", "hv-cmdline", "expect", "model",
                                           "input", "build", "bare", "beside"))

    def all_memory(self):
        return self.memory * (2 if "beside" in self.wishes else 1)

    def modules(self, directory):
        extra = [line.strip() for line in self.wishes.get("config", "").split(";") if line.strip()]
        if "nested" in self.wishes:
            extra.append("nestedhvm = 1")
        if self.expect == "reboot":
            extra.append('on_reboot = "destroy"')
        modules = [self._config(directory, self.name, self.vcpus, self.wishes.get("cmdline", ""),
                                extra)]
        if "beside" in self.wishes:
            vcpus, cores = self.wishes["beside"].split()
            modules.append(self._config(directory, self.name + "-beside", vcpus, "beside",
                                        [f'cpus = "{cores}"']))
        return modules + [iso.Module(os.path.abspath(self.image), self.name + ".elf")]

    def _config(self, directory, name, vcpus, cmdline, extra):
        path = os.path.join(directory, name + ".cfg")
        with open(path, "w", encoding="utf-8") as out:
            out.write(guestcfg.text(name, kernel=self.name + ".elf", memory=self.memory,
                                    vcpus=vcpus, cmdline=cmdline, extra=extra))
        return iso.Module(path, name + ".cfg")


def find_all():
    guests = []
    for path in sorted(glob.glob("tests/guest/*/main.c")):
        wishes = header(path, KEYS)
        guests += [Guest(os.path.dirname(path), bits, wishes)
                   for bits in wishes.get("variants", "64").split()]
    return guests


def find(names):
    """The guests named, with or without their width; those for tests if none is."""
    if names:
        return [guest for guest in find_all()
                if any(name in (guest.name, guest.name[:-2]) for name in names)]
    return [guest for guest in find_all() if not guest.measures()]


def find_bench(names):
    """The guests of `make bench`; of them those named, if any is."""
    return [guest for guest in find_all()
            if guest.measures() and (not names or guest.name[:-2] in names)]


def boot(guests, machine, hypervisor=None):
    """Boot some guests together: (console text, what went wrong or None)."""
    first = guests[0]
    if "build" in first.wishes:
        hypervisor = f"build/{first.wishes['build']}/xenith"
    os.makedirs(LOGS, exist_ok=True)
    log = os.path.join(LOGS, "+".join(guest.name for guest in guests)[:200] + ".log")
    with iso.scratch() as directory:
        modules = [module for guest in guests for module in guest.modules(directory)]
        modules.sort(key=lambda module: not module.cmdline.endswith(".cfg"))
        with Session(modules, kind=machine, cores=max(guest.cores for guest in guests),
                     host_memory=memory_for(sum(guest.all_memory() for guest in guests)),
                     cpu=first.wishes.get("model"), hypervisor=hypervisor,
                     hv_cmdline=first.wishes.get("hv-cmdline", ""), log=log) as session:
            try:
                if "input" in first.wishes:
                    session.expect(r"^(not )?ok \d", BOOT_S + first.timeout)
                    typed = first.wishes["input"].encode().decode("unicode_escape")
                    session.send(typed)
                end = session.expect(ALL_GONE, BOOT_S + sum(guest.timeout for guest in guests))
                session.settle()
                return session.text, None, int(end.group(2) or 0)
            except Expectation as error:
                session.settle()
                return session.text, str(error), 0


def verdict(guest, text, alone, problem, crashed):
    """(Tap, what is wrong with this guest or None)"""
    found = tap.Tap(tap.of_guest(text, guest.name, alone))
    if found.failed:
        return found, "not ok: " + "; ".join(found.failed)
    if not found.complete():
        return found, problem or f"{found.seen} of {found.planned} results"
    if problem and alone:
        return found, problem
    if alone and (guest.expect == "crash") != (crashed == 1):
        return found, "the guest crashed" if crashed else "the guest did not crash"
    return found, None


def run_bare(guest, machine, hosted):
    """On the bare machine: (name, Tap, problem, console). hosted: the console under Xenith."""
    name = f"{guest.name} bare"
    os.makedirs(LOGS, exist_ok=True)
    text, problem = bare.boot(guest.image, machine, cores=max(guest.cores, guest.vcpus),
                              cpu=guest.wishes.get("model"), timeout=guest.timeout,
                              cmdline=guest.wishes.get("cmdline", ""),
                              log=os.path.join(LOGS, f"{guest.name}-bare.log"))
    found = tap.Tap(text.splitlines())
    if found.failed:
        return name, found, "not ok: " + "; ".join(found.failed), text
    if problem or not found.complete():
        return name, found, problem or f"{found.seen} of {found.planned} results", text
    if hosted is None:
        return name, found, None, text
    wrong = bare.compare(bare.rows(text.splitlines()), bare.rows(hosted.splitlines()),
                         bare.differs(f"{guest.directory}/main.c"),
                         all_differ=not guest.other_model)
    return name, found, "\n".join(wrong) or None, text


def run(guests, machine):
    """[(name, Tap or None, problem, console)] for guests that are booted together."""
    kind = guests[0].wishes.get("bare")
    if not kind:
        return run_hosted(guests, machine)
    rows = run_hosted(guests, machine) if kind != "only" else []
    # Elsewhere the bare machine's VMX is that of another hypervisor.
    if choose(machine) == "bochs":
        rows.append(run_bare(guests[0], machine, rows[0][3] if rows else None))
    return rows


def run_hosted(guests, machine):
    """The same under Xenith."""
    text, problem, crashed = boot(guests, machine)
    alone = len(guests) == 1
    rows = []
    again = []
    for guest in guests:
        found, wrong = verdict(guest, text, alone, problem, crashed)
        if wrong and not alone and not found.failed:
            again.append(guest)
        else:
            rows.append((guest.name, found, wrong, text))
    if again and (problem or crashed):
        names = " ".join(guest.name for guest in guests)
        rows.append((f"together: {names}", None, problem or f"{crashed} crashed", text))
    for guest in again:
        rows += run_hosted([guest], machine)
    return rows


def batches(guests, size):
    """Lists of guests to boot together, the long ones first."""
    shared = [guest for guest in guests if guest.shares()]
    lists = [[guest] for guest in guests if not guest.shares()]
    lists += [shared[i:i + size] for i in range(0, len(shared), size)]
    return lists


def report(results, rows):
    for name, found, wrong, text in rows:
        if found:
            results.passed += len(found.passed)
            for skipped in found.skipped:
                results.skip(name, skipped)
        if wrong:
            # Each "not ok" is a failure; a guest without one still has one.
            results.failed += max(0, len(found.failed) - 1) if found else 0
            results.add(name, False, wrong + "\n" + "\n".join(text.splitlines()[-25:]))
        else:
            print(f"ok guest: {name}: {len(found.passed)} checks", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--machine", default="auto")
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--cmdline", help="instead of the guests' own")
    parser.add_argument("--timeout", help="seconds, instead of the guests' own")
    parser.add_argument("--cpu", help="the emulator's model, instead of the guests' own")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    results = Results("guest")
    guests = find(arguments.names)
    for guest in guests:
        guest.wishes["cmdline"] = arguments.cmdline or guest.wishes.get("cmdline", "")
        guest.timeout = int(arguments.timeout or guest.timeout)
        if arguments.cpu:
            guest.wishes["model"] = arguments.cpu
            guest.other_model = True
    for guest in [guest for guest in guests if not guest.built()]:
        results.add(guest.name, False, "does not build")
        guests.remove(guest)
    if arguments.names and not guests and not results.failed:
        results.add(" ".join(arguments.names), False, "no such guest")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for rows in pool.map(lambda batch: run(batch, arguments.machine),
                             batches(guests, arguments.batch)):
            report(results, rows)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
