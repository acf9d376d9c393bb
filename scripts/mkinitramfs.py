#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the test guests' initramfs: busybox, our init and the tests.

usage: mkinitramfs.py OUT TOOL      TOOL: the compiled tests/initramfs/tool.c

The archive (cpio, newc) is written here: no device nodes need root, and the
same input makes the same bytes.
"""

import os
import subprocess
import sys

SOURCE = "tests/initramfs"
BUSYBOX = "/bin/busybox"
DIRECTORY, FILE, LINK, CHARDEV = 0o040755, 0o100755, 0o120777, 0o020600


class Archive:
    def __init__(self):
        self._parts = []
        self._size = 0
        self._inode = 1

    def _put(self, data):
        data += bytes(-(self._size + len(data)) % 4)
        self._parts.append(data)
        self._size += len(data)

    def add(self, name, mode, data=b"", device=(0, 0)):
        path = name.encode() + b"\0"
        fields = [self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0]
        self._inode += 1
        self._put(b"070701" + b"".join(b"%08X" % field for field in fields) + path)
        self._put(data)

    def bytes(self):
        self.add("TRAILER!!!", 0)
        return b"".join(self._parts)


def read(path):
    with open(path, "rb") as source:
        return source.read()


def main(argv):
    if len(argv) != 3:
        sys.exit(__doc__)
    archive = Archive()
    for name in ("bin", "dev", "proc", "sys", "tests", "tmp", "etc"):
        archive.add(name, DIRECTORY)
    archive.add("dev/console", CHARDEV, device=(5, 1))
    archive.add("dev/null", CHARDEV, device=(1, 3))
    archive.add("bin/busybox", FILE, read(BUSYBOX))
    applets = subprocess.run([BUSYBOX, "--list"], stdout=subprocess.PIPE, check=True).stdout
    for applet in sorted(applets.decode().split()):
        if applet != "busybox":
            archive.add(f"bin/{applet}", LINK, b"busybox")
    archive.add("bin/tool", FILE, read(argv[2]))
    archive.add("init", FILE, read(os.path.join(SOURCE, "init")))
    for name in sorted(os.listdir(os.path.join(SOURCE, "tests"))):
        archive.add(f"tests/{name}", FILE, read(os.path.join(SOURCE, "tests", name)))
    with open(argv[1], "wb") as out:
        out.write(archive.bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
