# SPDX-License-Identifier: MIT
"""Writes small ELF files, right and wrong ones, for guests that must be refused."""

import struct

PT_LOAD, PT_NOTE = 1, 4
PHYS32_ENTRY = 18
NOTE_OFFSET, DATA_OFFSET = 0x800, 0x1000
I386, X86_64 = 3, 62


def note(entry):
    return struct.pack("<III4sI", 4, 4, PHYS32_ENTRY, b"Xen\0", entry)


def elf32(segments=((0x100000, b"\xf4" * 64, 64),), entry=0x100000, with_note=True,
          machine=I386):
    """segments: (physical address, content, size in memory)"""
    rows, body, offset = [], b"", DATA_OFFSET
    for address, content, size in segments:
        rows.append(struct.pack("<8I", PT_LOAD, offset, address, address, len(content), size, 7,
                                0x1000))
        content += bytes(-len(content) % 16)
        body += content
        offset += len(content)
    notes = note(entry) if with_note else b""
    if with_note:
        rows.append(struct.pack("<8I", PT_NOTE, NOTE_OFFSET, 0, 0, len(notes), len(notes), 4, 4))
    head = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    head += struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, entry, 52, 0, 0, 52, 32, len(rows),
                        0, 0, 0)
    head += b"".join(rows)
    return head.ljust(NOTE_OFFSET, b"\0") + notes.ljust(DATA_OFFSET - NOTE_OFFSET, b"\0") + body
