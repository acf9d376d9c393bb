#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetch one of Debian's stock kernels and unpack its vmlinux, installing nothing.

usage: fetch-kernel.py stock|cloud     -> build/cache/stock/vmlinux, .../version, KVM's modules

The kernel is unpacked here and not by its own decompressor in the guest, because
that takes minutes on an emulator, and because the PVH entry belongs to the ELF.
"""

import glob
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

META = {"stock": "linux-image-amd64", "cloud": "linux-image-cloud-amd64"}
# For guests that run guests.
MODULES = ("virt/lib/irqbypass.ko", "arch/x86/kvm/kvm.ko", "arch/x86/kvm/kvm-intel.ko")
# The setup header of Linux's boot protocol (Documentation/arch/x86/boot.rst).
SETUP_SECTS, MAGIC, PAYLOAD_OFFSET, PAYLOAD_LENGTH = 0x1F1, 0x202, 0x248, 0x24C
TOOLS = {b"\x02\x21\x4c\x18": ["lz4", "-d", "-c", "-"], b"\x28\xb5\x2f\xfd": ["zstd", "-d", "-c"],
         b"\x1f\x8b": ["gzip", "-d", "-c"]}


def vmlinux(bzimage):
    """The ELF inside a bzImage."""
    if bzimage[MAGIC:MAGIC + 4] != b"HdrS":
        raise ValueError("not a bzImage")
    sectors = bzimage[SETUP_SECTS] or 4
    offset, length = struct.unpack_from("<II", bzimage, PAYLOAD_OFFSET)
    start = (sectors + 1) * 512 + offset
    payload = bzimage[start:start + length]
    if payload.startswith(b"\xfd7zXZ"):
        # The last 4 bytes are the unpacked length, no part of the xz stream.
        return lzma.LZMADecompressor().decompress(payload)
    for magic, command in TOOLS.items():
        if payload.startswith(magic):
            # These tools warn of the 4 bytes behind their stream; the ELF check decides.
            return subprocess.run(command, input=payload[:-4], stdout=subprocess.PIPE,
                                  check=True).stdout
    raise ValueError(f"payload in an unknown format: {payload[:6].hex()}")


def package_of(meta):
    """The kernel package that Debian's meta package stands for."""
    out = subprocess.run(["apt-cache", "depends", meta], stdout=subprocess.PIPE, check=False,
                         stderr=subprocess.DEVNULL, text=True).stdout
    match = re.search(r"Depends: (linux-image-\d\S*)", out)
    return match.group(1) if match else None


def download(meta, directory):
    package = package_of(meta)
    if package is None:
        update = ["apt-get", "update", "-q"]
        subprocess.run(update if os.geteuid() == 0 else ["sudo", *update], check=True)
        package = package_of(meta)
    if package is None:
        raise ValueError(f"apt knows no {meta}")
    print(f"fetching {package} (not installing it)", flush=True)
    # apt drops to its own user, who may not enter a private directory.
    os.chmod(directory, 0o777)
    subprocess.run(["apt-get", "download", "-q", package], cwd=directory, check=True)
    deb = glob.glob(os.path.join(directory, "*.deb"))[0]
    subprocess.run(["dpkg-deb", "-x", deb, directory], check=True)
    image = glob.glob(os.path.join(directory, "boot", "vmlinuz-*"))[0]
    return package, image


def main(argv):
    if len(argv) != 2 or argv[1] not in META:
        sys.exit(__doc__)
    kind = argv[1]
    target = os.path.join("build", "cache", kind)
    with tempfile.TemporaryDirectory(prefix="xenith-kernel-") as directory:
        package, image = download(META[kind], directory)
        with open(image, "rb") as source:
            elf = vmlinux(source.read())
        if elf[:4] != b"\x7fELF":
            raise ValueError(f"{package}: its payload is not an ELF")
        os.makedirs(target, exist_ok=True)
        shutil.copyfile(image, os.path.join(target, "bzImage"))
        release = os.path.basename(image).replace("vmlinuz-", "", 1)
        for module in MODULES:
            shutil.copyfile(os.path.join(directory, "lib/modules", release, "kernel", module),
                            os.path.join(target, os.path.basename(module)))
        with open(os.path.join(target, "version"), "w", encoding="ascii") as out:
            out.write(package + "\n")
        with open(os.path.join(target, "vmlinux.new"), "wb") as out:
            out.write(elf)
        os.rename(os.path.join(target, "vmlinux.new"), os.path.join(target, "vmlinux"))
    print(f"{target}/vmlinux: {package}, {len(elf) >> 20} MiB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
