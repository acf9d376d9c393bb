// SPDX-License-Identifier: MIT
/*
 * Covers I7, I12 and I1 across domains (docs/gpc.md; hazard 34): a frame of domain A that A has
 * granted to B, so that two physmaps map it.
 *
 *   core 0  runs B's guest; then physmap_change() removes the frame from A; runs B again
 *   core 1  runs A's guest; grant map: the frame into B; runs A again; grant unmap: out of B
 *   core 2  a section: walks B's EPT and writes to the frame (a grant copy)
 *
 * So each core changes the physmap whose guest the other one runs (I7). A guest may spin for ever:
 * only a kick ends that. A wait that never ends is a deadlock that spin reports.
 */
#define NC 3
#define NVAR 12
#define LOCK_A 0 /* physmap.lock of A, of B */
#define LOCK_B 1
#define EPT_A 2	 /* the leaf: the frame is there */
#define EPT_B 3
#define GEN_A 4	 /* map_gen */
#define GEN_B 5
#define RUN 6	 /* and 7: shared.run of core 0 (in B's guest) and of core 1 (in A's) */
#define ACC 8	 /* to 10: shared.acc of each core */
#define DATA 11	 /* a word of the frame */

byte count = 1; /* frame.count: A's own entry */
bool freed;
bool kick[2];
bool tlb[2];
bool in_guest[2];

#include "x86.pml"

/* frame_get, frame_put: under the allocator's lock */
inline frame_get(c)
{
	d_step { drain_all(c); count = count + 1 }
}

inline frame_put(c)
{
	d_step {
		drain_all(c);
		assert(count > 0);
		count = count - 1;
		if
		:: count == 0 -> freed = true
		:: else
		fi
	}
}

/* sections_drain, one other core */
inline drain(c, other, x)
{
	LOAD(c, ACC + other, x);
	if
	:: x & 1 -> mem[ACC + other] != x
	:: else
	fi;
	x = 0
}

/* round_run: `where` is the core that runs this guest */
inline round_run(c, where, ep, x)
{
	FENCE(c);
	atomic {
		LOAD(c, RUN + where, ep);
		if
		:: ep & 1 -> kick[where] = true
		:: else -> ep = 0
		fi
	};
	drain(c, 1 - c, x);
	drain(c, 2, x);
	ep == 0 || mem[RUN + where] != ep;
	ep = 0
}

/* physmap_change: remove */
inline physmap_remove(c, lock, ept, gen, where, old, ep, x, early, counted)
{
	spin_lock(c, lock);
	atomic {
		d_step { drain_all(c); old = mem[ept]; mem[ept] = 0 };	/* exchange() */
		LOAD(c, gen, x);
		if
		:: old -> STORE(c, gen, x + 1)
		:: else
		fi;
		x = 0
	};
	if
	:: old ->
		if
		:: counted && early -> frame_put(c)
		:: else
		fi;
		round_run(c, where, ep, x);
		if
		:: counted && !early -> frame_put(c)
		:: else
		fi
	:: else
	fi;
	spin_unlock(c, lock)
}

/* enter: until map_gen is the one that the tag was flushed for, seen with run odd */
inline enter(c, gen, g, seen, ep)
{
	do
	:: true ->
		atomic {
			LOAD(c, gen, g);
			if
			:: g != seen -> tlb[c] = false; seen = g	/* catch_up(): INVEPT */
			:: else
			fi;
			g = 0
		};
		ep = ep + 1;
		XCHG(c, RUN + c, ep);
		atomic {
			LOAD(c, gen, g);
			if
			:: g == seen -> g = 0; break
			:: else -> g = 0; ep = ep + 1; STORE(c, RUN + c, ep)
			fi
		}
	od
}

inline guest_begins(c, spins)
{
	atomic {
		in_guest[c] = true;
		if
		:: spins = true
		:: spins = false
		fi
	}
}

inline guest_exit(c, ep, spins)
{
	atomic {
		in_guest[c] = false;
		spins = false;
		kick[c] = false;
		ep = ep + 1;
#ifndef M_RUN_ODD_IN_ROOT
		STORE(c, RUN + c, ep)		/* the exit stub's first store */
#endif
	}
}

/* What the exit's handler does between the exit and the next entry. */
inline hypercall_begin(c, a)
{
#ifdef M_CHANGE_IN_SECTION
	a = 1;
	XCHG(c, ACC + c, a)
#else
	skip
#endif
}

inline hypercall_end(c, a, ep)
{
#ifdef M_CHANGE_IN_SECTION
	a = 0;
	STORE(c, ACC + c, a);
#endif
#ifdef M_RUN_ODD_IN_ROOT
	STORE(c, RUN + c, ep);
#endif
	skip
}

#ifdef M_PUT_BEFORE_ROUND_A
#define EARLY_A 1
#else
#define EARLY_A 0
#endif
#ifdef M_PUT_BEFORE_ROUND_B
#define EARLY_B 1
#else
#define EARLY_B 0
#endif
#ifdef M_NO_COUNT
#define COUNTED_B 0
#else
#define COUNTED_B 1
#endif
/* The core that has the guest of the physmap that is changed. */
#ifdef M_ROUND_OF_GRANTER
#define B_RUNS_ON 1
#else
#define B_RUNS_ON 0
#endif

proctype core0()
{
	byte g, seen, ep, snap, old, x, a, runs;
	bool spins;

again:
	enter(0, GEN_B, g, seen, ep);
	guest_begins(0, spins);
end_guest:
	do
	:: atomic { !tlb[0] && mem[EPT_B] -> tlb[0] = true }
	:: kick[0] || !spins -> break
	od;
	guest_exit(0, ep, spins);
	if
	:: runs == 0 ->
		runs = 1;
		hypercall_begin(0, a);
		physmap_remove(0, LOCK_A, EPT_A, GEN_A, 1, old, snap, x, EARLY_A, 1);
		hypercall_end(0, a, ep);
		goto again
	:: else
	fi
}

/* GNTTABOP_map_grant_ref by B: the count is taken with the look-up */
inline grant_map(c, f)
{
	spin_lock(c, LOCK_A);
	LOAD(c, EPT_A, f);
#if !defined(M_COUNT_OUTSIDE_LOCK) && !defined(M_NO_COUNT)
	if
	:: f -> frame_get(c)
	:: else
	fi;
#endif
	spin_unlock(c, LOCK_A);
	if
	:: f ->
#ifdef M_COUNT_OUTSIDE_LOCK
		frame_get(c);
#endif
		spin_lock(c, LOCK_B);			/* physmap_change: nothing was there */
		d_step { drain_all(c); mem[EPT_B] = 1 };
		spin_unlock(c, LOCK_B)
	:: else
	fi;
	f = 0
}

proctype core1()
{
	byte g, seen, ep, snap, old, x, a, runs;
	bool spins;

again:
	enter(1, GEN_A, g, seen, ep);
	guest_begins(1, spins);
end_guest:
	do
	:: atomic { !tlb[1] && mem[EPT_A] -> tlb[1] = true }
	:: kick[1] || !spins -> break
	od;
	guest_exit(1, ep, spins);
	if
	:: runs == 0 ->
		runs = 1;
		grant_map(1, old);
		goto again
	:: else ->
		hypercall_begin(1, a);
		physmap_remove(1, LOCK_B, EPT_B, GEN_B, B_RUNS_ON, old, snap, x, EARLY_B, COUNTED_B);
		hypercall_end(1, a, ep)
	fi
}

proctype section_core()
{
	byte f;

	XCHG(2, ACC + 2, 1);				/* section_begin() */
	LOAD(2, EPT_B, f);				/* physmap_lookup() */
	if
	:: f -> STORE(2, DATA, 1); assert(!freed)
	:: else
	fi;
	STORE(2, ACC + 2, 2)				/* section_end() */
}

/* I2: no store reaches the frame after it was freed. */
proctype late_writes()
{
end:
	do
	:: d_step { sb[2].n > 0 ->
		assert(sb[2].var[0] != DATA || !freed);
		pop(2) }
	od
}

/* I1, I12: no guest uses the frame when it is nobody's. */
proctype uses()
{
end:
	freed && ((in_guest[0] && tlb[0]) || (in_guest[1] && tlb[1])) -> assert(false)
}

init {
	atomic {
		d_step { mem[EPT_A] = 1 };
		run memory(0);
		run memory(1);
		run late_writes();
		run uses();
		run core0();
		run core1();
		run section_core()
	}
}
