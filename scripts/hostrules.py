#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write make rules for the host's test programs.

Each tests/unit/test_X.c and tests/fuzz/fuzz_X.c names, in comments before its
first line of code, what it is linked with and how it is built:

    // sources: core/lib/printf.c tests/unit/fakes/memory.c
    // sanitize: thread        (unit tests only; default: address)

Several "sources" lines add up. Without one the test stands alone.
"""

import os
import sys


def header(path):
    """The "// key: words" lines before the first line that is no comment."""
    keys = {}
    with open(path, encoding="utf-8") as source:
        for line in source:
            line = line.strip()
            if not line.startswith("//"):
                break
            key, colon, words = line[2:].strip().partition(":")
            if colon and key in ("sources", "sanitize"):
                keys.setdefault(key, []).extend(words.split())
    return keys


def main(paths):
    programs = {"unit": [], "fuzz": []}
    rules = []
    depends = set()
    for path in paths:
        kind = path.split("/")[1]
        keys = header(path)
        sanitizer = keys.get("sanitize", ["address"])[0]
        program = f"build/{kind}/{os.path.basename(path)[:-2]}"
        objects = [f"build/{kind}/{sanitizer}/{source[:-2]}.o"
                   for source in [path, *keys.get("sources", [])]]
        programs[kind].append(program)
        depends.update(objects)
        link = f"$(LINK_UNIT_{sanitizer})" if kind == "unit" else "$(LINK_FUZZ)"
        libraries = " -lcmocka -lpthread" if kind == "unit" else ""
        rules.append(f"{program}: {' '.join(objects)}\n\t$(Q){link} $^ -o $@{libraries}\n")
    print("# Made by scripts/hostrules.py")
    print("UNIT_PROGRAMS :=", *programs["unit"])
    print("FUZZ_PROGRAMS :=", *programs["fuzz"])
    print("\n".join(rules))
    print("-include", *sorted(name[:-2] + ".d" for name in depends))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
