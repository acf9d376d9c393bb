# SPDX-License-Identifier: MIT
"""Guests that are hypervisors, and whose processors cannot return to them: VMX aborts."""

import os
import re

import pytest

from rig import TOP, bare, guestcfg, iso
from rig.machine import memory_for
from rig.session import ALL_GONE, Session, lines_of

KERNEL = os.path.join(TOP, "build", "guest", "vmx_abort64.elf")
# The indicators of the SDM, vol. 3, 27.7.
ABORTS = {"load_fs_base": 4, "load_reserved": 4, "load_value": 4, "load_no_entry": 4,
          "store_reserved": 1, "pdpte": 2}
GOES_ON = "pdpte_good"


def modules(directory):
    for name in ["neighbour", *ABORTS, GOES_ON]:
        path = directory / f"{name}.cfg"
        vcpus = 1 if name == "neighbour" else 2
        path.write_text(guestcfg.text(name, kernel="abort", memory=16, vcpus=vcpus, cmdline=name,
                                      extra=["nestedhvm = 1", 'on_reboot = "destroy"']))
        yield iso.Module(str(path), f"{name}.cfg")
    yield iso.Module(KERNEL, "abort")


def test_an_abort_ends_its_guest_alone(kind, log, tmp_path):
    with Session(list(modules(tmp_path)), kind=kind, cores=2,
                 host_memory=memory_for(16 * (2 + len(ABORTS))), log=log) as session:
        for name in [*ABORTS, GOES_ON]:
            session.expect(rf"xenith: {name}: domain \d+ ended", 120)
        # The neighbour, which has the input, runs until there is some.
        session.send("x")
        assert session.expect(ALL_GONE, 60).group(1) == "clean"
    for name, indicator in ABORTS.items():
        assert re.search(rf"{name}: vCPU 1: VMX abort {indicator}\n(.*\n)*?"
                         rf".*{name}: domain \d+ ended: reboot", session.text)
    assert len(re.findall("VMX abort", session.text)) == len(ABORTS)
    assert re.search(rf"{GOES_ON}: domain \d+ ended: poweroff", session.text)
    assert "1..1" in lines_of(session.text, GOES_ON)
    assert f"ok 1 - {GOES_ON}" in lines_of(session.text, GOES_ON)
    assert re.search(r"^(\(neighbour\) )?ok 1 - L2 has run", session.text, re.M)
    assert "not ok" not in session.text


@pytest.mark.full
def test_the_bare_machine_aborts_as_well(kind, log):
    if kind != "bochs":
        pytest.skip("its VMX is that of another hypervisor")
    text, problem = bare.boot(KERNEL, kind, cores=2 + len(ABORTS), timeout=60, log=log)
    assert not problem
    rows = bare.rows(text.splitlines())
    assert rows.pop(GOES_ON) == "comes back"
    for name, indicator in ABORTS.items():
        assert rows.pop(name) == "stops"
        # Bochs counts from 0.
        assert rows.pop(f"{name}.indicator") == str(indicator - 1)
    assert not rows
