# SPDX-License-Identifier: MIT
"""Guest configurations in the syntax of xl.cfg(5)."""

from rig import RigError


def string(text):
    """A quoted string of xl.cfg."""
    for mark in ('"', "'"):
        if mark not in text:
            return mark + text.replace("\\", "\\\\") + mark
    raise RigError(f"a string cannot hold both kinds of quotation marks: {text}")


def text(name, *, kernel="kernel", ramdisk=None, cmdline="", memory=256, vcpus=1, extra=()):
    """extra: further lines as they are."""
    lines = [f"name = {string(name)}", f"kernel = {string(kernel)}"]
    if ramdisk:
        lines.append(f"ramdisk = {string(ramdisk)}")
    if cmdline:
        lines.append(f"cmdline = {string(cmdline)}")
    lines += [f"memory = {memory}", f"vcpus = {vcpus}", *extra]
    return "\n".join(lines) + "\n"
