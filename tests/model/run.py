#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check the models of the invalidation protocol, and that they notice faults.

usage: run.py [NAME...]

Each model must have no error over its whole state space. Each mutant (the same
model with one fence, check, wait or order removed or swapped by a macro) must
have one: a mutant that survives says that the model does not see that fault.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
JOBS = 2

# (model, macros, what is wrong with it; None: nothing)
RUNS = [
    ("round", "", None),
    ("round", "M_NO_FENCE_ROUND", "round_run() reads run and acc without a fence before"),
    ("round", "M_RUN_READ_TWICE", "kick_cores() reads run a second time"),
    ("round", "M_NO_DRAIN", "open sections are not waited for"),
    ("round", "M_NO_WAIT", "kicked cores are not waited for"),
    ("round", "M_NO_NMI", "a kick that is not heeded does not become an NMI"),
    ("round", "M_NO_IRET", "NMIs stay blocked after an NMI exit"),
    ("round", "M_NO_LOCK_REMOVE", "physmap_change() without physmap.lock"),
    ("round", "M_FREE_BEFORE_ROUND", "the frame is put before the round"),
    ("round", "M_NO_INVALIDATE", "the gpc stays valid"),
    ("round", "M_NO_BUMP", "map_gen is not bumped"),
    ("round", "M_BUMP_AFTER_ROUND", "map_gen is bumped after the round"),
    ("round", "M_NO_LOCK_REFRESH", "gpc_refresh() without physmap.lock"),
    ("round", "M_VALID_BEFORE_PFN", "publish() stores valid first"),
    ("round", "M_NO_INVEPT", "a moved generation does not flush"),
    ("round", "M_VM_AFTER_RUN", "shared.physmap is stored after run goes odd"),
    ("round", "M_NO_FENCE_ENTER", "run goes odd by a plain store"),
    ("round", "M_NO_RECHECK", "map_gen is not compared again after run is odd"),
    ("round", "M_NO_FENCE_SECTION", "section_begin() by a plain store"),
    ("round", "M_SECTION_ENDS_EARLY", "the frame is used after section_end()"),
    ("event", "", None),
    ("event", "NEVER_BACK", None),
    ("event", "M_DROP_ON_MISS", "an event that misses the page is not parked"),
    ("event", "M_ATTN_BEFORE_SHADOW", "ATTN_SHADOW is raised before the bit is parked"),
    ("event", "M_NO_SHADOW_ATTN", "a parked bit raises no ATTN_SHADOW"),
    ("event", "M_SHADOW_LEFT_SET NEVER_BACK", "ATTN_SHADOW stays set for a page that is gone"),
    ("event", "M_NO_WAITERS_READY", "a page that is back is not announced"),
    ("event", "M_NO_EVENT_BYTE", "the sender does not store attn.event"),
    ("event", "M_EVENT_CLEARED_LATE", "attn.event is cleared after the look at the page"),
    ("event", "M_NO_FENCE_KICK", "vcpu_kick_event() without its fence"),
    ("event", "M_NO_FENCE_ENTER", "run goes odd by a plain store"),
    ("event", "M_NO_RECHECK_ATTN", "attn is not looked at again after run is odd"),
    ("event", "M_NO_FENCE_BLOCK", "sched_block() without a fence after BLOCKED"),
]


def name_of(model, macros):
    return " ".join([model] + macros.split())


def check(model, macros):
    """(errors, states) of one exhaustive search."""
    with tempfile.TemporaryDirectory(prefix="xenith-model-") as directory:
        for name in os.listdir(HERE):
            if name.endswith(".pml"):
                shutil.copy(os.path.join(HERE, name), directory)

        def run(*command):
            return subprocess.run(command, cwd=directory, check=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT).stdout.decode(errors="replace")

        run("spin", "-a", *("-D" + macro for macro in macros.split()), model + ".pml")
        run("gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=8000", "-o", "pan", "pan.c")
        output = run("./pan", "-m1000000", "-w25")
    errors = re.search(r"errors: (\d+)", output)
    states = re.search(r"(\d+) states, stored", output)
    if not errors or not states:
        raise RuntimeError(output[-2000:])
    # Cut short by memory or depth is not exhausted.
    if not int(errors.group(1)) and ("Search not completed" in output or
                                     "max search depth too small" in output):
        raise RuntimeError("not exhausted:\n" + output[-2000:])
    return int(errors.group(1)), int(states.group(1))


def main(wanted):
    runs = [run for run in RUNS
            if not wanted or any(word in name_of(run[0], run[1]).split() for word in wanted)]
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        futures = [pool.submit(check, model, macros) for model, macros, _ in runs]
        for (model, macros, fault), future in zip(runs, futures):
            try:
                errors, states = future.result()
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"FAIL  {name_of(model, macros)}: {error}", flush=True)
                failed += 1
                continue
            good = bool(errors) == bool(fault)
            word = "killed" if errors and fault else "SURVIVED" if fault else \
                "holds" if good else "ERROR"
            print(f"{word:8}  {name_of(model, macros):38} {states:>9} states  {fault or ''}".rstrip(),
                  flush=True)
            passed += good
            failed += not good
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
