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

# Model, what it covers, the code that its steps stand for (named in the models step by step).
MODELS = [
    ("round", "I1-I5 I8 I10", "physmap_change round_run take_turn sections gpc_refresh exit NMI"),
    ("cache", "I1-I3 I9", "gpc_activate gpc_deactivate gpc_refresh sections_drain guest_area_map"),
    ("hw", "I1 I3 I10", "gpc_hw_resolve settle hw_pages_load catch_up load unload kick_cores"),
    ("ept02", "I1", "ept02_follow ept02_fill marked nested_catch_up nested_ept_new_core take_turn"),
    ("cross", "I1 I2 I7 I12", "physmap_change frame_get frame_put grant map and unmap, two domains"),
    ("slot", "I1 (tags)", "physmap_retire physmap_init choose unload domain_put teardown_piece"),
    ("event", "I6 I11", "evtchn_send upcall_serve_shadow vcpu_kick_event sched_block take_turn"),
    ("all", "I1 I6 I11, ends", "3 cores, 2 pages, both kinds, 2 changers, sender, refreshers"),
    ("live", "I11, progress", "take_turn enter_again physmap_change round_run spin_lock, for ever"),
]

# Searched for non-progress cycles under weak fairness; others for errors and deadlocks.
PROGRESS = {"TERMINATES", "LIVE_ENTER", "LIVE_LEAVE", "LIVE_CHANGE"}

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
    ("round", "M_SLOT_AFTER_RUN", "the slot is stored in run after that went odd"),
    ("round", "M_NO_FENCE_ENTER", "run goes odd by a plain store"),
    ("round", "M_NO_RECHECK", "map_gen is not compared again after run is odd"),
    ("round", "M_NO_FENCE_SECTION", "section_begin() by a plain store"),
    ("round", "M_SECTION_ENDS_EARLY", "the frame is used after section_end()"),
    ("cache", "", None),
    ("cache", "M_NO_FENCE_DRAIN", "sections_drain() reads acc without a fence before"),
    ("cache", "M_NO_FENCE_SECTION", "section_begin() by a plain store"),
    ("cache", "M_DRAIN_KICKED_ONLY", "only kicked cores' sections are waited for"),
    ("cache", "M_PUT_IN_BATCH", "a batch puts each frame before its one round"),
    ("cache", "M_SECOND_STAYS_VALID", "a batch marks the first page's cache alone"),
    ("cache", "M_SECTION_PER_PAGE", "a crossing area's pages are used in two sections"),
    ("cache", "M_WITHDRAW_NO_DRAIN", "gpc_activate(), gpc_deactivate() do not drain"),
    ("cache", "M_REFRESH_INACTIVE", "gpc_refresh() of a cache that is not hashed"),
    ("cache", "M_REFRESH_DROPS_LOCK", "gpc_refresh() unlocks between look-up and publish()"),
    ("cache", "M_FOUND_TO_THE_END", "a vCPU is unlinked after its caches are withdrawn"),
    ("cache", "M_DESTROYED_HASHED", "a vCPU is freed without gpc_deactivate()"),
    ("hw", "", None),
    ("hw", "M_FOLDED", "gpc_hw.gen folded into the core's seen_gen"),
    ("hw", "M_NO_LOAD_COMPARE", "hw_pages_load() does not compare with the core's seen_gen"),
    ("hw", "M_NO_RECHECK", "the generation is not compared after run is odd"),
    ("hw", "M_NO_FENCE_ENTER", "run goes odd by a plain store"),
    ("hw", "M_CURRENT_LATE", "shared.current is stored after the generation was compared"),
    ("hw", "M_RESOLVE_UNLOCKED", "gpc_hw_resolve() without physmap.lock"),
    ("hw", "M_GEN_AFTER_RESOLVE", "gpc_hw.gen is sampled after the look-up"),
    ("hw", "M_OLD_FIELD_STAYS", "a page that is gone is not replaced in the VMCS"),
    ("hw", "M_NO_INVALIDATE", "the gpc stays valid"),
    ("hw", "M_MAPPED_WITHOUT_ROUND", "a page that is back is mapped without a round"),
    ("hw", "M_NOT_FORGOTTEN", "settle() leaves gpc_hw.gen as it is"),
    ("hw", "M_RETARGET_NO_KICK", "settle() does not kick the owner"),
    ("hw", "M_KICKED_BEFORE_FORGOTTEN", "settle() kicks before it clears gpc_hw.gen"),
    ("hw", "M_NO_VMCLEAR", "a vCPU goes to another core without VMCLEAR"),
    ("ept02", "", None),
    ("ept02", "M_NO_FOLLOW", "the log is not followed before an entry"),
    ("ept02", "M_NOT_MARKED", "ept02_fill() does not mark the leaf"),
    ("ept02", "M_COPIED_BEFORE_LOCK", "ept02_fill() reads the leaf before it has physmap.lock"),
    ("ept02", "M_NOT_LOGGED", "a change of a marked leaf is not logged"),
    ("ept02", "M_LOG_AFTER_BUMP", "a change is logged after the generation moved"),
    ("ept02", "M_COUNT_BEFORE_GFN", "marked() counts before it stores the gfn"),
    ("ept02", "M_OVERFLOW_IGNORED", "a log that ran over is followed as if it had not"),
    ("ept02", "M_OVERWRITTEN_IGNORED", "... that runs over while it is read"),
    ("ept02", "M_RING_ONE_TOO_LONG", "... that is being written where the oldest stands"),
    ("ept02", "M_SAMPLED_AFTER", "the generation is sampled after the log"),
    ("ept02", "M_NO_INVEPT", "what was followed stays in the TLB"),
    ("ept02", "M_OLD_CORE", "the TLB of a core that had the vCPU before is trusted"),
    ("ept02", "M_NO_RECHECK", "map_gen is not compared again after run is odd"),
    ("ept02", "M_NO_FENCE_ENTER", "run goes odd by a plain store"),
    ("ept02", "M_NO_FENCE_ROUND", "round_run() reads run without a fence before"),
    ("cross", "", None),
    ("cross", "M_PUT_BEFORE_ROUND_A", "the granter puts the frame before its round"),
    ("cross", "M_PUT_BEFORE_ROUND_B", "the mapper puts the frame before its round"),
    ("cross", "M_ROUND_OF_GRANTER", "the mapper kicks the cores that run the granter"),
    ("cross", "M_COUNT_OUTSIDE_LOCK", "a grant map counts the frame after it has unlocked"),
    ("cross", "M_NO_COUNT", "a grant map does not count the frame"),
    ("cross", "M_RUN_ODD_IN_ROOT", "run goes even when the exit was handled"),
    ("cross", "M_CHANGE_IN_SECTION", "physmap_change() inside a section"),
    ("slot", "", None),
    ("slot", "M_EQUAL_GENERATION", "a slot's next map starts at the last one's generation"),
    ("slot", "M_FIRST_GENERATION", "a slot's next map starts at generation 1"),
    ("slot", "M_TEARDOWN_AT_ONCE", "teardown does not wait for the last reference"),
    ("slot", "M_DYING_IS_CHOSEN", "choose() takes a dying domain's vCPU"),
    ("slot", "M_NOT_EXPELLED", "domain_shutdown() does not evict"),
    ("slot", "M_EVICT_NO_FENCE", "poke_running() sets ATTN_RESCHED by a plain store"),
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
    ("all", "", None),
    ("all", "TERMINATES", None),
    ("all", "M_NO_FENCE_ROUND", "round_run() reads run and acc without a fence before"),
    ("all", "M_NO_INVALIDATE", "the gpc stays valid"),
    ("all", "M_NO_WAITERS_READY", "a page that is back is not announced"),
    ("all", "M_NO_SHADOW_ATTN", "a parked bit raises no ATTN_SHADOW"),
    ("all", "M_NO_FENCE_KICK", "vcpu_kick_event() without its fence"),
    ("all", "M_OLD_FIELD_STAYS", "a page that is gone is not replaced in the VMCS"),
    ("all", "M_NO_FENCE_ENTER", "run goes odd by a plain store"),
    ("all", "M_NO_RECHECK_GEN", "the generation is not compared after run is odd"),
    ("all", "M_NO_RECHECK_ATTN", "attn is not looked at again after run is odd"),
    ("all", "M_NO_FENCE_BLOCK", "sched_block() without a fence after BLOCKED"),
    ("all", "TERMINATES M_ATTN_STAYS", "serve() leaves the request set"),
    ("live", "LIVE_ENTER", None),
    ("live", "LIVE_LEAVE", None),
    ("live", "LIVE_CHANGE", None),
    ("live", "LIVE_ENTER M_NO_LOCKED_ENTER", "no locked try after ENTER_TRIES"),
    ("live", "LIVE_ENTER M_UNFAIR_LOCK", "physmap.lock without tickets"),
    ("live", "LIVE_ENTER M_UNLOCK_BEFORE_ODD", "a locked entry unlocks before run is odd"),
    ("live", "LIVE_ENTER M_RESOLVE_LOCKS_AGAIN", "gpc_hw_resolve() locks in a locked entry"),
    ("live", "LIVE_LEAVE M_SLICE_ONCE", "the slice is looked at on the first turn only"),
    ("live", "LIVE_CHANGE M_RUN_EVEN", "wait_exit() waits for an even run, not for a change"),
    ("live", "LIVE_CHANGE M_ACC_EVEN", "sections_drain() waits for an even acc"),
    ("live", "LIVE_CHANGE M_NO_KICK", "cores in the guest are not kicked"),
    ("live", "LIVE_CHANGE M_UNFAIR_LOCK", "physmap.lock without tickets"),
]


def name_of(model, macros):
    return " ".join([model] + macros.split())


def check(model, macros, fault):
    """(errors, states) of one exhaustive search, cut short by the first error."""
    progress = PROGRESS & set(macros.split())
    search = ["-DNP", "-DNFAIR=3"] if progress else ["-DSAFETY"]
    with tempfile.TemporaryDirectory(prefix="xenith-model-") as directory:
        for name in os.listdir(HERE):
            if name.endswith(".pml"):
                shutil.copy(os.path.join(HERE, name), directory)

        def run(*command):
            return subprocess.run(command, cwd=directory, check=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT).stdout.decode(errors="replace")

        run("spin", "-a", *("-D" + macro for macro in macros.split()), model + ".pml")
        # What is to fail does so soon: compiling would take longer.
        run("gcc", "-O0" if fault else "-O2", "-w", *search, "-DCOLLAPSE", "-DMEMLIM=2900", "-o",
            "pan", "pan.c")
        output = run("./pan", "-m500000", "-w22", *(["-l", "-f"] if progress else []))
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
    for model, invariants, functions in MODELS:
        print(f"{model:8}  {invariants:15}  {functions}")
    runs = [run for run in RUNS
            if not wanted or any(word in name_of(run[0], run[1]).split() for word in wanted)]
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        futures = [pool.submit(check, *run) for run in runs]
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
            print(f"{word:8}  {name_of(model, macros):36} {states:>9} states  {fault or ''}".rstrip(),
                  flush=True)
            passed += good
            failed += not good
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
