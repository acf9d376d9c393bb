# SPDX-License-Identifier: MIT
"""The machines that Xenith can be booted on: Bochs, and QEMU with KVM or TCG.

Each is started with its serial line on file descriptors of ours, so that it
can be read and written, and is killed when the verdict is known.
"""

import ctypes
import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import tty

from rig import RigError, kvm

BOCHS_MODEL = "corei7_skylake_x"
BOCHS_TSC_KHZ = 50000
# MiB of the guest's memory that Bochs keeps in its own; the rest goes to a file.
BOCHS_HOST_MEMORY = 2048
OVMF_CODE = "/usr/share/OVMF/OVMF_CODE.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS.fd"

BOCHSRC = """\
display_library: term
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.stdvga.bin
vga: extension=vbe, update_freq=1
cpu: model={model}, count={cores}, ips={ips}, reset_on_triple_fault=0
memory: guest={memory}, host={host}
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={image}, status=inserted
boot: cdrom
{serial}
log: {log}
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
clock: sync=none, time0=utc
speaker: enabled=0
sound: waveoutdrv=dummy
port_e9_hack: enabled=0
"""


def choose(wanted, firmware="bios"):
    """The machine for --machine WANTED."""
    if wanted == "auto":
        if kvm.offers_vmx():
            return "qemu-kvm"
        return "bochs" if firmware == "bios" else "qemu-tcg"
    if wanted == "qemu-kvm" and not kvm.offers_vmx():
        raise RigError("qemu-kvm: this machine's KVM does not offer VMX to guests")
    if wanted == "bochs" and firmware != "bios":
        raise RigError("bochs has no UEFI firmware: use --machine qemu-tcg or qemu-kvm")
    return wanted


def memory_for(guests_mib):
    """MiB for a machine with guests of so much: the hypervisor's own, tables, modules."""
    need = 256 + guests_mib + guests_mib // 32
    # Bochs loses what the device hole below 4 GiB hides.
    return need if need < 3000 else need + 1024


def program(variable, default):
    """The emulator's binary: the environment names another than Debian's."""
    name = os.environ.get(variable) or default
    path = shutil.which(name)
    if not path:
        raise RigError(f"{name} not found: see packages.txt, or set {variable}")
    return path


PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """In the child: however the rig ends, the emulator does not outlive it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """A started emulator. read_fd and write_fd are its serial line."""

    def __init__(self, process, read_fd, write_fd, slave=None, screen=None):
        self.process = process
        self.screen = screen
        self.read_fd = read_fd
        self.write_fd = write_fd
        self._slave = slave

    def status(self):
        return self.process.poll()

    def kill(self):
        """End the emulator, with everything it started; reads of the line then end."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def close(self):
        """Give the line back, once nobody reads it any more."""
        for fd in {self.read_fd, self.write_fd}:
            os.close(fd)


def start(kind, directory, image, *, cores=1, memory=1024, cpu=None, firmware="bios",
          serial=True, extra=(), debugger=None):
    """extra: more arguments for QEMU. debugger: commands for Bochs's, whose prompt is
    then on the machine's `screen`."""
    if kind == "bochs":
        return _start_bochs(directory, image, cores, memory, cpu, serial, debugger)
    return _start_qemu(kind, directory, image, cores, memory, cpu, firmware, serial, extra)


def _raw_pty():
    """A pty whose slave passes every byte: (master, slave, slave's path)."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    return master, slave, os.ttyname(slave)


class Screen:
    """What the emulator shows on its own terminal: read at once, or it would stop."""

    KEPT = 1 << 20

    def __init__(self, fd):
        self._fd = fd
        self.text = b""
        self.show = None  # called with what comes
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                data = b""
            if not data:
                os.close(self._fd)
                return
            self.text = self.text[-self.KEPT:] + data
            if self.show:
                self.show(data)

    def type(self, data):
        os.write(self._fd, data)


def _own_terminal():
    _die_with_parent()
    # Ctrl-C on the screen's terminal reaches the debugger.
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _start_bochs(directory, image, cores, memory, cpu, serial, debugger):
    binary = program("BOCHS", "bochs")
    master, slave, name = _raw_pty()
    line = f"com1: enabled=1, mode=term, dev={name}" if serial else "com1: enabled=0"
    rc = os.path.join(directory, "bochsrc")
    with open(rc, "w", encoding="ascii") as out:
        out.write(BOCHSRC.format(model=cpu or BOCHS_MODEL, cores=cores, memory=memory,
                                 ips=BOCHS_TSC_KHZ * 1000,
                                 host=min(memory, BOCHS_HOST_MEMORY),
                                 image=image, serial=line,
                                 log=os.path.join(directory, "bochs.log")))
    commands = os.path.join(directory, "bochs.commands")
    with open(commands, "w", encoding="ascii") as out:
        out.write(debugger if debugger is not None else "c\n")
    # The text display wants a terminal of its own; the debugger's prompt shares it,
    # and a dumb one is not painted over.
    screen, screen_slave = pty.openpty()
    fcntl.ioctl(screen_slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
    command = [binary, "-q", "-f", rc]
    # Only the debugger build knows -rc, and it stops at a prompt without.
    if _bochs_has_debugger(binary):
        command += ["-rc", commands]
    elif debugger is not None:
        raise RigError(f"{binary} is a build without debugger")
    process = subprocess.Popen(command, stdin=screen_slave, stdout=screen_slave,
                               stderr=screen_slave, cwd=directory, start_new_session=True,
                               env=dict(os.environ, TERM="dumb"),
                               preexec_fn=_own_terminal)
    os.close(screen_slave)
    # Our own hold on the slave keeps the line up while the emulator has it closed.
    return Machine(process, master, master, slave, Screen(screen))


def _bochs_has_debugger(binary):
    done = subprocess.run([binary, "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return b"-rc" in done.stdout


def _start_qemu(kind, directory, image, cores, memory, cpu, firmware, serial, extra):
    binary = program("QEMU", "qemu-system-x86_64")
    command = [binary, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35",
               "-m", str(memory), "-smp", str(cores), "-vga", "std", "-net", "none",
               "-no-reboot", "-drive", f"file={image},media=cdrom,format=raw,readonly=on",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-rtc", "base=utc"]
    if kind == "qemu-kvm":
        command += ["-enable-kvm", "-cpu", cpu or "host,migratable=no,+invtsc"]
    else:
        command += ["-accel", "tcg", "-cpu", cpu or "max"]
    if firmware == "uefi":
        if not os.path.exists(OVMF_CODE):
            raise RigError(f"{OVMF_CODE} is missing: install ovmf")
        variables = os.path.join(directory, "OVMF_VARS.fd")
        shutil.copyfile(OVMF_VARS, variables)
        command += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF_CODE}",
                    "-drive", f"if=pflash,unit=1,format=raw,file={variables}"]
    command += ["-serial", "stdio"] if serial else []
    command += list(extra)
    from_serial, serial_out = os.pipe()
    serial_in, to_serial = os.pipe()
    with open(os.path.join(directory, "qemu.log"), "wb") as errors:
        process = subprocess.Popen(command, stdin=serial_in, stdout=serial_out, stderr=errors,
                                   cwd=directory, start_new_session=True,
                                   preexec_fn=_die_with_parent)
    os.close(serial_in)
    os.close(serial_out)
    return Machine(process, from_serial, to_serial)


def workspace(parent=None):
    """A private directory: several runs at once never meet."""
    return tempfile.mkdtemp(prefix="xenith-boot-", dir=parent)
