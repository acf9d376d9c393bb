# SPDX-License-Identifier: MIT
"""What the system tests share: options, logs, and a private directory each."""

import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from rig import TOP, machine  # noqa: E402

LOGS = os.path.join(TOP, "build", "system")


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="the long set too")
    parser.addoption("--machine", default="auto", help="as in tests/boot")


def pytest_configure(config):
    config.addinivalue_line("markers", "full: only in the long set")
    os.makedirs(LOGS, exist_ok=True)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--full"):
        return
    kept = [item for item in items if not item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session")
def kind(request):
    """The machine with VMX that guests run on."""
    return machine.choose(request.config.getoption("--machine"))


def assemble(directory, *options):
    """tests/system/alive.asm as a kernel: its path."""
    image = directory / "alive"
    subprocess.run(["nasm", "-f", "elf32", *options, os.path.join(TOP, "tests/system/alive.asm"),
                    "-o", f"{image}.o"], check=True)
    subprocess.run(["ld", "-m", "elf_i386", "-z", "noexecstack", "-Ttext-segment=0x100000",
                    f"{image}.o", "-o", image], check=True)
    return str(image)


@pytest.fixture(scope="session")
def alive(tmp_path_factory):
    """A tiny PVH guest that speaks five times and powers off."""
    return assemble(tmp_path_factory.mktemp("alive"))


@pytest.fixture(scope="session")
def endless(tmp_path_factory):
    """The same, but it never stops."""
    return assemble(tmp_path_factory.mktemp("endless"), "-DROUNDS=0x7fffffff")


@pytest.fixture
def log(request):
    """Where this test's console is kept: build/system/NAME.log."""
    return os.path.join(LOGS, re.sub(r"[^\w.-]+", "-", request.node.name) + ".log")
