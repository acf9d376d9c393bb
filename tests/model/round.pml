// SPDX-License-Identifier: MIT
/*
 * Covers I1 I2 I3 I4 I5 I8 I10 (docs/gpc.md): one guest page, its cache and its TLB entry.
 *
 *   core 0  physmap_change() (remove P, map Q, remove Q) and gpc_refresh()
 *   core 1  enters the guest, which uses the page through its TLB; may ignore plain kicks; and
 *           runs another guest in between
 *   core 2  access sections through the gpc, gpc_refresh(), and a rival remover of the same gfn
 *
 * Steps carry the names of the functions in mm/ and arch/x86/vmx/run.c they stand for.
 */
#define NC 3
#define NVAR 8
#define LOCK 0	/* physmap.lock */
#define EPT 1	/* the leaf: frame, or 0 */
#define VALID 2 /* gpc.valid */
#define PFN 3	/* gpc.pfn */
#define GEN 4	/* physmap.map_gen */
#define RUN 5	/* pcpus[1]->shared.run: the epoch, and whose guest it is */
#define ACC 6	/* pcpus[2]->shared.acc */
#define DATA 7	/* a word in the frame the gpc led to */

#define OURS 128 /* the slot beside the epoch; 0: another guest's */

#define P 1
#define Q 2

bool freed[3];	   /* given back to the allocator */
bool kick_pending, nmi_pending, nmi_blocked;
byte tlb;	   /* core 1's cached translation */
bool in_guest;

#include "x86.pml"

/* round_run: fence, kick_cores, sections_drain, wait_exit */
inline round_run(c, ep, acc, now)
{
#ifndef M_NO_FENCE_ROUND
	FENCE(c);
#endif
	LOAD(c, RUN, ep);
	if
	:: atomic { (ep & 1) && (ep & OURS) -> kick_pending = true }
	:: else -> ep = 0
	fi;
#ifdef M_RUN_READ_TWICE
	if
	:: ep -> LOAD(c, RUN, ep)
	:: else
	fi;
#endif
#ifndef M_NO_DRAIN
	if
	:: c != 2 ->
		LOAD(c, ACC, acc);
		if
		:: acc & 1 -> mem[ACC] != acc
		:: else
		fi;
		acc = 0
	:: else
	fi;
#endif
#ifndef M_NO_WAIT
	do
	:: atomic { ep == 0 || mem[RUN] != ep -> ep = 0; break }
#ifndef M_NO_NMI
	:: ep && mem[RUN] == ep && !nmi_pending -> nmi_pending = true
#endif
	od
#endif
}

inline free_frame(f)
{
	if
	:: f -> d_step { freed[f] = true }
	:: else
	fi
}

/* physmap_change: remove gfn 0 */
inline physmap_remove(c, old, ep, acc, now)
{
#ifndef M_NO_LOCK_REMOVE
	spin_lock(c, LOCK);
#endif
	d_step { drain_all(c); old = mem[EPT]; mem[EPT] = 0 }	/* exchange() */
	if
	:: old ->
#ifdef M_FREE_BEFORE_ROUND
		free_frame(old);
#endif
#ifndef M_NO_INVALIDATE
		STORE(c, VALID, 0);				/* gpc_index_invalidate() */
#endif
		atomic {					/* nobody else changes it */
			LOAD(c, GEN, now);
#if !defined(M_NO_BUMP) && !defined(M_BUMP_AFTER_ROUND)
			STORE(c, GEN, now + 1);
#endif
			now = 0
		};
		round_run(c, ep, acc, now);
#ifdef M_BUMP_AFTER_ROUND
		LOAD(c, GEN, now);
		STORE(c, GEN, now + 1);
#endif
		free_frame(old)
	:: else
	fi;
	old = 0;
#ifndef M_NO_LOCK_REMOVE
	spin_unlock(c, LOCK);
#endif
	skip
}

/* gpc_refresh: resolve() and publish() under the lock */
inline gpc_refresh(c, f, v)
{
#ifndef M_NO_LOCK_REFRESH
	spin_lock(c, LOCK);
#endif
#ifdef M_NO_LOCK_REFRESH
	LOAD(c, VALID, v);
	LOAD(c, EPT, f);
#else
	d_step { LOAD(c, VALID, v); LOAD(c, EPT, f) };
#endif
	if
	:: !v && f ->
#ifdef M_VALID_BEFORE_PFN
		STORE(c, VALID, 1);
		STORE(c, PFN, f)
#else
		STORE(c, PFN, f);
		STORE(c, VALID, 1)
#endif
	:: else
	fi;
#ifndef M_NO_LOCK_REFRESH
	/* I3, where nobody else can change it */
	atomic {
		LOAD(c, VALID, v);
		if
		:: v -> LOAD(c, PFN, f); LOAD(c, EPT, v); assert(f == v)
		:: else
		fi;
		f = 0;
		v = 0;
		spin_unlock(c, LOCK)
	}
#endif
}

proctype changer()
{
	byte old, ep, acc, now;

	physmap_remove(0, old, ep, acc, now);
	spin_lock(0, LOCK);			/* physmap_change: map Q where nothing is mapped */
	d_step { drain_all(0); mem[EPT] = Q };
	spin_unlock(0, LOCK);
	gpc_refresh(0, old, now);
	physmap_remove(0, old, ep, acc, now)
}

/* arch/x86/vmx/run.c */
proctype guest_core()
{
	byte g, seen, ep, entries;
	bool deaf;

again:
	if
	:: entries == 2 -> goto out	/* the vCPU goes offline */
	:: else -> entries++
	fi;
	if
	:: skip
	:: atomic { ep = ep & ~OURS; STORE(1, RUN, ep) };	/* tags_load(), of another guest */
		ep = ep + 1;
		XCHG(1, RUN, ep);
		atomic { kick_pending = false; ep = ep + 1; STORE(1, RUN, ep) }
	fi;
retry:
	atomic {
		nmi_pending = false;	/* an NMI in root is consumed there */
#ifndef M_NO_IRET
		nmi_blocked = false;	/* vmx_exit_nmi: IRET */
#endif
		LOAD(1, GEN, g);
		if
		:: g != seen ->		/* catch_up() */
#ifndef M_NO_INVEPT
			tlb = 0;
#endif
			seen = g
		:: else
		fi;
		g = 0
	};
#ifdef M_SLOT_AFTER_RUN
	ep = ep + 1;
	XCHG(1, RUN, ep);
	STORE(1, RUN, ep | OURS);
	ep = ep | OURS;
#else
	atomic { ep = ep | OURS; STORE(1, RUN, ep) };	/* tags_load() */
	ep = ep + 1;
#ifdef M_NO_FENCE_ENTER
	STORE(1, RUN, ep);
#else
	XCHG(1, RUN, ep);
#endif
#endif
	atomic {
#ifndef M_NO_RECHECK
		LOAD(1, GEN, g);
		if
		:: g != seen -> g = 0; ep = ep + 1; STORE(1, RUN, ep); goto retry
		:: else -> g = 0
		fi;
#endif
		in_guest = true;
		if
		:: deaf = true
		:: deaf = false
		fi
	};
end_guest:				/* a guest may run for ever */
	do
	:: atomic { tlb == 0 && mem[EPT] -> tlb = mem[EPT] }
	:: atomic { kick_pending && !deaf -> break }
	:: atomic { nmi_pending && !nmi_blocked -> nmi_pending = false; nmi_blocked = true; break }
	:: atomic { !deaf -> break }	/* an exit of its own */
	od;
	atomic {
		in_guest = false;
		kick_pending = false;
		deaf = false;
		ep = ep + 1;
		STORE(1, RUN, ep)	/* the exit stub's first store */
	};
	goto again;
out:
	skip
}

/* I1, I5: the guest uses no page that was freed. */
proctype uses()
{
end:
	in_guest && tlb && freed[tlb] -> assert(false)
}

proctype section_core()
{
	byte v, f, old, ep, acc, now, turns, e;

	do
	:: turns == 2 -> break
	:: turns < 2 ->
		turns++;
		e = e + 1;
#ifdef M_NO_FENCE_SECTION
		STORE(2, ACC, e);
#else
		XCHG(2, ACC, e);		/* section_begin() */
#endif
#ifdef M_SECTION_ENDS_EARLY
		LOAD(2, VALID, v);
		LOAD(2, PFN, f);
		e = e + 1;
		STORE(2, ACC, e);
		if
		:: v -> STORE(2, DATA, f); assert(!freed[f])
		:: else
		fi;
#else
		LOAD(2, VALID, v);		/* gpc_page() */
		if
		:: v ->
			LOAD(2, PFN, f);
			atomic {
				STORE(2, DATA, f);	/* the write may stay in the buffer */
				assert(!freed[f])
			}
		:: else
		fi;
		e = e + 1;
		STORE(2, ACC, e);		/* section_end() */
#endif
		f = 0;
		if
		:: v == 0 -> gpc_refresh(2, f, v)
		:: v = 0
		fi
	od;
	turns = 0;
	physmap_remove(2, old, ep, acc, now)
}

/* I2: no store reaches a frame after it was freed. */
proctype late_writes()
{
end:
	do
	:: d_step { sb[2].n > 0 ->
		if
		:: sb[2].var[0] == DATA -> assert(!freed[sb[2].val[0]])
		:: else
		fi;
		pop(2) }
	od
}

init {
	atomic {
	d_step {
		mem[EPT] = P;
		mem[VALID] = 1;
		mem[PFN] = P
	};
	run memory(0);
	run memory(1);
	run late_writes();
	run changer();
	run uses();
	run guest_core();
	run section_core()
	}
}
