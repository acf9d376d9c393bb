# SPDX-License-Identifier: MIT
"""By hand: the image alone, Bochs's debugger, gdb on QEMU."""

import os
import shutil
import subprocess
import time

from rig import kvm, session
from rig.iso import make


def make_iso(arguments, modules, directory):
    """Write the image for both firmwares and boot nothing."""
    image = make(directory, session.hypervisor_image(),
                 f"{session.HYPERVISOR_CMDLINE} {arguments.hv_cmdline}".strip(), modules, "both")
    shutil.move(image, arguments.make_iso)
    return 0


def symbols(directory):
    """The hypervisor's symbols in the form of Bochs's `ldsym`: its path."""
    path = os.path.join(directory, "symbols")
    listed = subprocess.run(["nm", session.hypervisor_image() + ".elf"], stdout=subprocess.PIPE,
                            text=True, check=True).stdout
    with open(path, "w", encoding="ascii") as out:
        for line in listed.splitlines():
            fields = line.split()
            if len(fields) == 3:
                out.write(f"{fields[0]} {fields[2]}\n")
    return path


def bochs(modules, options, directory):
    """At the prompt of Bochs's debugger: `c` runs, Ctrl-C stops, Ctrl-] ends."""
    options["kind"] = "bochs"
    commands = f'ldsym global "{symbols(directory)}"\n'
    with session.Session(modules, debugger=commands, **options) as running:
        running.debug()
    return 0


def gdb(modules, options, directory):
    """QEMU stopped at reset, with gdb attached; with KVM where that offers VMX."""
    options["kind"] = "qemu-kvm" if kvm.offers_vmx() else "qemu-tcg"
    socket = os.path.join(directory, "gdb")
    extra = ["-S", "-chardev", f"socket,path={socket},server=on,wait=off,id=gdb",
             "-gdb", "chardev:gdb"]
    with session.Session(modules, extra=extra, **options):
        while not os.path.exists(socket):
            time.sleep(0.05)
        return subprocess.run(["gdb", "-q", session.hypervisor_image() + ".elf",
                               "-ex", f"target remote {socket}"], check=False).returncode
