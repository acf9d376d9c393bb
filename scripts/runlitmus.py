#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The two fence pairs of docs/gpc.md on this machine's store buffers.

usage: runlitmus.py [--seconds N] [--whole [--until-late]]

Builds tests/litmus with the hypervisor's functions as they are, and then without
each fence in turn. As they are, no use may be late; without a fence some must
be, or the test would not see that fault: such a build runs until it has shown a
late use, ten times N seconds at most, and counts as skipped if it has not. --whole: only the functions as they
are; --until-late: that, until one is late.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

from results import Results

BUILD = "build/litmus"
SOURCES = ["tests/litmus/litmus.c", "tests/litmus/pairs.c", "arch/x86/vmx/run.c",
           "arch/x86/vmx/tags.c", "tests/unit/fakes/no_nested.c", "mm/round.c", "mm/section_drain.c"]
# Optimised, no sanitizer, and the hypervisor's own atomics and per-core block (by GS) in place of
# the host tests'.
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-fno-strict-aliasing", "-DXENITH_DEBUG=0", "-DXENITH_COUNT=0",
         "-DTESTS_HOST_ATOMIC_H", "-include", "core/lib/atomic.h",
         "-include", "arch/x86/cpu/this_cpu.h",
         "-I", "tests/host", "-I", ".", "-isystem", "build/include"]

# Times the seconds of a run that a fault is waited for.
PATIENCE = 10

# (name, pair, file, what is there, what takes its place)
FENCES = [
    ("no fence in section_begin()", "section", "mm/section.h",
     r"this_cpu_inc_fence\(", "this_cpu_inc("),
    ("no fence in sections_drain()", "section", "mm/section_drain.c",
     r"fence_full\(\)", "fence_compiler()"),
    ("no fence when run goes odd", "entry", "arch/x86/vmx/run.c",
     r"\(void\)atomic_xchg\(&cpu->shared\.run, ", "store_release(&cpu->shared.run, "),
    ("no fence in round_run()", "entry", "mm/round.c", r"fence_full\(\)", "fence_compiler()"),
]


def build(name, changed=None):
    """Compile; changed: (file, pattern, replacement)."""
    directory = os.path.join(BUILD, re.sub(r"\W+", "-", name))
    os.makedirs(os.path.join(directory, "mm"), exist_ok=True)
    sources, includes = list(SOURCES), []
    if changed:
        path, pattern, replacement = changed
        with open(path, encoding="utf-8") as f:
            text, count = re.subn(pattern, replacement, f.read())
        if count != 1:
            raise RuntimeError(f"{path}: {count} places for {pattern}")
        copy = os.path.join(directory, "mm" if path.endswith(".h") else "", os.path.basename(path))
        with open(copy, "w", encoding="utf-8") as f:
            f.write(text)
        if path.endswith(".h"):
            includes = ["-I", directory]
        else:
            sources[sources.index(path)] = copy
    program = os.path.join(directory, "litmus")
    subprocess.run([os.environ.get("HOST_CC", "gcc"), *includes, *FLAGS, *sources, "-lpthread",
                    "-o", program], check=True)
    return program


def measure(program, pair, seconds):
    """(rounds, late uses)."""
    cpus = sorted(os.sched_getaffinity(0))[:2]
    done = subprocess.run([program, pair, str(seconds), *map(str, cpus)], check=False,
                          stdout=subprocess.PIPE, timeout=seconds * 20 + 60)
    counts = re.match(rb"(\d+) rounds, (\d+) late uses", done.stdout)
    if not counts:
        raise RuntimeError(f"{program}: exit status {done.returncode}")
    return int(counts.group(1)), int(counts.group(2))


def until_late(program, pair, seconds):
    """Pieces of a fifth of the time, each from anew, until one shows it."""
    rounds = late = 0
    for _ in range(PATIENCE * 5):
        more = measure(program, pair, seconds / 5)
        rounds, late = rounds + more[0], late + more[1]
        if late:
            break
    return rounds, late


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--until-late", action="store_true")
    wanted = parser.parse_args()
    results = Results("litmus")
    if len(os.sched_getaffinity(0)) < 2:
        results.skip("fence pairs", "one processor only")
        return results.finish()
    shutil.rmtree(BUILD, ignore_errors=True)
    program = build("all fences")
    for pair in ("section", "entry"):
        how = until_late if wanted.until_late else measure
        rounds, late = how(program, pair, wanted.seconds)
        print(f"  {pair}, all fences: {late} late uses in {rounds} rounds", flush=True)
        results.add(f"{pair}: no use is late", late == 0)
    for name, pair, path, pattern, replacement in [] if wanted.whole else FENCES:
        program = build(name, (path, pattern, replacement))
        rounds, late = until_late(program, pair, wanted.seconds)
        print(f"  {pair}, {name}: {late} late uses in {rounds} rounds", flush=True)
        # How two processors meet is their luck, and other work's on the machine.
        if late:
            results.add(f"{pair}: {name} shows", True)
        else:
            results.skip(f"{pair}: {name} shows", f"not in {rounds} rounds on this machine today")
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
