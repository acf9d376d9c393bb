# SPDX-License-Identifier: MIT
"""Machines that Xenith cannot run guests on: the refusal names what is missing,
and the machine stays up, in the monitor if there is a serial line."""

import os
import re
import socket
import time

import pytest

from rig import TOP, iso
from rig.session import Session

BASE = "console=com1 com1=115200,8n1 idle=monitor"


def in_the_monitor(session):
    session.settle()
    start = len(session.text)
    session.send("help\r")
    session.expect("reboot", 30, start=start)


@pytest.mark.parametrize("cores", [1, 2])
def test_penryn_lacks_ept(alive, log, cores):
    with Session([iso.Module(alive, "alive")], kind="bochs", cpu="core2_penryn_t9600", cores=cores,
                 host_memory=256, log=log, base_cmdline=BASE) as session:
        session.expect(r"lacks.*\bEPT\b", 60)
        in_the_monitor(session)
        assert "still alive" not in session.text


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
@pytest.mark.parametrize("cores", [1, 4])
def test_qemu_tcg_lacks_vmx(alive, log, firmware, cores):
    with Session([iso.Module(alive, "alive")], kind="qemu-tcg", firmware=firmware, cores=cores,
                 log=log, base_cmdline=BASE) as session:
        session.expect(r"lacks.*\bVMX\b", 90)
        in_the_monitor(session)
        assert "still alive" not in session.text


class Hmp:
    """QEMU's monitor on a socket."""

    def __init__(self, path):
        self.path = path

    def __call__(self, command):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(self.path)
            line.sendall(command.encode() + b"\n")
            data = b""
            while data.count(b"(qemu)") < 2:
                data += line.recv(4096)


def look_for_refusal(monitor, command, saved, read, seconds):
    """The text on the screen, which the monitor's command saves, once it names VMX."""
    deadline = time.monotonic() + seconds
    screen = ""
    while time.monotonic() < deadline and "VMX" not in screen:
        time.sleep(1)
        monitor(command)
        if saved.exists():
            screen = read(saved)
    return screen


def test_without_serial_the_refusal_is_on_the_vga_screen(alive, tmp_path):
    path = str(tmp_path / "monitor")
    extra = ["-chardev", f"socket,id=hmp,path={path},server=on,wait=off", "-mon", "chardev=hmp"]
    memory = tmp_path / "text"
    with Session([iso.Module(alive, "alive")], kind="qemu-tcg", serial=False, extra=extra,
                 base_cmdline=BASE):
        screen = look_for_refusal(Hmp(path), f'pmemsave 0xb8000 4000 "{memory}"', memory,
                                  lambda saved: saved.read_bytes()[::2].decode("cp437"), 60)
        assert "VMX" in screen, screen


# drivers/video.c: a glyph of 5x8 pixels in a cell of 6x9, each pixel drawn as a square of two.
SCALE, COLUMNS, ROWS = 2, 6, 9


def glyphs():
    """{rows of pixels: character}"""
    with open(os.path.join(TOP, "drivers/video_font.c"), encoding="utf-8") as source:
        shapes = re.findall(r'"([0-9A-V]{8})"', source.read())
    assert len(shapes) == 95
    return {tuple(int(row, 32) for row in shape): chr(ord(" ") + n)
            for n, shape in enumerate(shapes)}


def read_screen(path):
    """The text on a screen that was saved as a PPM; what is no glyph is a question mark."""
    kind, size, _, pixels = path.read_bytes().split(b"\n", 3)
    assert kind == b"P6"
    width, height = map(int, size.split())
    font = glyphs()

    def lit(column, row):
        return pixels[3 * (row * SCALE * width + column * SCALE)] > 0x60

    def cell(x, y):
        return tuple(sum(lit(x * COLUMNS + c, y * ROWS + r) << 4 - c for c in range(5))
                     for r in range(8))

    return "\n".join("".join(font.get(cell(x, y), "?") for x in range(width // SCALE // COLUMNS))
                     for y in range(height // SCALE // ROWS))


def test_without_serial_the_refusal_is_on_the_efi_screen(alive, tmp_path):
    path = str(tmp_path / "monitor")
    extra = ["-chardev", f"socket,id=hmp,path={path},server=on,wait=off", "-mon", "chardev=hmp"]
    picture = tmp_path / "picture.ppm"
    with Session([iso.Module(alive, "alive")], kind="qemu-tcg", firmware="uefi", serial=False,
                 extra=extra, base_cmdline=BASE):
        screen = look_for_refusal(Hmp(path), f'screendump "{picture}"', picture, read_screen, 120)
        assert re.search(r"lacks.*\bVMX\b", screen), screen
