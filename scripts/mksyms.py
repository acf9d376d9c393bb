#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the hypervisor's table of function names from `nm -n` output.

usage: mksyms.py OUT.c <nm-output         write the table
       mksyms.py --check OUT.c <nm-output  fail if OUT.c is not this link's table

The table is read by core/lib/symbols.c. Offsets count from the base of the
kernel code model (top 2 GiB), so that they fit in 32 bits.
"""

import sys

BASE = 0xFFFFFFFF80000000


def functions(lines):
    """(offset, name) of each function, ascending, one name an address."""
    found = {}
    for line in lines:
        fields = line.split()
        if len(fields) != 3 or fields[1] not in "tTwW":
            continue
        address = int(fields[0], 16)
        name = fields[2]
        # NASM's local labels (function.label) say nothing in a backtrace.
        if address < BASE or "." in name:
            continue
        found.setdefault(address - BASE, name)
    return sorted(found.items())


def table(entries):
    names = {}
    text = []
    size = 0
    rows = []
    for offset, name in entries:
        if name not in names:
            names[name] = size
            text.append(f'\t"{name}\\0"')
            size += len(name) + 1
        rows.append(f"\t{{ 0x{offset:08x}U, {names[name]}U }},")
    # C has no empty arrays: an empty table keeps one row that is not counted.
    rows = rows or ["\t{ 0U, 0U },"]
    text = text or ['\t""']
    return "\n".join(
        ["// SPDX-License-Identifier: MIT", "// Made by scripts/mksyms.py.",
         '#include "core/lib/symbols.h"', "",
         f"const uint32_t symbols_count = {len(entries)};",
         "const struct symbol symbols_table[] = {", *rows, "};",
         "const char symbols_names[] =", *text, "\t;", ""])


def main(argv):
    check = argv[1:2] == ["--check"]
    path = argv[-1]
    made = table(functions(sys.stdin))
    if not check:
        with open(path, "w", encoding="ascii") as out:
            out.write(made)
        return 0
    with open(path, encoding="ascii") as kept:
        if kept.read() == made:
            return 0
    print(f"mksyms: addresses moved after {path} was made", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
