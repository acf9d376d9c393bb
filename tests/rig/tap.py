# SPDX-License-Identifier: MIT
"""Reads the Test Anything Protocol from a guest's console."""

import re

PLAN = re.compile(r"1\.\.(\d+)\s*$")
RESULT = re.compile(r"(not ok|ok) (\d+)(?: - ([^#]*?))?\s*(# SKIP\b.*)?$", re.I)


class Tap:
    def __init__(self, lines):
        self.passed, self.failed, self.skipped = [], [], []
        self.planned = None
        self.seen = 0
        for line in lines:
            self._take(line.strip())

    def _take(self, line):
        plan, result = PLAN.match(line), RESULT.match(line)
        if plan:
            if self.planned is not None:
                self.failed.append("a second plan")
            self.planned = int(plan.group(1))
        elif result:
            verdict, number, name, skip = result.groups()
            name = f"{number} - {name}" if name else number
            self.seen += 1
            if int(number) != self.seen:
                self.failed.append(f"{name}: wanted number {self.seen}")
                self.seen = int(number)
            elif verdict != "ok":
                self.failed.append(name)
            elif skip:
                self.skipped.append(f"{name} {skip[2:].strip()}")
            else:
                self.passed.append(name)

    def complete(self):
        return self.planned is not None and self.seen == self.planned


def of_guest(text, name, alone):
    """The lines of one guest: with its name before them when there are several."""
    prefix = f"({name}) "
    for line in text.splitlines():
        if line.startswith(prefix):
            yield line[len(prefix):]
        elif alone:
            yield line
