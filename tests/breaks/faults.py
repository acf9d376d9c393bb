# SPDX-License-Identifier: MIT
"""Faults of the invalidation protocol, as edits of its sources.

Each: what is wrong, edits (file, regular expression, replacement), and the
mutants of tests/model that stand for it. An expression must match once.
"""

import os
import re

GPC, PHYSMAP, ROUND, EPT02 = "mm/gpc.c", "mm/physmap.c", "mm/round.c", "mm/ept02.c"
RUN, TAGS, INTR = "arch/x86/vmx/run.c", "arch/x86/vmx/tags.c", "arch/x86/vmx/exit_intr.c"

FAULTS = [
    # Fences
    ("no fence in round_run()", [(ROUND, r"fence_full\(\)", "fence_compiler()")],
     ["M_NO_FENCE_ROUND"]),
    ("no fence in sections_drain()", [("mm/section_drain.c", r"fence_full\(\)", "fence_compiler()")],
     ["M_NO_FENCE_DRAIN"]),
    ("no fence in section_begin()",
     [("mm/section.h", r"this_cpu_inc_fence\(", "this_cpu_inc(")], ["M_NO_FENCE_SECTION"]),
    ("no fence when run goes odd",
     [(RUN, r"\(void\)atomic_xchg\(&cpu->shared\.run, ", "store_release(&cpu->shared.run, ")],
     ["M_NO_FENCE_ENTER"]),
    # Waits
    ("sections are not waited for by a change",
     [(ROUND, r"\tsections_(drain|wait)\(\);\n", "")], ["M_NO_DRAIN"]),
    ("sections are not waited for when a cache is withdrawn",
     [(GPC, r"\tsections_drain\(\);\n", "")], ["M_WITHDRAW_NO_DRAIN"]),
    ("kicked cores are not waited for",
     [(ROUND, r"while \(load_acquire\(&s->run\) == snap\)",
       "while (false && load_acquire(&s->run) == snap)")], ["M_NO_WAIT"]),
    ("wait until run is even, not until it changes",
     [(ROUND, r"while \(load_acquire\(&s->run\) == snap\)",
       "while (snap && load_acquire(&s->run) & RUN_ODD)")], []),
    ("run is read a second time for the wait",
     [(ROUND, r"snap\[c\] = run;", "snap[c] = load_acquire(&s->run);")], ["M_RUN_READ_TWICE"]),
    ("cores in other guests are kicked",
     [(ROUND, r"\(uint8_t\)run != ours", "!(run & RUN_ODD)")], []),
    ("no kick", [(ROUND, r"\t\tapic_send_kick\(c\);\n", "")], []),
    ("a kick does not become an NMI", [(ROUND, r"\t\t\tapic_send_nmi\(core\);\n", "")],
     ["M_NO_NMI"]),
    ("no IRET after an NMI exit", [(INTR, r"\tnmi_unblock\(\);\n", "")], ["M_NO_IRET"]),
    # Flushes
    ("no INVEPT", [(TAGS, r"bool ok = invept\([^;]*;", "bool ok = true;")], ["M_NO_INVEPT"]),
    ("no INVVPID when a vCPU changes cores",
     [(TAGS, r"\t\ttags_flush_vcpu\(v\);\n", "\t\t(void)0;\n")], []),
    ("generation sampled again after the flush",
     [(RUN, r"\*core_gen = gen;", "*core_gen = load_acquire(&pm->map_gen);")], []),
    # Checks at entry
    ("no compare after run is odd",
     [(RUN, r"\(locked \|\| load_acquire\(&pm->map_gen\) == load_relaxed\(x->seen_gen\)\) &&",
       "(locked || !false) &&")], ["M_NO_RECHECK"]),
    ("the slot is stored in run after that went odd",
     [(TAGS, r"\tstore_release\(&cpu->shared\.run, [^;]*;\n", ""),
      (RUN, r"return TURN_ENTER;(\n\tstore_release)",
       r"return store_release(&cpu->shared.run, (cpu->shared.run & ~RUN_SLOT) | pm->slot),"
       r" TURN_ENTER;\1")], ["M_SLOT_AFTER_RUN"]),
    # The change
    ("the generation is not bumped",
     [(PHYSMAP, r"round_bump\(pm, f\.withdrawn\);", ";")], ["M_NO_BUMP"]),
    ("the generation is bumped after the round",
     [(PHYSMAP, r"(\t\tround_bump\([^\n]*\n)"
                r"(\t\tprotocol_step\(STEP_BUMPED\);\n)(\t\tround_run\([^\n]*\n)",
       r"\3\1\2")], ["M_BUMP_AFTER_ROUND"]),
    ("caches stay valid",
     [(GPC, r"\t\tstore_relaxed\(&g->valid, false\);\n(\t\tg->invalidations)", r"\1")],
     ["M_NO_INVALIDATE"]),
    ("a leaf is not marked HAS_GPC",
     [(GPC, r"\tstore_release\(w\.slot, w\.entry \| EPT_HAS_GPC\);\n", "")], []),
    ("frames are put before the round",
     [(PHYSMAP, r"(\tif \(f\.stale\) \{\n.*?\n\t\}\n)(\tput_old\([^\n]*\n)", r"\2\1")],
     ["M_FREE_BEFORE_ROUND"]),
    ("a change without the lock",
     [(PHYSMAP, r"\tspin_lock\(&pm->lock\);\n", ""),
      (PHYSMAP, r"\tspin_unlock\(&pm->lock\);\n", "")], ["M_NO_LOCK_REMOVE"]),
    ("caches that wait are not told",
     [(PHYSMAP, r"\t\tphysmap_waiters_ready\(pm\);\n", "\t\t(void)0;\n")], ["M_NO_WAITERS_READY"]),
    ("a slot's next map starts at its last generation",
     [(PHYSMAP, r"slot_last_gen\[slot\] \+ 1", "(slot_last_gen[slot] ? slot_last_gen[slot] : 1)")],
     ["M_EQUAL_GENERATION"]),
    # The cache
    ("valid is stored before the frame",
     [(GPC, r"(\tstore_relaxed\(&g->pfn\.n, pfn\.n\);\n\tprotocol_step\(STEP_FRAME_STORED\);\n)"
            r"(\tstore_release\(&g->valid, true\);\n)", r"\2\1")], ["M_VALID_BEFORE_PFN"]),
    ("a refresh without the lock",
     [(GPC, r"(gpc_refresh\(struct gpc \*g\)\n\{[^}]*?)\tspin_lock\(&pm->lock\);\n"
            r"([^}]*?)\tspin_unlock\(&pm->lock\);\n", r"\1\2")], ["M_NO_LOCK_REFRESH"]),
    ("a refresh of an inactive cache", [(GPC, r"!g->active \|\| g->valid\)", "g->valid)")],
     ["M_REFRESH_INACTIVE"]),
    ("a section that ends before the copy",
     [(PHYSMAP, r"(\t\tto = part_address[^\n]*\n)(\t\tif \(to\)\n[^\n]*\n)(\t\tsection_end\(\);\n)",
       r"\1\3\2")], ["M_SECTION_ENDS_EARLY"]),
    # Frames in a VMCS
    ("the owner of a hardware page is not kicked",
     [(GPC, r"\tround_run\(g->physmap, g->hw->owner\);\n", "")], ["M_RETARGET_NO_KICK"]),
    ("the owner of a hardware page does not look again",
     [(GPC, r"\tstore_relaxed\(&g->hw->gen, 0\);\n", "")], ["M_NOT_FORGOTTEN"]),
    ("kicked before it must look again",
     [(GPC, r"(\tstore_relaxed\(&g->hw->gen, 0\);\n\tprotocol_step\(STEP_HW_FORGOTTEN\);\n)"
            r"(\tround_run\(g->physmap, g->hw->owner\);\n)", r"\2\1")],
     ["M_KICKED_BEFORE_FORGOTTEN"]),
    ("hardware pages are looked up without the lock",
     [("mm/gpc_hw.c", r"\t\tspin_lock\(&pm->lock\);\n", "\t\t(void)pm;\n"),
      ("mm/gpc_hw.c", r"\t\tspin_unlock\(&pm->lock\);\n", "\t\t(void)0;\n")], ["M_RESOLVE_UNLOCKED"]),
    ("a page that came back is mapped without a round",
     [(GPC, r"\t\t\t\t\*hw = true;\n", "\t\t\t\t(void)0;\n")], ["M_MAPPED_WITHOUT_ROUND"]),
    # The copies in an EPT02
    ("a copied leaf is not marked",
     [(EPT02, r"\t\tstore_release\(w\.slot, w\.entry \| EPT_HAS_COPY\);\n", "\t\t(void)0;\n")],
     ["M_NOT_MARKED"]),
    ("a leaf is read before the lock, and marked after",
     [(EPT02, r"(\tspin_lock\(&pm->lock\);\n)(\tw = ept_walk\([^\n]*\n)", r"\2\1")],
     ["M_COPIED_BEFORE_LOCK"]),
    ("a change of a copied leaf is not logged",
     [(PHYSMAP, r"\tif \(old & EPT_HAS_COPY\) \{", "\tif (false) {")], ["M_NOT_LOGGED"]),
    ("the log counts before it has the page",
     [(PHYSMAP, r"(\t\tstore_relaxed\(&pm->log\[)(pm->logged)( [^\n]*\n)"
                r"(\t\tstore_release\(&pm->logged, [^\n]*\n)",
       r"\4\t\tprotocol_step(STEP_LOGGED);\n\1(\2 - 1)\3")], ["M_COUNT_BEFORE_GFN"]),
    ("the log is not followed before an entry",
     [(EPT02, r"(void ept02_follow\(struct ept02 \*e\)\n\{\n)", r"\1\treturn;\n")],
     ["M_NO_FOLLOW"]),
    ("a log that ran over is followed as if it had not",
     [(EPT02, r"if \(load_acquire\(&pm->logged\) - e->followed >= PHYSMAP_LOG\) \{",
       "if (false) {")], ["M_OVERFLOW_IGNORED", "M_OVERWRITTEN_IGNORED"]),
    ("a log that ran over by one is followed",
     [(EPT02, r"e->followed >= PHYSMAP_LOG\) \{", "e->followed > PHYSMAP_LOG) {")],
     ["M_RING_ONE_TOO_LONG"]),
    ("what the log said stays in the TLB",
     [(EPT02, r"(\te->followed = end;\n)\tept02_all_stale\(e\);\n", r"\1")], ["M_NO_INVEPT"]),
]


def edited(edits, top="."):
    """The files of a fault: {name: (text, text with the fault)}."""
    files = {}
    for name, pattern, replacement in edits:
        if name not in files:
            with open(os.path.join(top, name), encoding="utf-8") as source:
                text = source.read()
            files[name] = (text, text)
        changed, count = re.subn(pattern, replacement, files[name][1], flags=re.S)
        if count != 1:
            raise ValueError(f"{name}: {count} places for {pattern}")
        files[name] = (files[name][0], changed)
    return files


def complaints(top="."):
    """Of those that fit the sources no more, or name a mutant that is not there."""
    with open(os.path.join(top, "tests/model/run.py"), encoding="utf-8") as source:
        known = set(re.findall(r"\bM_[A-Z0-9_]+\b", source.read()))
    for name, edits, mutants in FAULTS:
        try:
            edited(edits, top)
        except ValueError as error:
            yield f"tests/breaks/faults.py: {name}: {error}"
        for mutant in set(mutants) - known:
            yield f"tests/breaks/faults.py: {name}: no mutant {mutant} in tests/model/run.py"
