# SPDX-License-Identifier: MIT
"""Counts of a part of the tests: kept in build/results/PART for the sum."""

import os
import sys

DIRECTORY = "build/results"


class Results:
    """Collects verdicts, prints those that are not "ok" as they come."""

    def __init__(self, part):
        self.part = part
        self.passed = self.failed = self.skipped = 0

    def add(self, name, ok, detail="", quiet=True):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
        if not ok or not quiet:
            print(f"{'ok' if ok else 'FAIL'} {self.part}: {name}", flush=True)
        if not ok and detail:
            print("    " + detail.rstrip().replace("\n", "\n    "), flush=True)

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skip {self.part}: {name}: {reason}", flush=True)

    def finish(self):
        """Write the counts, print the sum; the exit status of this part."""
        os.makedirs(DIRECTORY, exist_ok=True)
        with open(os.path.join(DIRECTORY, self.part), "w", encoding="ascii") as out:
            out.write(f"{self.passed} {self.failed} {self.skipped}\n")
        print(f"{self.part}: {line(self.passed, self.failed, self.skipped)}", flush=True)
        return 1 if self.failed else 0


def line(passed, failed, skipped):
    text = f"{passed} passed, {failed} failed"
    return text + (f", {skipped} skipped" if skipped else "")


def read(part):
    """(passed, failed, skipped), or None if the part never finished."""
    try:
        with open(os.path.join(DIRECTORY, part), encoding="ascii") as counts:
            passed, failed, skipped = (int(word) for word in counts.read().split())
            return passed, failed, skipped
    except (OSError, ValueError):
        return None


def forget(parts):
    for part in parts:
        try:
            os.unlink(os.path.join(DIRECTORY, part))
        except FileNotFoundError:
            pass


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(2)
