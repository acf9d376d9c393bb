#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write make rules for the micro-guests.

usage: guestrules.py tests/guest/NAME/main.c ...

A guest is tests/guest/NAME/*.c, *.asm and *.S, linked with tests/guest/lib and
the sources named in a "// sources:" line of its main.c, once for each of its
"// variants:" (64 by default): build/guest/NAME64.elf, build/guest/NAME32.elf.
A file NAME_64.c (or _32, or .asm, .S) is only for that variant.
"""

import glob
import os
import sys

from header import header

LIB = "tests/guest/lib"
SUFFIXES = (".c", ".asm", ".S")


def sources(directory, bits):
    """The sources of one folder that belong in this variant, in a fixed order."""
    other = "_32" if bits == "64" else "_64"
    return [path for path in sorted(glob.glob(os.path.join(directory, "*")))
            if path.endswith(SUFFIXES) and not os.path.splitext(path)[0].endswith(other)]


def main(paths):
    images, depends, rules = [], set(), []
    for path in paths:
        directory = os.path.dirname(path)
        keys = header(path, ("variants", "sources"))
        for bits in keys.get("variants", "64").split():
            image = f"build/guest/{os.path.basename(directory)}{bits}.elf"
            files = (sources(directory, bits) + sources(LIB, bits)
                     + keys.get("sources", "").split())
            objects = [f"build/guest/obj{bits}/{name}.o" for name in files]
            script = f"{LIB}/guest{bits}.ld"
            images.append(image)
            depends.update(objects)
            rules.append(f"{image}: {' '.join(objects)} {script}\n"
                         f"\t$(Q)$(GUEST_LINK_{bits}) -T {script} $(filter %.o,$^) -o $@\n")
    print("# Made by scripts/guestrules.py")
    print("GUEST_IMAGES :=", *images)
    print("\n".join(rules))
    print("-include", *sorted(name[:-2] + ".d" for name in depends))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
