#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run parts of the tests, each by `make PART`, all of them whatever fails.

usage: runall.py PART...      ends with the sum: "N passed, N failed"
"""

import os
import subprocess
import sys
import time

import results


def main(parts):
    os.makedirs(results.DIRECTORY, exist_ok=True)
    results.forget([*parts, "sum"])
    total = [0, 0, 0]
    for part in parts:
        print(f"== {part}", flush=True)
        start = time.monotonic()
        status = subprocess.run([os.environ.get("MAKE", "make"), "--no-print-directory", part],
                                check=False).returncode
        counts = results.read(part)
        if counts is None or (status != 0 and counts[1] == 0):
            print(f"FAIL {part}: did not finish (make: exit status {status})")
            counts = [(counts or (0, 0, 0))[0], 1, (counts or (0, 0, 0))[2]]
        total = [sum(pair) for pair in zip(total, counts)]
        print(f"== {part}: {results.line(*counts)}, {time.monotonic() - start:.0f} s", flush=True)
    with open(os.path.join(results.DIRECTORY, "sum"), "w", encoding="ascii") as out:
        out.write(results.line(*total) + "\n")
    print(results.line(*total), flush=True)
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
