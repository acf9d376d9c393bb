#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of hazards in docs/gpc.md: complete, and what it names exists.

usage: lint-hazards.py
"""

import os
import re
import sys

PAGE = "docs/gpc.md"
HAZARDS = 34


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def missing(name, mutants):
    """Why what stands in backticks is not there, or None. Other words are not looked at."""
    unit = re.fullmatch(r"(\w+):(\w+)", name)
    if name.startswith("M_"):
        return None if name in mutants else "no such mutant in tests/model/run.py"
    if name.startswith("guest/"):
        return None if os.path.exists(f"tests/{name}/main.c") else "no such micro-guest"
    if unit:
        path = f"tests/unit/test_{unit.group(1)}.c"
        if not os.path.exists(path):
            return f"no {path}"
        # In the list of those that are run, not only defined.
        runs = re.search(rf"\w\({unit.group(2)}\b", read(path))
        return None if runs else f"no such test in {path}"
    if re.match(r"(tests|mm|core|arch|xenabi|scripts)/", name):
        return None if os.path.exists(name) else "no such file"
    return None


def complaints(top):
    os.chdir(top)
    page = read(PAGE)
    mutants = set(re.findall(r"\bM_[A-Z0-9_]+\b", read("tests/model/run.py")))
    rows = [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.M)]
    if rows != list(range(1, HAZARDS + 1)):
        yield f"{PAGE}: hazards {rows}, not 1 to {HAZARDS}"
    for number, line in enumerate(page.split("\n"), 1):
        for name in re.findall(r"`([^`]+)`", line):
            why = missing(name, mutants)
            if why:
                yield f"{PAGE}:{number}: {name}: {why}"


if __name__ == "__main__":
    found = list(complaints("."))
    print("\n".join(found))
    sys.exit(bool(found))
