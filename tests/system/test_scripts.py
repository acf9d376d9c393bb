# SPDX-License-Identifier: MIT
"""The build's own scripts, and the rig's reading of verdicts."""

import io
import os
import subprocess
import sys

import pytest

from rig import TOP, bare, elf, microguest, tap
from rig.linux import COMPLAINTS, Linux
from rig.session import lines_of

SCRIPTS = os.path.join(TOP, "scripts")


def script(name, *arguments, stdin=""):
    return subprocess.run([sys.executable, "-B", os.path.join(SCRIPTS, name), *map(str, arguments)],
                          input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)


@pytest.mark.parametrize("path,includes,wrong", [
    ("core/lib/a.c", "core/lib/types.h", False), ("mm/a.c", "arch/x86/cpu/asm.h", False),
    ("core/a.c", "core/lib/types.h", False), ("boot/a.c", "arch/x86/vmx/vmx.h", False),
    ("core/lib/a.c", "core/vcpu.h", True), ("arch/x86/cpu/a.h", "mm/gpc.h", True),
    ("drivers/a.c", "core/timer.h", True), ("core/a.c", "xenabi/xen.h", True),
    ("mm/a.asm", "boot/boot.h", True), ("core/a.c", "somewhere/else.h", True)])
def test_a_layer_includes_only_itself_and_lower_ones(tmp_path, path, includes, wrong):
    source = tmp_path / path
    source.parent.mkdir(parents=True)
    source.write_text(f'%include "{includes}"\n' if path.endswith("asm") else
                      f'#include "{includes}"\n')
    done = script("lint-layers.py", tmp_path)
    assert (done.returncode == 1) == wrong, done.stdout


def test_the_symbol_table_is_sorted_and_has_one_name_an_address(tmp_path):
    listing = ("ffffffff80000020 t later\nffffffff80000010 T first\nffffffff80000010 t alias\n"
               "0000000000001000 T low\nffffffff80000030 T later.label\nffffffff80000040 D data\n"
               "                 U undefined\n")
    table = tmp_path / "symbols.c"
    assert script("mksyms.py", table, stdin=listing).returncode == 0
    text = table.read_text()
    assert "symbols_count = 2;" in text
    assert text.index("0x00000010U, 0U") < text.index("0x00000020U, 6U")
    assert '"first\\0"' in text and "low" not in text
    assert script("mksyms.py", "--check", table, stdin=listing).returncode == 0
    moved = listing.replace("80000020", "80000024")
    assert script("mksyms.py", "--check", table, stdin=moved).returncode == 1


def guest_text(*lines):
    return tap.Tap(io.StringIO("\n".join(lines)))


def test_tap_is_read():
    found = guest_text("boot noise", "1..4", "ok 1 - one", "ok 2 # SKIP not here", "not ok 3 - bad",
                       "ok 4")
    assert (found.passed, found.failed) == (["1 - one", "4"], ["3 - bad"])
    assert len(found.skipped) == 1 and found.complete()


@pytest.mark.parametrize("lines", [
    ("1..2", "ok 1"), ("ok 1",), (), ("1..1", "ok 1", "1..1"), ("1..2", "ok 1", "ok 1"),
    ("1..1", "ok 2")])
def test_tap_that_is_not_whole_is_no_pass(lines):
    found = guest_text(*lines)
    assert found.failed or not found.complete()


def test_guests_that_share_a_console_are_told_apart():
    text = "(a64) 1..1\n(b64) 1..1\n(a64) ok 1\n(b64) not ok 1\n"
    assert tap.Tap(tap.of_guest(text, "a64", alone=False)).passed == ["1"]
    assert tap.Tap(tap.of_guest(text, "b64", alone=False)).failed == ["1"]


def test_only_guests_without_wishes_share_a_boot():
    def guest(name, **wishes):
        return microguest.Guest(f"tests/guest/{name}", "64", wishes)

    shared = [guest("a"), guest("b", memory="32"), guest("c")]
    alone = [guest("d", vcpus="2"), guest("e", solo=""), guest("f", expect="crash")]
    lists = microguest.batches(shared + alone, 2)
    assert [[g.name for g in batch] for batch in lists] == [
        ["d64"], ["e64"], ["f64"], ["a64", "b64"], ["c64"]]


def test_rows_of_the_bare_machine_are_compared(tmp_path):
    on_bare = bare.rows(["noise", "row: a = 1", "row: b.c = exit 2 ", "row: b.d = 3", "row: e = 4"])
    assert on_bare == {"a": "1", "b.c": "exit 2", "b.d": "3", "e": "4"}
    assert bare.compare(on_bare, dict(on_bare), []) == []
    hosted = bare.rows(["row: a = 1", "row: b.c = exit 3", "row: b.d = 4", "row: f = 5"])
    assert len(bare.compare(on_bare, hosted, [])) == 4  # two that differ, one missing, one more
    assert bare.compare(on_bare, hosted, ["b.*", "e", "f"]) == []
    assert len(bare.compare(on_bare, hosted, ["b.*", "e", "f", "a"])) == 1
    source = tmp_path / "main.c"
    source.write_text("// bare: yes\n// differs: b.*: it: does\n")
    assert bare.differs(source) == ["b.*"]


def test_reports_of_linux_guests_are_told_apart():
    text = "(one) xtest: ok a\n(two) xtest: not ok b: why\n(one) xtest: end boot\n"
    assert Linux("one").report(text, alone=False) == (["a"], [], ["boot"])
    assert Linux("two").report(text, alone=False) == ([], ["b: why"], [])


def test_complaints_of_linux_are_known():
    for line in ("WARNING: CPU: 0 PID: 1", "BUG: soft lockup - CPU#0", "Call Trace:",
                 "rcu: INFO: rcu_sched self-detected stall", "Marking TSC unstable"):
        assert COMPLAINTS.search(line)
    assert not COMPLAINTS.search("DEBUG: nothing")


def test_the_small_elf_is_an_elf(tmp_path):
    image = tmp_path / "image"
    image.write_bytes(elf.elf32())
    listed = subprocess.run(["readelf", "-lnW", image], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    assert "LOAD" in listed and "Xen" in listed and "0x100000" in listed


def test_the_sum_counts_what_never_finished(tmp_path):
    makefile = tmp_path / "Makefile"
    makefile.write_text("good:\n\tmkdir -p build/results; echo 3 0 1 > build/results/good\n"
                        "broken:\n\tfalse\n")
    done = subprocess.run([sys.executable, "-B", os.path.join(SCRIPTS, "runall.py"), "good",
                           "broken"], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "3 passed, 1 failed, 1 skipped"


def test_lines_of_one_guest_among_others():
    text = "\n".join(["xenith: one: domain 1 starts: 1 vCPUs, 16 MiB", "first",
                      "xenith: two: domain 2 starts: 1 vCPUs, 16 MiB", "(one) a", "(two) b",
                      "xenith: two: domain 2 ended: poweroff", "alone"])
    assert list(lines_of(text, "one")) == ["first", "a", "alone"]
    assert list(lines_of(text, "two")) == ["b"]
