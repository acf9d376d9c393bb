# SPDX-License-Identifier: MIT
"""Several modules as one: what a PVH guest with one module gets for several (boot/archive.c)."""


def _entry(name, data, mode):
    name = name.encode() + b"\0"
    numbers = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
    head = b"070701" + b"".join(b"%08x" % number for number in numbers) + name
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def make(path, modules):
    """Write the iso.Modules to one file, a cpio archive: their command lines must be names alone."""
    with open(path, "wb") as out:
        for module in modules:
            with open(module.path, "rb") as data:
                out.write(_entry(module.cmdline, data.read(), 0o100644))
        out.write(_entry("TRAILER!!!", b"", 0))
    return path
