#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the system tests with pytest, several machines at once, and count them.

usage: runsystem.py [--jobs N] [--machine M] [--full] [-k EXPRESSION]
"""

import argparse
import os
import subprocess
import sys
import xml.etree.ElementTree

from results import Results

REPORT = "build/results/system.xml"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--machine", default="auto")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("-k", dest="expression")
    arguments = parser.parse_args()
    os.makedirs(os.path.dirname(REPORT), exist_ok=True)
    if os.path.exists(REPORT):
        os.unlink(REPORT)
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "--tb=short", "-v",
               "-n", str(arguments.jobs), f"--junitxml={REPORT}", "--durations=0",
               f"--machine={arguments.machine}"]
    command += ["--full"] if arguments.full else []
    command += ["-k", arguments.expression] if arguments.expression else []
    status = subprocess.run([*command, "tests/system"], check=False).returncode
    results = Results("system")
    if not os.path.exists(REPORT):
        results.add(f"pytest: exit status {status}", False)
        return results.finish()
    for suite in xml.etree.ElementTree.parse(REPORT).getroot().iter("testsuite"):
        total, bad, skipped = (int(suite.get("tests")),
                               int(suite.get("failures")) + int(suite.get("errors")),
                               int(suite.get("skipped")))
        results.failed += bad
        results.skipped += skipped
        results.passed += total - bad - skipped
    if status != 0 and not results.failed:
        results.add(f"pytest: exit status {status}", False)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
