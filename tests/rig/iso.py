# SPDX-License-Identifier: MIT
"""Makes the GRUB CD image that a machine boots."""

import os
import shutil
import subprocess
import tempfile

from rig import RigError

GRUB_DIRS = {"bios": "/usr/lib/grub/i386-pc", "uefi": "/usr/lib/grub/x86_64-efi"}


# What the image's own start-up and our menu ask for; nothing else needs to be on it.
GRUB_MODULES = ("normal test multiboot2 linux iso9660 search all_video part_acorn part_amiga part_apple "
                "part_bsd part_dfly part_dvh part_gpt part_msdos part_plan part_sun part_sunpc")


class Module:
    """A multiboot2 module: a file, and the command line whose first word names it."""

    def __init__(self, path, cmdline):
        self.path = path
        self.cmdline = cmdline


def scratch():
    """A private directory for generated modules, as a context manager."""
    return tempfile.TemporaryDirectory(prefix="xenith-cfg-")


def quote(text):
    """Each word by itself: GRUB puts quotation marks around an argument with spaces in it."""
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in text.split())


def menu(hypervisor_cmdline, modules):
    lines = [
        "set timeout=0",
        # UEFI has no text mode; on a BIOS, Bochs's terminal has nothing else.
        'if [ "$grub_platform" = "efi" ]; then insmod all_video; set gfxpayload=keep',
        "else set gfxpayload=text; fi",
        'menuentry "Xenith" {',
        f"  multiboot2 /boot/xenith {quote(hypervisor_cmdline)}",
    ]
    for number, module in enumerate(modules):
        lines.append(f"  module2 /boot/module{number} {quote(module.cmdline)}")
    # The frame buffer that Xenith asks for is for EFI; Bochs' terminal shows text only.
    lines += ["  if [ $grub_platform = pc ]; then set gfxpayload=text; fi", "  boot", "}", ""]
    return "\n".join(lines)


class Bare:
    """Linux on the machine itself, without a hypervisor: a bzImage and its initramfs."""

    def __init__(self, kernel, cmdline, initramfs):
        self.kernel = kernel
        self.cmdline = cmdline
        self.initramfs = initramfs

    def make(self, directory, firmware):
        """Write DIRECTORY/boot.iso, as make() does."""
        text = "\n".join(["set timeout=0", "set gfxpayload=text", 'menuentry "Linux" {',
                          f"  linux /boot/linux {quote(self.cmdline)}",
                          "  initrd /boot/initramfs", "  boot", "}", ""])
        return _image(directory, {"linux": self.kernel, "initramfs": self.initramfs}, text, firmware)


def make(directory, hypervisor, hypervisor_cmdline, modules, firmware):
    """Write DIRECTORY/boot.iso. firmware: "bios", "uefi" or "both"."""
    files = {f"module{number}": module.path for number, module in enumerate(modules)}
    files["xenith"] = hypervisor
    return _image(directory, files, menu(hypervisor_cmdline, modules), firmware)


def _image(directory, files, menu_text, firmware):
    """files: from names in the CD's /boot to paths."""
    tree = os.path.join(directory, "iso")
    boot = os.path.join(tree, "boot")
    os.makedirs(os.path.join(boot, "grub"))
    for name, path in files.items():
        _place(path, os.path.join(boot, name))
    with open(os.path.join(boot, "grub", "grub.cfg"), "w", encoding="utf-8") as out:
        out.write(menu_text)
    image = os.path.join(directory, "boot.iso")
    command = ["grub-mkrescue", "-o", image, "--compress=no", "--fonts=", "--themes=",
               "--locales=", "--install-modules=" + GRUB_MODULES]
    if firmware != "both":
        if not os.path.isdir(GRUB_DIRS[firmware]):
            raise RigError(f"GRUB for {firmware} is not installed ({GRUB_DIRS[firmware]})")
        command += ["-d", GRUB_DIRS[firmware]]
    command += [tree]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise RigError("grub-mkrescue failed:\n" + done.stdout.decode(errors="replace"))
    shutil.rmtree(tree)
    return image


def _place(source, target):
    try:
        os.link(source, target)
    except OSError:
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise RigError(f"cannot read {source}: {error.strerror}") from error
