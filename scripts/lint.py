#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every check of the tree that runs no test; each is counted by itself.

usage: lint.py [NAME...]     only these checks
       lint.py --format      clang-format all C files in place
"""

import ast
import filecmp
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import elf
from results import Results, fail

LAYERS = ("core", "arch", "drivers", "mm", "xenabi", "boot")
MAX_LINES, LONG_FUNCTION = 500, 60
MAX_IMAGE = 320 << 10
PAGE = 4096
SKIPPED_DIRECTORIES = {"build", ".git", "__pycache__", "corpus"}
COMMENTED = (".c", ".h", ".asm", ".S", ".inc", ".py", ".sh", ".ld", ".mk", ".pml")


def files(suffixes=None, top="."):
    """Paths of the tree's files, sorted."""
    found = []
    for directory, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in SKIPPED_DIRECTORIES]
        found += [os.path.relpath(os.path.join(directory, name), top) for name in names]
    return sorted(path for path in found if suffixes is None or path.endswith(suffixes))


def hypervisor_files(suffixes):
    return [path for path in files(suffixes) if path.split("/")[0] in LAYERS]


def text(path):
    with open(path, encoding="utf-8", errors="replace") as source:
        return source.read()


def command(words, stdin=None, cwd=None):
    """(status, output)"""
    done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=cwd, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def each(paths, check):
    """Complaints of check(path) over all paths, on every core."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for lines in pool.map(check, paths) for line in lines]


def make_variable(name, *settings):
    return command(["make", "-s", f"print-{name}", *settings])[1].split()


def check_layers():
    """No file includes a header of a higher layer."""
    return list(importlib.import_module("lint-layers").complaints("."))


def check_cache():
    """Guest frames are reached in sections by named files; a valid access is short."""
    return list(importlib.import_module("lint-gpc").complaints("build/xenith.elf"))


def check_hazards():
    """Each hazard has its row in docs/gpc.md, and the tests and mutants named there exist."""
    return list(importlib.import_module("lint-hazards").complaints("."))


def check_breaks():
    """Each fault of tests/breaks can still be made in the sources."""
    sys.path.insert(0, "tests/breaks")
    return list(importlib.import_module("faults").complaints())


def check_headers():
    """Every header compiles alone."""
    compiler = make_variable("TARGET_CC") + make_variable("CFLAGS_HV")

    def alone(path):
        status, output = command([*compiler, "-fsyntax-only", "-x", "c", "-"],
                                 f'#include "{path}"\n'.encode())
        return [f"{path}:\n{output}"] if status else []
    return each(hypervisor_files((".h",)), alone)


def build(*settings):
    status, output = command(["make", "all", *settings])
    return [output[-4000:]] if status else []


def check_gcc():
    """GCC builds it without a warning."""
    return build()


def check_clang():
    """clang builds it without a warning."""
    return build("CC=clang", "BUILD=build/clang")


def check_debug():
    """The debug build builds."""
    return build("DEBUG=1")


def check_count():
    """The counting build builds."""
    return build("COUNT=1")


def c_files():
    return files((".c", ".h"))


def check_format():
    """clang-format has nothing to change."""
    def one(path):
        status, output = command(["clang-format", "--dry-run", "-Werror", path])
        return ["\n".join(output.splitlines()[:3])] if status else []
    return each(c_files(), one)


def check_tidy():
    """clang-tidy's meant list (.clang-tidy)."""
    flags = [flag for flag in make_variable("CFLAGS_HV", "CC=clang")]

    def one(path):
        status, output = command(["clang-tidy", "--quiet", path, "--", "--target=x86_64-linux-gnu",
                                  *flags])
        lines = [line for line in output.splitlines() if re.search(r": (warning|error):", line)]
        return lines or ([output] if status else [])
    return sorted(set(each(hypervisor_files((".c",)), one)))


def check_spdx():
    """Every source names its licence on its first line (behind #! if there is one)."""
    wrong = []
    for path in files():
        first = text(path).split("\n", 2)[:2]
        interpreted = first[0].startswith("#!")
        if not (path.endswith(COMMENTED) or interpreted or path.endswith("Makefile")):
            continue
        if "SPDX-License-Identifier: MIT" not in first[-1 if interpreted else 0]:
            wrong.append(f"{path}: no SPDX line")
    return wrong


def check_paths():
    """No path of some developer's machine in the sources or in the image."""
    pattern = re.compile(r"(?<![\w.])/(?:home|root|work|Users|mnt)/[\w.-]")
    wrong = []
    for path in files():
        for number, line in enumerate(text(path).splitlines(), 1):
            if pattern.search(line) and "re.compile" not in line:
                wrong.append(f"{path}:{number}: {line.strip()}")
    with open("build/xenith.elf", "rb") as image:
        if os.getcwd().encode() in image.read():
            wrong.append("build/xenith.elf: holds the path it was built in")
    return wrong


def check_image():
    """Segments page-aligned, none writable and executable."""
    wrong = []
    image = elf.Elf("build/xenith.elf")
    for segment in image.segments:
        where = f"segment at {segment.vaddr:#x}"
        if segment.flags & elf.W and segment.flags & elf.X:
            wrong.append(f"{where} is writable and executable")
        if segment.type == elf.PT_LOAD and segment.memsz and segment.vaddr % PAGE:
            wrong.append(f"{where} does not begin on a page")
    ends = sorted((s.vaddr // PAGE, -(-(s.vaddr + s.memsz) // PAGE)) for s in image.loads()
                  if s.memsz)
    if any(first[1] > second[0] for first, second in zip(ends, ends[1:])):
        wrong.append("two segments share a page")
    return wrong


def check_size():
    """The loaded image is at most 320 KiB beside its symbol table."""
    image = elf.Elf("build/xenith.elf")
    symbols = image.symbols()
    table = sum(symbols[name].size for name in ("symbols_table", "symbols_names"))
    size = sum(segment.memsz for segment in image.loads()) - table
    print(f"  image: {size} bytes loaded, and {table} of symbols")
    return [f"{size} bytes, more than {MAX_IMAGE}"] if size > MAX_IMAGE else []


def check_length():
    """Files under 500 lines; long functions are only mentioned."""
    wrong = []
    for path in hypervisor_files((".c", ".h", ".asm")) + files((".py",)):
        lines = text(path).split("\n")
        if len(lines) > MAX_LINES:
            wrong.append(f"{path}: {len(lines)} lines")
        start = None
        for number, line in enumerate(lines if path.endswith(".c") else [], 1):
            start = number if line == "{" else start
            if line == "}" and start:
                if number - start > LONG_FUNCTION:
                    print(f"  {path}:{start}: a function of {number - start} lines")
                start = None
    return wrong


def check_conditionals():
    """No preprocessor conditional inside a function: variants differ by link or by value."""
    wrong = []
    for path in hypervisor_files((".c",)):
        inside = False
        for number, line in enumerate(text(path).split("\n"), 1):
            inside = line == "{" or (inside and line != "}")
            if inside and re.match(r"\s*#\s*(if|ifdef|ifndef|else|elif)\b", line):
                wrong.append(f"{path}:{number}: {line.strip()}")
    return wrong


def check_todo():
    """Nothing is left for later in the sources."""
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    return [f"{path}:{number}: {line.strip()}"
            for path in files(COMMENTED) if path != "scripts/lint.py"
            for number, line in enumerate(text(path).split("\n"), 1) if pattern.search(line)]


def check_scripts():
    """Shell and Python parse."""
    wrong = []
    for path in files():
        first = text(path).split("\n", 1)[0]
        if path.endswith(".py") or ("python" in first and first.startswith("#!")):
            try:
                ast.parse(text(path), path)
            except SyntaxError as error:
                wrong.append(str(error))
        elif path.endswith(".sh") or (first.startswith("#!") and first.endswith("sh")):
            status, output = command(["bash" if "bash" in first else "sh", "-n", path])
            wrong += [output] if status else []
    return wrong


def check_reproducible():
    """The same source makes the same bytes, wherever and whenever."""
    with tempfile.TemporaryDirectory(prefix="xenith-lint-") as top:
        images = []
        for name in ("one", "another/deeper/place"):
            copy = os.path.join(top, name)
            os.makedirs(copy)
            for part in (*LAYERS, "mk", "scripts"):
                if os.path.isdir(part):
                    shutil.copytree(part, os.path.join(copy, part), copy_function=shutil.copyfile)
            for part in ("Makefile", "linker.ld"):
                shutil.copyfile(part, os.path.join(copy, part))
            status, output = command(["make", "all", "BUILD=build"], cwd=copy)
            if status:
                return [output[-4000:]]
            images.append(os.path.join(copy, "build"))
        return [f"{image} differs" for image in ("xenith", "xenith.elf")
                if not filecmp.cmp(*(os.path.join(place, image) for place in images), False)]


CHECKS = [check_gcc, check_clang, check_debug, check_count, check_layers, check_cache, check_hazards,
          check_breaks, check_headers, check_format, check_tidy, check_spdx, check_paths, check_image,
          check_size, check_length, check_conditionals, check_todo, check_scripts, check_reproducible]


def main(argv):
    if argv[1:] == ["--format"]:
        return subprocess.run(["clang-format", "-i", *c_files()], check=False).returncode
    results = Results("lint")
    wanted = {f"check_{name}" for name in argv[1:]}
    unknown = wanted - {check.__name__ for check in CHECKS}
    if unknown:
        fail("no such check: " + " ".join(unknown))
    for check in CHECKS:
        if wanted and check.__name__ not in wanted:
            continue
        try:
            wrong = check()
        except (OSError, ValueError, KeyError) as error:
            wrong = [f"{type(error).__name__}: {error}"]
        results.add(f"{check.__name__[6:]}: {check.__doc__}", not wrong, "\n".join(wrong[:40]),
                    quiet=False)
    return results.finish()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main(sys.argv))
