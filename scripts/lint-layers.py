#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check that no file of the hypervisor includes a header of a higher layer.

usage: lint-layers.py [DIRECTORY]      prints each such line; exit status 1 if any
"""

import os
import re
import sys

# The longest prefix that matches decides.
LAYERS = {
    "core/lib/": 0,
    "arch/x86/cpu/": 1,
    "drivers/": 1,
    "mm/": 2,
    "core/": 3,
    "xenabi/": 4,
    "arch/x86/vmx/": 5,
    "arch/x86/nested/": 5,
    "boot/": 6,
}
INCLUDE = re.compile(r'^\s*(?:#|%)\s*include\s*"([^"]+)"')
SUFFIXES = (".c", ".h", ".asm", ".inc")


def layer(path):
    matching = [prefix for prefix in LAYERS if path.startswith(prefix)]
    return LAYERS[max(matching, key=len)] if matching else None


def complaints(top):
    for first in sorted({prefix.split("/")[0] for prefix in LAYERS}):
        for directory, folders, names in os.walk(os.path.join(top, first)):
            folders.sort()
            for name in sorted(names):
                if name.endswith(SUFFIXES):
                    yield from of_file(top, os.path.relpath(os.path.join(directory, name), top))


def of_file(top, path):
    own = layer(path)
    if own is None:
        yield f"{path}: lies in no layer"
        return
    with open(os.path.join(top, path), encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            target = found.group(1)
            if layer(target) is None:
                yield f"{path}:{number}: includes {target}, which lies in no layer"
            elif layer(target) > own:
                yield (f"{path}:{number}: layer {own} includes {target} of layer "
                       f"{layer(target)}")


def main(argv):
    found = list(complaints(argv[1] if len(argv) > 1 else "."))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
