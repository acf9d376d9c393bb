# SPDX-License-Identifier: MIT
"""One boot of Xenith: builds the image, starts the machine, watches its console."""

import calendar
import os
import re
import select
import shutil
import sys
import termios
import threading
import time
import tty

from rig import RigError, TOP, iso, machine

HYPERVISOR_CMDLINE = "console=com1 com1=115200,8n1 idle=exit loglvl=info"

# What the hypervisor itself says at its end.
ALL_GONE = re.compile(r"xenith: all guests gone: (clean|(\d+) crashed)")
PANIC = re.compile(r"\*\*\* Xenith panic")

ESCAPE_KEY = b"\x1d"  # Ctrl-]


class Expectation(Exception):
    """The console did not show what was expected; the text says why."""


def hypervisor_image():
    image = os.environ.get("XENITH") or os.path.join(TOP, "build", "xenith")
    if not os.path.exists(image):
        raise RigError(f"{image} is missing: run make")
    return image


EVENT = re.compile(r"xenith: (\w+): domain \d+ (starts|ended)")


def lines_of(text, name):
    """What a guest said. Its name stands before its lines unless it is the only one there is."""
    alive = set()
    for line in text.splitlines():
        event = EVENT.search(line)
        if event and event.group(2) == "ended":
            alive.discard(event.group(1))
        elif event:
            alive.add(event.group(1))
        elif line.startswith(f"({name}) "):
            yield line[len(name) + 3:]
        elif alive == {name}:
            yield line


class Session:
    """Use as a context manager: whatever happens, the emulator is ended."""

    def __init__(self, modules=(), *, kind="auto", cores=1, host_memory=1024, cpu=None,
                 firmware="bios", hv_cmdline="", hypervisor=None, log=None, echo=None,
                 serial=True, extra=(), debugger=None, base_cmdline=HYPERVISOR_CMDLINE,
                 bare=None):
        """bare: an iso.Bare to boot instead of the hypervisor."""
        self.kind = machine.choose(kind, firmware)
        self.hypervisor = None if bare else hypervisor or hypervisor_image()
        self.text = ""
        self._echo = echo
        self._log = open(log, "wb") if log else None
        self._more = threading.Condition()
        self._ended = False
        self._machine = self._reader = None
        self.directory = machine.workspace()
        try:
            if bare:
                image = bare.make(self.directory, firmware)
            else:
                image = iso.make(self.directory, self.hypervisor,
                                 f"{base_cmdline} {hv_cmdline}".strip(), modules, firmware)
            self._machine = machine.start(
                self.kind, self.directory, image, cores=cores, memory=host_memory, cpu=cpu,
                firmware=firmware, serial=serial, extra=extra, debugger=debugger)
        except BaseException:
            self.close()
            raise
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        threading.Thread(target=self._watch, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._machine:
            self._machine.kill()
            if self._reader:
                self._reader.join()
            self._machine.close()
            self._machine = None
        if self._log:
            self._log.close()
            self._log = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def _read(self):
        """Collect the console (its own thread, so that the emulator never waits for us)."""
        this = self._machine
        while True:
            try:
                data = os.read(this.read_fd, 65536)
            except OSError:
                data = b""
            with self._more:
                if not data:
                    self._ended = True
                    self._more.notify_all()
                    return
                if self._log:
                    self._log.write(data)
                    self._log.flush()
                # Bytes, one character each: a console may be cut anywhere.
                self.text += data.decode("latin-1").replace("\r\n", "\n").replace("\r", "")
                self._more.notify_all()
            if self._echo:
                self._echo(data)

    def _watch(self):
        """Notice the emulator's end: a pty held open by us has no end of file."""
        this = self._machine
        while this.status() is None:
            time.sleep(0.1)
        time.sleep(0.3)
        with self._more:
            self._ended = True
            self._more.notify_all()

    def send(self, data):
        """Type on the serial line."""
        data = data.encode("latin-1") if isinstance(data, str) else data
        while data:
            if self._ended:
                raise Expectation("the machine ended while there was input for it")
            select.select([], [self._machine.write_fd], [], 1)
            # A pty holds 4096 bytes; smaller pieces never block for long.
            sent = os.write(self._machine.write_fd, data[:512])
            data = data[sent:]

    def expect(self, pattern, timeout, start=0, until=None):
        """Wait for a regular expression in the console; its match.

        start: where in the text to begin. until: an expression that ends the wait
        (the machine's end and the hypervisor's panic always do).
        """
        wanted = re.compile(pattern, re.M) if isinstance(pattern, str) else pattern
        stop = re.compile(until, re.M) if isinstance(until, str) else until
        deadline = time.monotonic() + timeout
        with self._more:
            while True:
                match = wanted.search(self.text, start)
                if match:
                    return match
                if stop and stop.search(self.text, start):
                    raise Expectation(f"not seen: {wanted.pattern}")
                if PANIC.search(self.text, start):
                    raise Expectation("the hypervisor panicked")
                if self._ended:
                    raise Expectation(f"the machine ended; not seen: {wanted.pattern}"
                                      + self._why())
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Expectation(f"not seen within {timeout:.0f} s: {wanted.pattern}")
                self._more.wait(min(left, 1))

    def settle(self, quiet=0.2, limit=2):
        """Let what is still on its way arrive: the rest of a line, of a dump."""
        deadline = time.monotonic() + limit
        with self._more:
            while not self._ended and time.monotonic() < deadline:
                if not self._more.wait(quiet):
                    return

    def over(self):
        """Whether the machine has ended: nothing more will come."""
        return self._ended

    def status(self, timeout=5):
        """The emulator's exit status once it has ended by itself, else None."""
        deadline = time.monotonic() + timeout
        while self._machine.status() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return self._machine.status()

    def _why(self):
        """What the emulator says of its own end."""
        said = []
        for name in ("bochs.log", "qemu.log"):
            try:
                with open(os.path.join(self.directory, name), "rb") as log:
                    log.seek(0, os.SEEK_END)
                    log.seek(max(0, log.tell() - 20000))
                    lines = log.read().decode("latin-1").splitlines()
            except OSError:
                continue
            said += [line for line in lines if "PANIC" in line or name == "qemu.log"][-5:]
        if self._machine.screen and not said:
            said = [line for line in self._machine.screen.text.decode("latin-1").splitlines()
                    if "PANIC" in line]
        return "".join("\n  " + line for line in said)

    def interact(self):
        """Connect this terminal with the console, until Ctrl-] or the machine's end."""
        self._connect(self.send)

    def debug(self):
        """Connect this terminal with the emulator's own, where its debugger prompts."""
        def show(data):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

        screen = self._machine.screen
        show(screen.text)
        screen.show = show
        self._connect(screen.type)

    def ask_bochs(self, command):
        """Stop Bochs, give its debugger a command, and let it go on: the answer."""
        screen = self._machine.screen

        def answer(typed):
            start = len(screen.text)
            screen.type(typed)
            deadline = time.monotonic() + 30
            while not re.search(rb"<bochs:\d+> $", screen.text[start:]):
                if time.monotonic() > deadline:
                    raise Expectation("Bochs's debugger does not prompt")
                time.sleep(0.02)
            return screen.text[start:].decode("latin-1")

        answer(b"\x03")
        found = answer(command.encode() + b"\n")
        screen.type(b"c\n")
        return found

    def rtc(self):
        """Seconds since 1970 that the real-time clock of Bochs shows, taken as UTC."""
        row = re.search(r"^0000 ((?: [0-9a-f]{2}){16})", self.ask_bochs('info device "cmos"'),
                        re.M).group(1).split()
        second, minute, hour, day, month, year = (int(row[at]) for at in (0, 2, 4, 7, 8, 9))
        return calendar.timegm((2000 + year, month, day, hour, minute, second))

    def _connect(self, send):
        stdin = sys.stdin.fileno()
        saved = termios.tcgetattr(stdin) if os.isatty(stdin) else None
        try:
            if saved:
                tty.setraw(stdin)
            while not self._ended:
                if not select.select([stdin], [], [], 0.2)[0]:
                    continue
                data = os.read(stdin, 4096)
                if not data:
                    # No more input, but the machine may go on.
                    while not self._ended:
                        time.sleep(0.2)
                    return
                before, key, _ = data.partition(ESCAPE_KEY)
                send(before)
                if key:
                    return
        finally:
            if saved:
                termios.tcsetattr(stdin, termios.TCSADRAIN, saved)
