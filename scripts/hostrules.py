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

from header import header


def main(paths):
    programs = {"unit": [], "fuzz": []}
    rules = []
    depends = set()
    for path in paths:
        kind = path.split("/")[1]
        keys = header(path, ("sources", "sanitize"))
        sanitizer = keys.get("sanitize", "address")
        program = f"build/{kind}/{os.path.basename(path)[:-2]}"
        objects = [f"build/{kind}/{sanitizer}/{source[:-2]}.o"
                   for source in [path, *keys.get("sources", "").split()]]
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
