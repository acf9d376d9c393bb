#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the initramfs of a test guest that runs guests of its own.

usage: mknested.py OUT BASE PROGRAM GUEST [--qemu]

BASE is the other test guests' initramfs. Added are KVM's modules of Debian's kernels, our KVM
program and its guest, and with --qemu Debian's QEMU with the libraries and firmware that it needs
to start the cloud kernel with BASE as its initramfs.
"""

import argparse
import os
import re
import subprocess

from mkinitramfs import DIRECTORY, FILE, Archive, read

CACHE = "build/cache"
KERNELS = ("stock", "cloud")
MODULES = ("irqbypass.ko", "kvm.ko", "kvm-intel.ko")
QEMU = "/usr/bin/qemu-system-x86_64"
FIRMWARE = ("/usr/share/seabios/bios-256k.bin", "/usr/share/qemu/linuxboot_dma.bin",
            "/usr/share/qemu/kvmvapic.bin", "/usr/share/qemu/bios-microvm.bin")


class Tree(Archive):
    """An archive that makes the directories above each file."""

    def __init__(self):
        super().__init__()
        self._made = set()

    def put(self, name, data):
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            directory = "/".join(parts[:depth])
            if directory not in self._made:
                self._made.add(directory)
                self.add(directory, DIRECTORY)
        self.add(name, FILE, data)


def release(kind):
    """What `uname -r` says in this kernel."""
    package = read(os.path.join(CACHE, kind, "version")).decode().strip()
    return package.replace("linux-image-", "", 1)


def libraries(program):
    """Absolute paths of what the dynamic linker loads, itself included."""
    out = subprocess.run(["ldd", program], stdout=subprocess.PIPE, check=True, text=True).stdout
    return sorted(set(re.findall(r"(/\S+) \(0x", out)))


def add_qemu(tree, base):
    tree.put(QEMU.lstrip("/"), read(QEMU))
    for path in libraries(QEMU):
        tree.put(path.lstrip("/"), read(path))
    # QEMU looks for firmware in one directory of ours.
    for path in FIRMWARE:
        tree.put("qemu/" + os.path.basename(path), read(path))
    tree.put("qemu/bzImage", read(os.path.join(CACHE, "cloud", "bzImage")))
    tree.put("qemu/initramfs", base)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("out", "base", "program", "guest"):
        parser.add_argument(name)
    parser.add_argument("--qemu", action="store_true")
    arguments = parser.parse_args()
    base = read(arguments.base)
    tree = Tree()
    for kind in KERNELS:
        for module in MODULES:
            tree.put(f"lib/modules/{release(kind)}/{module}",
                     read(os.path.join(CACHE, kind, module)))
    tree.put("bin/kvmtest", read(arguments.program))
    tree.put("kvm/guest", read(arguments.guest))
    if arguments.qemu:
        add_qemu(tree, base)
    # Linux unpacks one archive after the other.
    archive = base + bytes(-len(base) % 512) + tree.bytes()
    # GRUB reads an emulated CD far more slowly than Linux unpacks this format.
    packed = subprocess.run(["lz4", "-l", "-9", "-c"], input=archive, stdout=subprocess.PIPE,
                            check=True).stdout
    with open(arguments.out, "wb") as out:
        out.write(packed)


if __name__ == "__main__":
    main()
