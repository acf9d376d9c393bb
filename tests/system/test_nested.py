# SPDX-License-Identifier: MIT
"""Linux with KVM as a guest (L1), and the guests that it runs (L2).

The same on the machine itself, without Xenith, is what it is compared with.
"""

import re

import pytest

from rig.linux import Linux, bare_session, run_tests, session
from rig.monitor import PROMPT, Monitor
from rig.session import ALL_GONE

SKYLAKE, HASWELL, SANDY_BRIDGE = ("corei7_skylake_x", "corei7_haswell_4770",
                                  "corei7_sandy_bridge_2600k")
ALL = ("ept", "vpid", "unrestricted_guest", "flexpriority", "enable_shadow_vmcs", "pml",
       "enable_apicv")
# What kvm_intel makes of the bare machine's offer.
BARE = {SKYLAKE: "YYYYYYN", HASWELL: "YYYYYNN", SANDY_BRIDGE: "YYYYNNN"}

PARAMETER = re.compile(r"^xtest: kvm_intel (\w+)=(\S+)$", re.M)


def parameters(text):
    found = dict(PARAMETER.findall(text))
    return {name: found.get(name) for name in ALL}


def bare(model, changed=None):
    return {**dict(zip(ALL, BARE[model])), **(changed or {})}


def guest(tests, kind="cloud", ramdisk="initramfs-qemu", memory=512, **values):
    return Linux(name="l1", kind=kind, vcpus=2, memory=memory, ramdisk=ramdisk, tests=tests,
                 extra=["nestedhvm = 1"], **values)


EVERYTHING = ("kvm_load", "kvm_program", "kvm_both")


def everything(**values):
    """Our program alone, and again beside QEMU, which boots its guest with 1 and with 2 vCPUs."""
    return guest(EVERYTHING, l2_vcpus="1,2", **values)


def cpu(kind, model):
    """The emulator's CPU: only Bochs has models to choose from here."""
    return model if kind == "bochs" else None


def run(directory, kind, log, l1, tests, model=SKYLAKE, changed=None):
    """Boot L1 on Xenith; its tests pass and kvm_intel is as on the bare machine."""
    text = run_tests(directory, [l1], tests, 3600, kind=kind, cores=2, cpu=cpu(kind, model),
                     log=log)
    if kind == "bochs":
        assert parameters(text) == bare(model, changed)


FEATURES = ("ept", "unrestricted_guest", "vpid", "enable_shadow_vmcs")


def test_kvm_runs_our_program_and_qemu(kind, log, tmp_path):
    tests = ("kvm_load", "kvm_program", "kvm_qemu")
    run(tmp_path, kind, log, guest(tests, l2_vcpus="2"), tests)


def test_our_program_without_each_feature(kind, log, tmp_path):
    tests = ("kvm_load", "kvm_changes")
    l1 = guest(tests, ramdisk="initramfs-kvm", memory=256,
               changes=",".join(f"{name}=0" for name in FEATURES))
    run(tmp_path, kind, log, l1, tests)


@pytest.mark.full
@pytest.mark.parametrize("model", [HASWELL, SANDY_BRIDGE])
def test_on_other_processors(kind, log, tmp_path, model):
    if kind != "bochs":
        pytest.skip("only Bochs has models to choose from")
    run(tmp_path, kind, log, everything(), EVERYTHING, model)


@pytest.mark.full
@pytest.mark.parametrize("parameter", FEATURES)
def test_without_a_feature(kind, log, tmp_path, parameter):
    # Without EPT kvm_intel drops what rests on it.
    gone = ("ept", "unrestricted_guest", "pml") if parameter == "ept" else (parameter,)
    run(tmp_path, kind, log, everything(kvm_intel=f"{parameter}=0"), EVERYTHING,
        changed=dict.fromkeys(gone, "N"))


@pytest.mark.full
def test_our_program_beside_qemu(kind, log, tmp_path):
    run(tmp_path, kind, log, everything(), EVERYTHING)


@pytest.mark.full
def test_stock_kernel(kind, log, tmp_path):
    tests = ("kvm_load", "kvm_program", "kvm_qemu")
    run(tmp_path, kind, log, guest(tests, "stock", l2_vcpus="1"), tests)


@pytest.mark.full
@pytest.mark.parametrize("model", list(BARE))
def test_the_bare_machine(kind, log, tmp_path, model):
    """The reference: the same without Xenith."""
    if kind != "bochs":
        pytest.skip("the reference is Bochs")
    # It stays: its last lines would not reach the console before a machine that is switched off.
    linux = Linux(name="l1", vcpus=2, ramdisk="initramfs-kvm", tests=("kvm_load", "kvm_program"),
                  then="shell")
    with bare_session(linux, kind=kind, cpu=model, log=log) as running:
        running.expect(r"^xtest: end kvm_program$", 1800)
        text = running.text
    passed, failed, _ = linux.report(text, alone=True)
    # Linux has a word to say of the emulator's XSAVE.
    assert [name for name in failed if not name.startswith("log ")] == []
    assert "the KVM program passes" in passed
    assert parameters(text) == bare(model)


@pytest.mark.full
def test_memory_moves_under_qemu(kind, log, tmp_path):
    """L1's balloon goes down and up again and again while L2 runs."""
    l1 = guest(("kvm_load", "kvm_qemu"), memory=640, l2_vcpus="1",
               cmdline="init_on_alloc=0 xen_scrub_pages=0")
    end = re.compile(f"xtest: end kvm_qemu|{ALL_GONE.pattern}")
    moves = 0
    with session(tmp_path, [l1], kind=kind, cores=2, log=log) as running:
        running.expect("xtest: begin kvm_qemu", 1800)
        monitor = Monitor(running)
        monitor.enter()
        while not end.search(running.text):
            monitor(f"mem-set l1 {640 - 64 * (moves % 2)}", PROMPT)
            running.settle(3, 3)
            moves += 1
        running.expect(ALL_GONE, 900)
        running.settle()
        text = running.text
    passed, failed, ended = l1.report(text, alone=True)
    assert not failed and ended == ["kvm_load", "kvm_qemu"] and passed
    assert moves > 4
