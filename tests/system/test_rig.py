# SPDX-License-Identifier: MIT
"""tests/boot itself, with a stand-in for the hypervisor (tests/rig/echo.asm)."""

import os
import re
import subprocess

import pytest

from rig import TOP, RigError, bare, bench, bench_linux, guestcfg, iso, microguest
from rig.linux import Linux
from rig.monitor import PROMPT, Monitor

BOOT = os.path.join(TOP, "tests", "boot")


@pytest.fixture(scope="session")
def echo(tmp_path_factory):
    directory = tmp_path_factory.mktemp("echo")
    image = directory / "echo"
    subprocess.run(["nasm", "-f", "elf32", os.path.join(TOP, "tests/rig/echo.asm"), "-o",
                    f"{image}.o"], check=True)
    subprocess.run(["ld", "-m", "elf_i386", "-n", "-z", "noexecstack", "--section-start",
                    ".header=0x200000", f"{image}.o", "-o", image], check=True)
    return str(image)


def boot(echo, *arguments):
    """(exit status, console)"""
    done = subprocess.run([BOOT, *arguments], env=dict(os.environ, XENITH=echo), timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout.decode("latin-1").replace("\r", "")


MACHINES = [("bochs", "bios"), ("qemu-tcg", "bios"), ("qemu-tcg", "uefi")]


@pytest.mark.parametrize("machine,firmware", MACHINES)
def test_a_clean_end_is_status_0(echo, machine, firmware):
    status, console = boot(echo, "--machine", machine, "--firmware", firmware, "--input", "abcq",
                           "--hv-cmdline", "loglvl=debug", "--timeout", "90")
    assert status == 0
    assert "console=com1 com1=115200,8n1 idle=exit loglvl=info loglvl=debug" in console
    assert "abcxenith: all guests gone: clean" in console


def test_an_expectation_decides(echo, tmp_path):
    assert boot(echo, "--input", "hello", "--expect", "hel+o", "--timeout", "60")[0] == 0
    # Not seen before the guests were gone, and not seen in time.
    assert boot(echo, "--input", "helloq", "--expect", "goodbye", "--timeout", "60")[0] == 1
    assert boot(echo, "--expect", "goodbye", "--timeout", "6")[0] == 1
    typed = tmp_path / "typed"
    typed.write_bytes(b"from a file" + b"." * 5000 + b"!q")
    log = tmp_path / "log"
    status, _ = boot(echo, "--input", str(typed), "--machine", "qemu-tcg", "--log", str(log),
                     "--expect", r"from a file\.+!", "--timeout", "60")
    assert status == 0
    assert b"from a file....." in log.read_bytes()


@pytest.mark.parametrize("arguments", [
    ["--kernel", "/nonexistent"], ["--ramdisk", "x"], ["--timeout", "0"], ["--vcpus", "-1"],
    ["--expect", "("], ["--machine", "bochs", "--firmware", "uefi"], ["--nonsense"],
    ["--kernel", "/dev/null/x"], ["--memory", "much"]])
def test_bad_usage_is_status_2(echo, arguments):
    assert boot(echo, *arguments)[0] == 2


def test_several_at_once_do_not_meet(echo):
    running = [subprocess.Popen([BOOT, "--input", f"number {n} q", "--expect", f"number {n} ",
                                 "--timeout", "60"], env=dict(os.environ, XENITH=echo),
                                stdout=subprocess.DEVNULL) for n in range(3)]
    assert [process.wait(120) for process in running] == [0, 0, 0]


def test_words_reach_grub_unchanged():
    line = iso.menu("a=1 b=it's", [iso.Module("x", "k  c='d e'")])
    assert "multiboot2 /boot/xenith 'a=1' 'b=it'\\''s'" in line
    assert "module2 /boot/module0 'k' 'c='\\''d' 'e'\\'''" in line


def test_strings_of_a_configuration_are_quoted():
    assert guestcfg.string("a b") == '"a b"'
    assert guestcfg.string('say "a"') == "'say \"a\"'"
    with pytest.raises(Exception):
        guestcfg.string("'\"")


def test_a_measuring_guest_runs_on_a_second_model():
    guest, = microguest.find_bench(["bench_nested"])
    first, second = bench.models(guest, "first")
    assert first == ("first", "") and second[1] == "_unshadowed"
    text = "(bench_nested64) l2_cpuid min=5 avg=6 vmread=1\n# l2_cpuid min=1 avg=1\n"
    assert bench.cases_of(text, "_unshadowed") == {"l2_cpuid_unshadowed": (5, 6, "vmread=1")}


def test_rows_of_two_machines_are_compared():
    rows = {"one": "1", "two": "2"}
    assert bare.compare(rows, dict(rows, two="3"), []) == ["two: 3, on the bare machine 2"]
    assert bare.compare(rows, {"one": "1"}, ["t*"]) == []
    assert bare.compare(rows, rows, ["t*"]) == ["differs: t*: nothing does"]
    assert bare.compare(rows, rows, ["t*"], all_differ=False) == []


L1_SAYS = """\
xtest: begin kvm_load
xtest: ok kvm_intel loads
xtest: kvm_intel enable_shadow_vmcs=Y
xtest: end kvm_load
xtest: begin kvm_boot
l2: xtest: begin l2_boot
l2: xtest: note booted at TSC 123456789
xtest: ok L2 booted
xtest: end kvm_boot
"""
KVM_SAYS = "xtest: note L2: CPUID in the guest: 3780 ticks, 4012 on average\n"
MONITOR_SAYS = """\
xenith> nested l1 0
l1: vCPU 0
EPT02: 12 fills 3 zaps 0 emptied roots 0 overflows; 4 tables made, 1 of them spare
exits of L2                              to L1        Xenith's
 1 external interrupt                         0              10
10 CPUID                                   2000               0
48 EPT violation                             34             500
xenith> """


class Typed:
    """A session whose console shows one answer."""

    def __init__(self, answer):
        self.text, self._answer, self.sent = "", answer, ""

    def send(self, text):
        self.sent += text
        self.text += self._answer

    def expect(self, pattern, _timeout, start=0):
        return re.compile(pattern, re.M).search(self.text, start)


def test_the_monitors_exits_of_l2_are_read():
    console = Typed(MONITOR_SAYS)
    assert Monitor(console).exits_of_l2("l1") == {
        "external interrupt": (0, 10), "CPUID": (2000, 0), "EPT violation": (34, 500)}
    assert console.sent == "nested l1 0\r" and console.text.endswith(PROMPT)


def test_what_linux_measures_is_read():
    exits = {"external interrupt": (0, 10), "CPUID": (2000, 0), "EPT violation": (34, 500)}
    said = bench_linux.cases(L1_SAYS + KVM_SAYS, exits, "_there")
    assert said == {
        "kvm_l2_cpuid_there": (3780, 4012, ""),
        "kvm_l2_boot_there": (123456789, 123456789, "exits_l1=2034 exits_xenith=510")}
    for missing in (L1_SAYS, KVM_SAYS):
        with pytest.raises(RigError):
            bench_linux.cases(missing, exits)


def test_figures_of_something_else_are_refused():
    linux = Linux()
    bench_linux.check(linux, L1_SAYS, shadow=True)
    for text, shadow in ((L1_SAYS, False), (L1_SAYS.replace("ok L2", "not ok L2"), True),
                         (L1_SAYS.replace("end kvm_boot", ""), True)):
        with pytest.raises(RigError):
            bench_linux.check(linux, text, shadow)
