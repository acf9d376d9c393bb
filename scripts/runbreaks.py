#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Break the invalidation protocol in each way of tests/breaks, and see what notices.

usage: runbreaks.py [--stress] [--markdown FILE] [NAME...]

Works in a copy of the tree. NAME: part of a fault's name. What may notice:

    turns    tests/unit/test_interleave.c: interleavings, with the fake TLB
    unit     the other unit tests of mm/ and of the fake TLB
    threads  tests/unit/test_protocol_race.c, under the thread sanitizer
    litmus   the fence pairs on this machine's store buffers
    model    the mutant of tests/model with the same fault
    stress   --stress: the short form of tests/guest/stress on an emulator

Prints a table; fails when a fault is noticed by nothing.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests/breaks"))
sys.dont_write_bytecode = True

from faults import FAULTS, edited  # noqa: E402
from results import Results  # noqa: E402

PROGRAMS = {"turns": ["interleave"], "threads": ["protocol_race"],
            "unit": ["physmap", "gpc", "tlb", "ept02"]}
LIMIT_S = 180
COLUMNS = ("turns", "unit", "threads", "litmus", "model")


def copy_tree(directory):
    names = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, check=True,
                           stdout=subprocess.PIPE).stdout.decode().split("\0")
    for name in filter(None, names):
        to = os.path.join(directory, name)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copy2(os.path.join(TOP, name), to)


class Tree:
    """The copy, and one fault at a time in it."""

    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return os.path.join(self.directory, name)

    def run(self, *command, limit=LIMIT_S):
        """(exit status, output); None when it did not end."""
        with subprocess.Popen(command, cwd=self.directory, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, start_new_session=True) as process:
            try:
                output, _ = process.communicate(timeout=limit)
                return process.returncode, output.decode(errors="replace")
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                return None, ""

    def build(self, programs):
        targets = [f"build/unit/test_{name}" for name in programs]
        status, output = self.run("make", "-s", "-j2", "-f", "mk/host.mk", "WARNINGS=-w",
                                  *targets, limit=900)
        if status != 0:
            raise RuntimeError("does not build:\n" + output[-3000:])

    def write(self, files, which):
        for name, texts in files.items():
            with open(self.path(name), "w", encoding="utf-8") as f:
                f.write(texts[which])


def notice(tree, edits, stress):
    """Which of them notice the fault that is in the tree."""
    tree.build([name for names in PROGRAMS.values() for name in names])
    seen = {}
    for column, names in PROGRAMS.items():
        seen[column] = any(tree.run(f"build/unit/test_{name}")[0] != 0 for name in names)
    if any(path in ("mm/section.h", "mm/section_drain.c", "mm/round.c", "arch/x86/vmx/run.c")
           for path, _, _ in edits):
        seen["litmus"] = tree.run("python3", "scripts/runlitmus.py", "--whole", "--until-late",
                                  "--seconds", "3")[0] != 0
    if stress:
        status, _ = tree.run("sh", "-c", "make -s DEBUG=1 all && make -s guest-images && "
                             "python3 tests/rig/stress.py --jobs 1 --sends 20000 --moves 400 "
                             "debug/4/spin64", limit=1200)
        seen["stress"] = status != 0
    return seen


def killed_mutants(mutants):
    """Those of the model's mutants that it kills."""
    if not mutants:
        return set()
    output = subprocess.run([sys.executable, "tests/model/run.py", *mutants], cwd=TOP, check=False,
                            stdout=subprocess.PIPE).stdout.decode()
    return {word for line in output.splitlines() if line.startswith("killed")
            for word in line.split() if word in mutants}


def mark(value):
    return {True: "caught", False: "-", None: ""}[value]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stress", action="store_true")
    parser.add_argument("--markdown")
    parser.add_argument("names", nargs="*")
    wanted = parser.parse_args()
    columns = COLUMNS + (("stress",) if wanted.stress else ())
    faults = [f for f in FAULTS if not wanted.names or any(n in f[0] for n in wanted.names)]
    killed = killed_mutants(sorted({m for f in faults for m in f[2]}))
    results = Results("breaks")
    rows = []
    with tempfile.TemporaryDirectory(prefix="xenith-breaks-") as directory:
        tree = Tree(directory)
        copy_tree(directory)
        tree.run("make", "-s", "build/host.mk", "build/include/xen")
        for name, edits, mutants in faults:
            files = {}
            try:
                files = edited(edits, directory)
                tree.write(files, 1)
                seen = notice(tree, edits, wanted.stress)
            except (RuntimeError, ValueError) as error:
                results.add(name, False, str(error))
                continue
            finally:
                tree.write(files, 0)
            seen["model"] = any(m in killed for m in mutants) if mutants else None
            rows.append((name, [mark(seen.get(column)) for column in columns]))
            print(f"{name:55}" + "".join(f"{cell:9}" for cell in rows[-1][1]), flush=True)
            results.add(f"{name}: noticed by something", any(seen.values()))
    if wanted.markdown:
        with open(wanted.markdown, "w", encoding="utf-8") as out:
            out.write(f"| fault | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n")
            for name, cells in rows:
                out.write(f"| {name} | {' | '.join(cells)} |\n")
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
