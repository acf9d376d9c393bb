# SPDX-License-Identifier: MIT
"""The hypervisor's monitor on a session's serial line."""

import re

from rig.session import Expectation

PROMPT = "xenith> "

MEMORY = re.compile(
    r"frames of 4 KiB: (?P<all>\d+) in all, (?P<free>\d+) free, (?P<guests>\d+) of guests, "
    r"(?P<own>\d+) our own \((?P<used>\d+) used\)\n")


class Monitor:
    """Entered by Ctrl-A three times for each guest before it."""

    def __init__(self, session):
        self.session = session

    def enter(self):
        for _ in range(4):
            start = len(self.session.text)
            self.session.send("\x01\x01\x01")
            self.session.expect(r"input to", 60, start=start)
            self.session.settle()
            if "monitor" in self.session.text[start:]:
                return
        raise Expectation("Ctrl-A three times does not come to the monitor")

    def __call__(self, command, answer, timeout=60):
        start = len(self.session.text)
        self.session.send(command + "\r")
        return self.session.expect(answer, timeout, start=start)

    def frames(self, guest):
        """The machine's frames by owner; of the guest: built with, mapped and owned."""
        row = rf"{guest} +(?P<built>\d+) built +(?P<mapped>\d+) mapped +(?P<owned>\d+) owned\n"
        found = self("memory", re.compile(MEMORY.pattern + "(?:.*\n)*?" + row, re.M))
        return {name: int(value) for name, value in found.groupdict().items()}
