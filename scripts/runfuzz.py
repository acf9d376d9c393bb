#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run each fuzz target for some seconds from its kept seeds.

usage: runfuzz.py --seconds N [NAME...]

Seeds are tests/fuzz/corpus/NAME/; what a run adds stays in build/fuzz. An
input that fails is kept there too and its path is printed.
"""

import argparse
import glob
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from results import Results
from rununit import up_to_date


def run(source, seconds):
    """(name, ok, detail) of one target."""
    name = os.path.basename(source)[:-2]
    program = os.path.abspath(os.path.join("build/fuzz", name))
    if not up_to_date(os.path.relpath(program)):
        return name, False, "does not build"
    short = name.removeprefix("fuzz_")
    grown = os.path.join("build/fuzz/corpus", short)
    os.makedirs(grown, exist_ok=True)
    seeds = os.path.join("tests/fuzz/corpus", short)
    command = [program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
               f"-artifact_prefix=build/fuzz/{name}-", "-print_final_stats=1", grown]
    command += [seeds] if os.path.isdir(seeds) else []
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=seconds * 3 + 60, check=False)
    except subprocess.TimeoutExpired:
        return name, False, "did not end"
    output = done.stdout.decode(errors="replace")
    return name, done.returncode == 0, "\n".join(output.splitlines()[-40:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    sources = [source for source in sorted(glob.glob("tests/fuzz/fuzz_*.c"))
               if not arguments.names or any(word in source for word in arguments.names)]
    results = Results("fuzz")
    with ThreadPoolExecutor(2) as pool:
        for name, ok, detail in pool.map(lambda s: run(s, arguments.seconds), sources):
            results.add(name, ok, detail)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
