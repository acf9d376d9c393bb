// SPDX-License-Identifier: MIT
/*
 * Covers I1, I3 and I10 for the hardware kind of cache (docs/gpc.md): a frame whose address stands
 * in a VMCS; and I1 for the TLB of a core on which two vCPUs of the guest take turns.
 *
 *   core 0        physmap_change() and gpc_activate(), gpc_deactivate() of the cache, in any order
 *   cores 1, 2    vCPU V, whose VMCS refers to the page, moves between them; core 2 has a sibling
 *                 W of V that it may run instead, which takes the core's generation along
 *
 * The cache is at gfn 1 (frame P, later Q), or at gfn 2 (frame R), or nowhere. Its fields are used
 * under physmap.lock alone, so they need no store buffer. A page that is not there is replaced by
 * NONE, a page of the vCPU's own.
 */
#define NC 3
#define NVAR 6
#define LOCK 0	  /* physmap.lock */
#define EPT 1	  /* the leaf of gfn 1 */
#define GEN 2	  /* map_gen */
#define HW_GEN 3  /* gpc_hw.gen; 0: look again */
#define RUN 3	  /* 4 and 5: shared.run of cores 1 and 2: odd or even, see ON_STORE */

#define NONE 4
#define P 1
#define Q 2
#define R 3

bool freed[5];
bool watched[3]; /* the round waits for run to change */
bool v_loaded;	 /* vcpu.on_core: changed under the scheduler's lock */
byte current[3]; /* shared.current, stored by an exchange: 1: V, 2: W */
bool in_guest[3];
byte vmcs;	 /* the field in V's VMCS, in memory */
byte field[3];	 /* the same in a core that has it active */

/* struct gpc, under the lock */
byte target = 1; /* gfn; 0: not active */
bool valid = true;
byte pfn = P;

/* The code's epochs never come back to an old value; here the changer is told of any store. */
#define ON_STORE(variable)                                                                         \
	if                                                                                         \
	:: (variable) == RUN + 1 -> watched[1] = false                                             \
	:: (variable) == RUN + 2 -> watched[2] = false                                             \
	:: else                                                                                    \
	fi

#include "x86.pml"

#ifndef TURNS
#define TURNS 2
#endif

#ifdef M_CURRENT_LATE
#define CURRENT_IS(x) skip
#else
#define CURRENT_IS(x) current[c] = x
#endif

/* kick_cores, one core; `only`: V's core alone */
inline kick_core(c, only, x)
{
	atomic {
		LOAD(0, RUN + c, x);
		watched[c] = x & 1
	};
	atomic {
		if
		:: only && current[c] != 1 -> watched[c] = false
		:: else
		fi;
		x = 0
	}
}

/* round_run */
inline round_run(only, x)
{
	FENCE(0);
	kick_core(1, only, x);
	kick_core(2, only, x);
	!watched[1];				/* wait_exit */
	!watched[2]
}

/* physmap_change of gfn 1: from P to nothing, or from nothing to Q */
inline physmap_change(f, old, x)
{
	spin_lock(0, LOCK);
	atomic {
		d_step { drain_all(0); old = mem[EPT]; mem[EPT] = f };
#ifndef M_NO_INVALIDATE
		if
		:: old && target == 1 -> valid = false	/* gpc_index_invalidate() */
		:: else
		fi;
#endif
	};
	/* A cache of the hardware kind that waits for the page counts as a user of the old one. */
	if
#ifdef M_MAPPED_WITHOUT_ROUND
	:: old ->
#else
	:: old || target == 1 ->
#endif
		atomic { LOAD(0, GEN, x); STORE(0, GEN, x + 1); x = 0 };
		round_run(false, x)
	:: else
	fi;
	freed[old] = old != 0;
	spin_unlock(0, LOCK)
}

/* settle: V is out of the guest, and looks again */
inline settle(x)
{
#ifdef M_KICKED_BEFORE_FORGOTTEN
	round_run(true, x);
#endif
#ifndef M_NOT_FORGOTTEN
	STORE(0, HW_GEN, 0);
#endif
#if !defined(M_RETARGET_NO_KICK) && !defined(M_KICKED_BEFORE_FORGOTTEN)
	round_run(true, x)
#else
	skip
#endif
}

/* gpc_activate at gfn 2, or gpc_deactivate */
inline retarget(to, old, x)
{
	spin_lock(0, LOCK);
	old = pfn;
	valid = false;				/* withdraw() */
	target = to;
	if
	:: to == 2 -> pfn = R; valid = true	/* resolve(), publish() */
	:: else -> pfn = 0
	fi;
	settle(x);
	/* "nor does the processor" */
	assert(!(in_guest[1] && field[1] == old) && !(in_guest[2] && field[2] == old));
	spin_unlock(0, LOCK)
}

proctype changer()
{
	byte old, x, turns;

	do
	:: turns < 2 ->
		turns++;
		old = 0;
		if
		:: mem[EPT] == P -> physmap_change(0, old, x)
		:: mem[EPT] == 0 -> physmap_change(Q, old, x)
		:: target == 1 -> retarget(2, old, x)
		:: target != 0 -> retarget(0, old, x)
		fi;
		old = 0
	:: turns == 2 -> break
	od
}

/* gpc_hw_resolve: nothing in it can be seen by who has not the lock, so it is one step */
inline gpc_hw_resolve(c, g, f)
{
#ifdef M_RESOLVE_UNLOCKED
	LOAD(c, EPT, f);
	if
	:: target == 1 && !valid && f -> pfn = f; valid = true
	:: else
	fi;
	f = (target && valid -> pfn : NONE);
	STORE(c, HW_GEN, g)
#else
	atomic {
		mem[LOCK] == 0;
		drain_all(c);
		if					/* gpc_index_find() */
		:: target == 1 && !valid && mem[EPT] -> pfn = mem[EPT]; valid = true
		:: else
		fi;
		/* I3 */
		assert(!valid || target == 0 || pfn == (target == 1 -> mem[EPT] : R));
		f = (target && valid -> pfn : NONE);
#ifndef M_GEN_AFTER_RESOLVE
		mem[HW_GEN] = g
#endif
	};
#ifdef M_GEN_AFTER_RESOLVE
	atomic { LOAD(c, GEN, g); STORE(c, HW_GEN, g) }
#endif
#endif
}

/* hw_pages_resolve: into the VMCS, which is active on this core */
inline hw_pages_resolve(c, g, f)
{
	gpc_hw_resolve(c, g, f);
	atomic {
		g = 0;
#ifdef M_OLD_FIELD_STAYS
		if
		:: f != NONE -> field[c] = f
		:: else
		fi;
#else
		field[c] = f;
#endif
		f = 0
	}
}

/* The generation that an entry of this vCPU stands for: *x->seen_gen. */
inline load_seen(c, v, seen, h)
{
#ifdef M_FOLDED
	h = seen;
#else
	if
	:: v -> LOAD(c, HW_GEN, h)
	:: !v -> h = seen
	fi;
#endif
	skip
}

proctype core(byte c)
{
	byte g, h, f, seen, tlb, turns;
	bool v;

next:
	if
	:: turns == TURNS -> goto out
	:: else -> turns++
	fi;
	/* choose(): V if no other core has it, or W; load() */
	if
	:: atomic { !v_loaded -> drain_all(c); v_loaded = true; v = true;
			field[c] = vmcs; CURRENT_IS(1) };
#ifndef M_NO_LOAD_COMPARE
		atomic {				/* hw_pages_load() */
			LOAD(c, HW_GEN, h);
			if
			:: h != seen -> STORE(c, HW_GEN, 0)
			:: else
			fi;
			h = 0
		}
#endif
	:: atomic { c == 2 -> drain_all(c); v = false; CURRENT_IS(2) }
	:: c == 1 && v_loaded -> goto out
	fi;
again:
	/* take_turn(): the generation is sampled before the flush */
	atomic { LOAD(c, GEN, g); load_seen(c, v, seen, h) };
	if
	:: g != h ->					/* catch_up() */
		atomic {
			if
			:: g != seen -> tlb = 0; seen = g
			:: else
			fi
		};
		if
		:: v -> hw_pages_resolve(c, g, f)
		:: else
		fi
	:: else
	fi;
	atomic {
		g = 0;
		h = 0;
#ifdef M_NO_FENCE_ENTER
		STORE(c, RUN + c, 1)
#else
		XCHG(c, RUN + c, 1)
#endif
	};
#ifndef M_NO_RECHECK
	LOAD(c, GEN, g);
	load_seen(c, v, seen, h);
	if
	:: atomic { g != h -> STORE(c, RUN + c, 0); g = 0; h = 0; goto again }
	:: else
	fi;
#endif
	atomic { g = 0; h = 0; in_guest[c] = v };
#ifdef M_CURRENT_LATE
	current[c] = (v -> 1 : 2);
#endif
	do
	:: atomic { tlb == 0 && mem[EPT] -> tlb = mem[EPT] }
	:: tlb -> assert(!freed[tlb])			/* I1 */
	:: v -> assert(!freed[field[c]])		/* I1: the processor uses the page */
	/* hw_pages_check(): no change under way, so it is the right page */
	:: atomic { v && mem[LOCK] == 0 ->
		assert(field[c] == (target == 0 -> NONE :
			(target == 2 -> R : (mem[EPT] -> mem[EPT] : NONE)))) }
	:: true -> break
	od;
	atomic {
		in_guest[c] = false;
		STORE(c, RUN + c, 0)			/* the exit stub's first store */
	};
	/* unload(): VMCLEAR, then the scheduler's lock */
	atomic {
		drain_all(c);
#ifndef M_NO_VMCLEAR
		if
		:: v -> vmcs = field[c]
		:: else
		fi;
#endif
		if
		:: v -> v_loaded = false; field[c] = 0; v = false
		:: else
		fi;
		current[c] = 0
	};
	goto next;
out:
	skip
}

init {
	atomic {
		d_step {
			mem[EPT] = P;
			mem[GEN] = 1;
			vmcs = NONE
		};
		run memory(0);
		run memory(1);
		run memory(2);
		run changer();
		run core(1);
		run core(2)
	}
}
