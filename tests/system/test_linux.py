# SPDX-License-Identifier: MIT
"""Debian's own kernels as guests: boot, clocks, stress, shell, two at once."""

import hashlib
import re
import time

import pytest

from rig.linux import Linux, run_tests, session
from rig.session import ALL_GONE

SKYLAKE, SANDY_BRIDGE = "corei7_skylake_x", "corei7_sandy_bridge_2600k"
PROMPT = r"^(\S+ )?.?/ # "


def case(kind, vcpus, cores, model=SKYLAKE, full=True):
    name = f"{kind}-{vcpus}v-{cores}c-{'sandy' if model == SANDY_BRIDGE else 'skylake'}"
    return pytest.param(kind, vcpus, cores, model, id=name,
                        marks=[pytest.mark.full] if full else [])


SHORT = {("cloud", 1, 1, SANDY_BRIDGE), ("cloud", 4, 2, SKYLAKE), ("cloud", 4, 4, SKYLAKE),
         ("stock", 1, 1, SKYLAKE), ("stock", 2, 2, SKYLAKE)}
MATRIX = [case(kind, vcpus, cores, model, (kind, vcpus, cores, model) not in SHORT)
          for kind in ("cloud", "stock") for vcpus in (1, 2, 4) for cores in (1, 2, 4)
          for model in (SKYLAKE, SANDY_BRIDGE)]


def cpu(kind, model):
    """The emulator's CPU: only Bochs has models to choose from here."""
    return model if kind == "bochs" else None


@pytest.mark.parametrize("linux,vcpus,cores,model", MATRIX)
def test_boots_clean(kind, log, tmp_path, linux, vcpus, cores, model):
    guest = Linux(kind=linux, vcpus=vcpus, memory=256, tests=("boot", "clock"))
    run_tests(tmp_path, [guest], ("boot", "clock"), 900, kind=kind, cores=cores,
              cpu=cpu(kind, model), log=log)


@pytest.mark.parametrize("linux,vcpus,cores,model", [
    case("cloud", 2, 2, full=False), case("cloud", 1, 1), case("cloud", 4, 2), case("cloud", 4, 4),
    case("stock", 2, 2), case("stock", 4, 2), case("cloud", 2, 2, SANDY_BRIDGE)])
def test_a_minute_of_stress(kind, log, tmp_path, linux, vcpus, cores, model):
    guest = Linux(kind=linux, vcpus=vcpus, memory=256, tests=("stress",), seconds=60)
    run_tests(tmp_path, [guest], ("stress",), 1800, kind=kind, cores=cores,
              cpu=cpu(kind, model), log=log)


def test_two_at_once(kind, log, tmp_path):
    guests = [Linux("one", "cloud", memory=192, vcpus=1, tests=("boot", "clock")),
              Linux("two", "cloud", memory=320, vcpus=2, tests=("boot", "clock"))]
    run_tests(tmp_path, guests, ("boot", "clock"), 1200, kind=kind, cores=2, log=log)


@pytest.mark.full
def test_two_at_once_of_different_kinds(kind, log, tmp_path):
    guests = [Linux("one", "stock", memory=384, vcpus=4, tests=("boot", "clock")),
              Linux("two", "cloud", memory=192, vcpus=2, tests=("boot", "clock"))]
    run_tests(tmp_path, guests, ("boot", "clock"), 1800, kind=kind, cores=2, log=log)


def test_the_wall_clock_is_the_machines(kind, log, tmp_path):
    with session(tmp_path, [Linux(tests=("wall",))], kind=kind, log=log) as running:
        running.expect(r"xtest: now \d+\n(.*\n)*xtest: now \d+\n(.*\n)*xtest: now \d+\n", 600)
        machine_s = running.rtc() if kind == "bochs" else time.time()
        guest_ms = [int(text) for text in re.findall(r"xtest: now (\d+)\n", running.text)]
    # The guest speaks 5 times a second, and the machine's clock shows whole seconds.
    assert machine_s - 1.3 <= guest_ms[-1] / 1000 <= machine_s + 2


@pytest.mark.full
def test_memory_above_4_gib(kind, log, tmp_path):
    guest = Linux(kind="cloud", memory=5120, vcpus=1, tests=("boot",))
    run_tests(tmp_path, [guest], ("boot",), 1200, kind=kind, log=log)


def test_the_shell_is_a_terminal_and_reboot_and_poweroff_work(kind, log, tmp_path):
    with session(tmp_path, [Linux()], kind=kind, log=log) as running:
        running.expect(PROMPT, 600)

        def command(text, answer, timeout=60):
            start = len(running.text)
            running.send(text + "\r")
            match = running.expect(answer, timeout, start=start)
            running.expect(PROMPT, timeout, start=start + match.end() - match.start())
            return match

        # The echo of what is typed, then the answer.
        command("echo six times seven is $((6 * 7))", r"is \$\(\(6 \* 7\)\)\n(.*\n)*six.*is 42$")
        # Ctrl-C ends what runs in the foreground.
        start = len(running.text)
        running.send("sleep 1000\r")
        running.expect(r"sleep 1000\n", 30, start=start)
        running.settle(1)
        running.send("\x03")
        running.expect(PROMPT, 60, start=len(running.text) - 1)

        paste = b"".join(b"%08d %s\n" % (n, b"x" * 90) for n in range(1000))
        start = len(running.text)
        running.send("stty -echo; cat >/tmp/paste\r")
        running.expect(r"/tmp/paste\n", 30, start=start)
        running.settle(1)
        running.send(paste.replace(b"\n", b"\r") + b"\x04")
        running.expect(PROMPT, 300, start=len(running.text))
        digest = hashlib.md5(paste).hexdigest()
        start = len(running.text)
        running.send("stty echo; md5sum /tmp/paste\r")
        assert running.expect(r"\b([0-9a-f]{32})  /tmp/paste", 60, start=start).group(1) == digest

        start = len(running.text)
        running.send("reboot -f\r")
        running.expect(r"Linux version", 300, start=start)
        running.expect(PROMPT, 600, start=start + 20)
        assert not re.search("all guests gone", running.text)
        # A fresh start: nothing of the first run is left.
        start = len(running.text)
        running.send("ls /tmp/paste\r")
        running.expect("No such file", 60, start=start)
        running.send("poweroff -f\r")
        assert running.expect(ALL_GONE, 120).group(1) == "clean"


def test_a_crashed_guest_is_counted_and_the_other_goes_on(kind, log, tmp_path):
    guests = [Linux("one", memory=192, tests=("boot",), then="crash", extra=['on_crash="destroy"'],
                    cmdline="panic=1"),
              Linux("two", memory=192, tests=("boot",))]
    with session(tmp_path, guests, kind=kind, log=log) as running:
        end = running.expect(ALL_GONE, 1200)
        running.settle()
        assert end.group(2) == "1", end.group(0)
        _, failed, ended = guests[1].report(running.text, alone=False)
        assert ended == ["boot"] and not failed
