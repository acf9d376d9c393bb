#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the models of tests/model: its `make` ends with "N passed, N failed"."""

import os
import re
import subprocess
import sys

from results import Results

DIRECTORY = "tests/model"


def main():
    results = Results("model")
    if os.path.exists(os.path.join(DIRECTORY, "Makefile")):
        done = subprocess.run(["make", "--no-print-directory", "-C", DIRECTORY],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        output = done.stdout.decode(errors="replace")
        print(output, end="", flush=True)
        counts = re.findall(r"(\d+) passed, (\d+) failed", output)
        if counts:
            results.passed, results.failed = (int(count) for count in counts[-1])
        if done.returncode != 0 and not results.failed:
            results.add(f"exit status {done.returncode}", False)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
