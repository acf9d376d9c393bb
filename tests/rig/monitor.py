# SPDX-License-Identifier: MIT
"""The hypervisor's monitor on a session's serial line."""

import re

from rig.session import Expectation

PROMPT = "xenith> "

MEMORY = re.compile(
    r"frames of 4 KiB: (?P<all>\d+) in all, (?P<free>\d+) free, (?P<guests>\d+) of guests, "
    r"(?P<own>\d+) our own \((?P<used>\d+) used\)\n")

# One reason: exits of L2 that L1 got, and those that Xenith handled without L1's knowing.
EXIT = re.compile(r"^ *\d+ (\S.*?) +(\d+) +(\d+)$", re.M)


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

    def leave(self):
        """To the guest that comes first."""
        start = len(self.session.text)
        self.session.send("\x01\x01\x01")
        self.session.expect(r"input to (?!.*monitor)", 60, start=start)

    def exits_of_l2(self, guest, vcpu=0):
        """{reason: (those that L1 got, Xenith's)}"""
        found = self(f"nested {guest} {vcpu}", rf"^exits of L2.*\n((?:.*\n)*?){PROMPT}")
        return {name: (int(l1), int(xenith)) for name, l1, xenith in EXIT.findall(found.group(1))}

    def frames(self, guest):
        """The machine's frames by owner; of the guest: built with, mapped and owned."""
        row = rf"{guest} +(?P<built>\d+) built +(?P<mapped>\d+) mapped +(?P<owned>\d+) owned\n"
        found = self("memory", re.compile(MEMORY.pattern + "(?:.*\n)*?" + row, re.M))
        return {name: int(value) for name, value in found.groupdict().items()}
