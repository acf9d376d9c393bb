# SPDX-License-Identifier: MIT
"""tests/boot: boots any guest the way a user would and shows its console."""

import argparse
import os
import re
import signal
import sys
import time

from rig import RigError, debug, guestcfg, iso
from rig.machine import memory_for
from rig.session import ALL_GONE, Expectation, Session

PASSED, FAILED, USAGE = 0, 1, 2


def parser():
    p = argparse.ArgumentParser(
        prog="tests/boot", description="Boot Xenith with guests and show their console.",
        epilog="Exit status: 0 when the expectation was seen (without one: when every guest shut "
               "itself down cleanly), 1 when not, 2 for bad usage. BOCHS and QEMU in the "
               "environment name other emulators, XENITH another hypervisor image.")
    p.add_argument("--kernel", metavar="FILE", help="the guest's kernel")
    p.add_argument("--ramdisk", metavar="FILE", help="its ramdisk")
    p.add_argument("--module", metavar="FILE[=NAME]", action="append", default=[],
                   help="one more module; NAME is what configurations call it")
    p.add_argument("--cmdline", metavar="S", default="", help="the guest's command line")
    p.add_argument("--config", metavar="FILE", action="append", default=[],
                   help="a guest configuration (xl.cfg); --kernel is its module 'kernel', "
                        "--ramdisk its module 'ramdisk'")
    p.add_argument("--memory", metavar="MIB", type=positive, default=256, help="of the guest")
    p.add_argument("--vcpus", metavar="N", type=positive, default=1, help="of the guest")
    p.add_argument("--cores", metavar="N", type=positive, default=1, help="of the machine")
    p.add_argument("--host-memory", metavar="MIB", type=positive, help="of the machine")
    p.add_argument("--cpu", metavar="MODEL", help="the emulator's name for a CPU")
    p.add_argument("--machine", choices=["auto", "bochs", "qemu-kvm", "qemu-tcg"], default="auto")
    p.add_argument("--firmware", choices=["bios", "uefi"], default="bios")
    p.add_argument("--hv-cmdline", metavar="S", default="", help="more for the hypervisor")
    p.add_argument("--input", metavar="TEXT-OR-FILE",
                   help="typed on the console once it speaks; \\n, \\r, \\t, \\xNN in a TEXT")
    p.add_argument("--input-after", metavar="REGEX", default="xenith",
                   help="what the console must have shown before the input (%(default)s)")
    p.add_argument("--expect", metavar="REGEX", help="what the console must show")
    p.add_argument("--timeout", metavar="S", type=positive, default=300, help="in seconds")
    p.add_argument("--log", metavar="FILE", help="keep the console's output")
    p.add_argument("--interactive", action="store_true",
                   help="connect this terminal with the console; Ctrl-] ends it")
    p.add_argument("--make-iso", metavar="FILE",
                   help="boot nothing: write the image, for BIOS and UEFI")
    p.add_argument("--debugger", action="store_true",
                   help="at the prompt of Bochs's debugger (the console goes to --log)")
    p.add_argument("--gdb", action="store_true",
                   help="in QEMU, stopped, with gdb attached (the console goes to --log)")
    return p


def positive(text):
    value = int(text, 0)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def typed(argument):
    """The bytes of --input."""
    if os.path.isfile(argument):
        with open(argument, "rb") as source:
            return source.read()
    return argument.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


def needs_file(path):
    if not os.path.isfile(path):
        raise RigError(f"no such file: {path}")
    return os.path.abspath(path)


def modules(arguments, directory):
    """The multiboot2 modules, configurations first: what the arguments ask for."""
    listed = []
    if arguments.ramdisk and not arguments.kernel and not arguments.config:
        raise RigError("--ramdisk needs --kernel or --config")
    for path in arguments.config:
        name = os.path.basename(path)
        name += "" if name.endswith(".cfg") else ".cfg"
        listed.append(iso.Module(needs_file(path), name))
    if arguments.kernel and not arguments.config:
        generated = os.path.join(directory, "guest.cfg")
        with open(generated, "w", encoding="utf-8") as out:
            out.write(guestcfg.text("guest", ramdisk="ramdisk" if arguments.ramdisk else None,
                                    cmdline=arguments.cmdline, memory=arguments.memory,
                                    vcpus=arguments.vcpus))
        listed.append(iso.Module(generated, "guest.cfg"))
    if arguments.kernel:
        listed.append(iso.Module(needs_file(arguments.kernel), "kernel"))
    if arguments.ramdisk:
        listed.append(iso.Module(needs_file(arguments.ramdisk), "ramdisk"))
    for argument in arguments.module:
        path, _, name = argument.partition("=")
        listed.append(iso.Module(needs_file(path), name or os.path.basename(path)))
    return listed


def show(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def watch(session, arguments):
    """Wait for what was asked for; the exit status."""
    deadline = time.monotonic() + arguments.timeout

    def left():
        return max(0.0, deadline - time.monotonic())

    try:
        if arguments.input is not None:
            session.expect(arguments.input_after, left())
            session.send(typed(arguments.input))
        if arguments.expect:
            session.expect(arguments.expect, left(), until=ALL_GONE)
            return PASSED
        end = session.expect(ALL_GONE, left())
        return PASSED if end.group(1) == "clean" else FAILED
    except Expectation as error:
        session.settle()
        print(f"\ntests/boot: {error}", file=sys.stderr)
        return FAILED


def run(arguments, directory):
    listed = modules(arguments, directory)
    if arguments.make_iso:
        return debug.make_iso(arguments, listed, directory)
    options = {
        "kind": arguments.machine, "cores": arguments.cores, "cpu": arguments.cpu,
        "host_memory": arguments.host_memory or max(1024, memory_for(arguments.memory) + 256),
        "firmware": arguments.firmware, "hv_cmdline": arguments.hv_cmdline, "log": arguments.log}
    if arguments.debugger:
        return debug.bochs(listed, options, directory)
    if arguments.gdb:
        return debug.gdb(listed, options, directory)
    with Session(listed, echo=show, **options) as session:
        if not arguments.interactive:
            status = watch(session, arguments)
            session.settle()
            return status
        session.interact()
        end = ALL_GONE.search(session.text)
        return FAILED if end and end.group(1) != "clean" else PASSED


def main(argv=None):
    arguments = parser().parse_args(argv)
    # Ended from outside, it still cleans up behind itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(FAILED))
    try:
        re.compile(arguments.expect or "")
        re.compile(arguments.input_after)
        with iso.scratch() as directory:
            return run(arguments, directory)
    except re.error as error:
        print(f"tests/boot: not a regular expression: {error}", file=sys.stderr)
    except (RigError, OSError) as error:
        print(f"tests/boot: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return FAILED
    return USAGE
