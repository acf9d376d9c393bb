#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the unit tests (cmocka programs below build/unit) and count each test.

usage: rununit.py [NAME...]     NAME: part of a program's name
"""

import glob
import os
import re
import subprocess
import sys

from results import Results

LIMIT_S = 300


def run(program, results):
    """One program: each of its tests is counted by its TAP line."""
    name = os.path.basename(program).removeprefix("test_")
    environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP",
                       UBSAN_OPTIONS="print_stacktrace=1", ASAN_OPTIONS="detect_leaks=1")
    try:
        done = subprocess.run([program], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False)
        output, status = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        output, status = (late.stdout or b"").decode(errors="replace"), "timeout"
    for note in re.findall(r"^# counted: (.*)$", output, re.M):
        print(f"  {name}: {note}", flush=True)
    failed = 0
    tests = re.findall(r"^(ok|not ok|skip|# skip)\s+\d*\s*-?\s*(.*)$", output, re.M)
    for verdict, test in tests:
        if "# SKIP" in test or "skip" in verdict:
            results.skip(f"{name}: {test}", "by the test")
        else:
            results.add(f"{name}: {test}", verdict == "ok")
            failed += verdict != "ok"
    # A sanitizer's report, a crash or a leak ends the program without a TAP line.
    if status != 0 and failed == 0:
        results.add(f"{name}: exit status {status}", False)
        failed += 1
    if not tests and status == 0:
        results.add(f"{name}: no test ran", False)
        failed += 1
    if failed:
        print("    " + output.rstrip().replace("\n", "\n    "), flush=True)


def up_to_date(program):
    """Whether make built it: a program from before an error must not be run."""
    return subprocess.run(["make", "-q", "-f", "mk/host.mk", program], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def main(wanted):
    results = Results("unit")
    for source in sorted(glob.glob("tests/unit/test_*.c")):
        name = os.path.basename(source)[:-2]
        if wanted and not any(word in name for word in wanted):
            continue
        program = os.path.join("build/unit", name)
        if up_to_date(program):
            run(program, results)
        else:
            results.add(f"{name}: does not build", False)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
