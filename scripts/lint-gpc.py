#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks of the gfn -> pfn cache's rules (docs/gpc.md).

usage: lint-gpc.py        prints what breaks them; exit status 1 if anything does

A guest frame's address comes out of a few functions only, is used by named
files only, inside an access section only, and is returned by nobody else.
"""

import glob
import os
import re
import subprocess
import sys

LAYERS = ("core", "arch", "drivers", "mm", "xenabi", "boot")
MAX_CACHE_LINES = 400

# Who may use what leads to a guest frame, besides the file that defines it and its header.
USERS = {
    "window_map": ("mm/gpc.h", "mm/gwalk.c", "mm/physmap.c", "mm/physmap_move.c"),
    "window_map_second": ("mm/physmap_move.c", "xenabi/guest_area.c", "arch/x86/nested/posted.c"),
    "window_fill": ("mm/window.h",),
    "window_scrub": ("mm/frame.c",),
    "window_uniform": ("mm/frame.c",),
    "this_cpu_windows": ("mm/window.h", "mm/gwalk.c", "xenabi/upcall.h"),
    "window_base": ("arch/x86/cpu/percpu.c", "mm/window.c"),
    "window_pte": ("arch/x86/cpu/percpu.c", "mm/window.c"),
    "window_tag": ("arch/x86/cpu/percpu.c", "mm/window.h", "mm/window.c", "mm/gwalk.c",
                   "xenabi/upcall.h"),
    "physmap_lookup": ("mm/gwalk.c", "mm/physmap_move.c", "xenabi/physmap_op.c"),
    "ept_walk": ("mm/physmap.c", "mm/gpc.c", "mm/ept02.c"),
    "ept_decode": ("mm/physmap.c", "mm/gpc.c", "mm/ept02.c"),
    "own_va": ("mm/ept.h",),
    "gpc_page": ("xenabi/upcall.h", "xenabi/upcall.c", "xenabi/guest_area.c",
                 "xenabi/debug_op.c", "arch/x86/nested/fields02.c",
                 "arch/x86/nested/posted.c"),
    "gpc_hw_resolve": ("arch/x86/vmx/hw_pages.c", "arch/x86/nested/switch.c"),
}
DEFINED = {
    "window_map": "mm/window", "window_map_second": "mm/window", "window_fill": "mm/window",
    "window_scrub": "mm/window", "window_uniform": "mm/window",
    "this_cpu_windows": "arch/x86/cpu/this_cpu", "window_base": "arch/x86/cpu/percpu",
    "window_pte": "arch/x86/cpu/percpu", "window_tag": "arch/x86/cpu/percpu",
    "physmap_lookup": "mm/physmap", "ept_walk": "mm/ept", "ept_decode": "mm/ept",
    "own_va": "mm/own", "gpc_page": "mm/gpc", "gpc_hw_resolve": "mm/gpc_hw",
}

# Functions that give an address (or the frame) out, to a caller whose section is open.
GIVERS = ("window_map", "window_map_second", "window_fill", "this_cpu_windows", "map_slot",
          "gpc_page", "physmap_lookup", "part_address", "walk_address", "kernel_address",
          "address",
          "upcall_vcpu_info", "upcall_vcpu_info_quick", "guest_area_map")
# Functions that use one and leave the section to their caller, as their comments say.
INSIDE = ("read_step", "mark_used", "walk_tables", "walk", "step_holds", "steps_hold", "still_true",
          "evtchn_2l_unmask", "evtchn_2l_raise", "evtchn_raise_port")
# The frame allocator's: the frames are nobody's.
UNOWNED = ("window_scrub", "window_uniform")

FUNCTION = re.compile(r"^(?P<type>[\w][\w\s\*]*?[\s\*])(?P<name>\w+)\((?P<arguments>[^;{}]*)\)\s*$",
                      re.M)


def sources():
    for layer in LAYERS:
        for directory, _, names in os.walk(layer):
            yield from (os.path.join(directory, name) for name in names
                        if name.endswith((".c", ".h")))


def without_comments(text):
    """The same lines, with comments, texts and attributes emptied."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|__attribute__\(\([^()]*\)\)|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def functions(text):
    """(returned type, name, first line, body) of each function, as the tree is formatted."""
    for match in re.finditer(r"^\{\n(.*?)^\}", text, re.M | re.S):
        heads = list(FUNCTION.finditer(text, 0, match.start()))
        if heads and not text[heads[-1].end():match.start()].strip():
            head = heads[-1]
            yield (head["type"].strip(), head["name"], text.count("\n", 0, head.start()) + 1,
                   match.group(1))


def calls(body, names):
    return [name for name in names if re.search(rf"\b{name}\(", body)]


def used_outside(body):
    """Variables that hold an address and are used behind the section's end."""
    holders = set(re.findall(rf"\b(\w+) = (?:\([^()]*\))?(?:{'|'.join(GIVERS)})\(", body))
    for part in body.split("section_end();")[1:]:
        part = re.split(r"section_begin\(\);|(?<=\breturn)[^;]*;", part)[0]
        for name in holders:
            if re.search(rf"\*{name}\b|\b{name}(?:\[|->| \+)|[(,] ?{name}[,)]", part) and \
                    not re.search(rf"(?<!\*)\b{name} = ", part):
                yield name


def of_functions(path, text):
    for returned, name, line, body in functions(text):
        where = f"{path}:{line}: {name}()"
        given = calls(body, GIVERS + INSIDE)
        begins, ends = body.count("section_begin();"), body.count("section_end();")
        if begins and not ends and name != "section_begin":
            yield f"{where} opens a section and does not end it"
        if given and not begins and name not in GIVERS + INSIDE + UNOWNED:
            yield f"{where} calls {', '.join(given)} and opens no section"
        if calls(body, GIVERS) and "*" in returned and name not in GIVERS:
            yield f"{where} calls {', '.join(given)} and returns an address"
        for variable in used_outside(body):
            yield f"{where} uses {variable} outside the section that it comes from"


def frame_complaints():
    for path in sorted(sources()):
        with open(path, encoding="utf-8") as source:
            text = without_comments(source.read())
        for name, users in USERS.items():
            if path in users or path.startswith(DEFINED[name] + "."):
                continue
            for number, line in enumerate(text.split("\n"), 1):
                if re.search(rf"\b{name}\b", line):
                    yield f"{path}:{number}: {name} is not for this file"
        yield from of_functions(path, text)


def size_complaints():
    lines = 0
    for path in glob.glob("mm/gpc*.[ch]"):
        with open(path, encoding="utf-8") as source:
            lines += len(source.readlines())
    print(f"  mm/gpc*.[ch]: {lines} lines")
    if lines > MAX_CACHE_LINES:
        yield f"mm/gpc*.[ch]: {lines} lines, more than {MAX_CACHE_LINES}"


# The function whose valid access is counted, and its own work beside it: the look whether a record
# is registered (3), its offset in the page (2), and the look at the byte (3).
COUNTED, WORK, MAX_ACCESS = "upcall_is_pending_there", 8, 15


def disassembly(image, name):
    """[(address, instruction)]"""
    output = subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--disassemble={name}", image],
                            stdout=subprocess.PIPE, check=True).stdout.decode()
    found = re.findall(r"^([0-9a-f]+):\t(.*)$", output.replace(" ", " "), re.M)
    return [(int(address, 16), " ".join(text.split("#")[0].split())) for address, text in found]


def longest(code, at):
    """Instructions from here to the section's end on the longest way without a call or a loop, or
    None. A window that is there and a cache that is valid are on it."""
    count = 0
    while at < len(code):
        text = code[at][1]
        count += 1
        if re.match(r"addq \$0x1,%gs:", text):
            return count
        if text.startswith(("call", "ret")):
            return None
        jump = re.match(r"(j\w+) ([0-9a-f]+)", text)
        if not jump:
            at += 1
            continue
        targets = [index for index, (address, _) in enumerate(code)
                   if address == int(jump.group(2), 16)]
        if not targets or targets[0] <= at:
            return None
        ways = [longest(code, targets[0])]
        if jump.group(1) != "jmp":
            ways.append(longest(code, at + 1))
        ways = [way for way in ways if way]
        return count + max(ways) if ways else None
    return None


def access_complaints(image):
    code = disassembly(image, COUNTED)
    begins = [index for index, (_, text) in enumerate(code)
              if re.match(r"lock addq \$0x1,%gs:", text)]
    count = longest(code, begins[0]) if begins else None
    if not count:
        yield f"{COUNTED}(): its section is not found in {image}"
        return
    print(f"  a valid access: {count - WORK} instructions beside the work")
    if count - WORK > MAX_ACCESS:
        yield f"{COUNTED}(): {count - WORK} instructions beside its work, more than {MAX_ACCESS}"


def complaints(image):
    yield from frame_complaints()
    yield from size_complaints()
    yield from access_complaints(image)


def main():
    found = list(complaints("build/xenith.elf"))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
