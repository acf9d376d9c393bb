# SPDX-License-Identifier: MIT
"""The same guest on the machine itself, without a hypervisor, and what it found there.

A guest prints `row: NAME = VALUE` lines. Those of the bare machine and those
under Xenith must be the same, but for rows that the guest's main.c names in a
comment: `// differs: PATTERN: why`. Such a row must differ, or the comment is old.
"""

import fnmatch
import os
import re

from rig.session import Expectation, Session

# With another guest beside it each line has its name before it.
ROW = re.compile(r"(?:\(\S+\) )?row: (.*?) = (.*?)\s*$")
END = re.compile(r"^bare: the end$", re.M)
DIFFERS = re.compile(r"//\s*differs:\s*(.*?):\s")
BOOT_S = 60
MEMORY = 128


def rows(lines):
    """{name: value} of a console's lines; a name that comes twice has both values."""
    found = {}
    for line in lines:
        match = ROW.match(line)
        if match:
            name, value = match.groups()
            found[name] = f"{found[name]}; {value}" if name in found else value
    return found


def differs(path):
    """The patterns of names in the "// differs:" comments of a main.c."""
    with open(path, encoding="utf-8") as source:
        return [match.group(1) for match in map(DIFFERS.match, source) if match]


def compare(bare, hosted, patterns, *, all_differ=True):
    """What is wrong between two tables: a list of texts.

    all_differ: a pattern for which nothing differs is wrong, too.
    """
    wrong, used = [], set()
    for name in list(bare) + [name for name in hosted if name not in bare]:
        here, there = hosted.get(name, "no such row"), bare.get(name, "no such row")
        allowed = [pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)]
        if here != there:
            used.update(allowed)
            if not allowed:
                wrong.append(f"{name}: {here}, on the bare machine {there}")
    if all_differ:
        wrong += [f"differs: {pattern}: nothing does" for pattern in patterns
                  if pattern not in used]
    return wrong


def boot(image, machine, *, cores=1, cpu=None, cmdline="", timeout=60, log=None):
    """(console text, what went wrong or None)"""
    with Session(kind=machine, cores=cores, host_memory=MEMORY, cpu=cpu, log=log,
                 hypervisor=os.path.abspath(image), base_cmdline=cmdline) as session:
        try:
            session.expect(END, BOOT_S + timeout)
            return session.text, None
        except Expectation as error:
            session.settle()
            return session.text, f"on the bare machine: {error}"
