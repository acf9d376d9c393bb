// SPDX-License-Identifier: MIT
/*
 * Covers I1 for EPT02, the copies of leaves that a nested guest runs on (docs/nested.md).
 *
 *   core 0        physmap_change() of two gfns in any order: taken out, and the first put back or
 *                 exchanged
 *   cores 1, 2    vCPU V moves between them and runs its nested guest, whose violations copy leaves
 *
 * Other vCPUs' EPT02s copy leaves too: so a change may be logged that V has nothing of, and the log
 * of RING gfns runs over. A core's TLB holds one translation of V's tag, and keeps it when V goes
 * away. V's own variables (EPT02 itself, how far it has followed) go with it under the scheduler's
 * lock, so they need no store buffer.
 */
#define NC 3
#define NVAR 9
#define LOCK 0	  /* physmap.lock */
#define EPT 1	  /* and 2: the leaves of both gfns: frame + MARK */
#define GEN 3	  /* map_gen */
#define LOGGED 4  /* physmap.logged */
#define LOG 5	  /* and 6: physmap.log */
#define RUN 6	  /* 7 and 8: shared.run of cores 1 and 2: odd or even, see ON_STORE */

#define RING 2	  /* PHYSMAP_LOG */
#define MARK 8	  /* EPT_HAS_COPY */
#define P 1
#define Q 2
#define R 3

bool freed[4];
bool watched[3]; /* the round waits for run to change */

/* V */
bool loaded;
byte last_core;
byte copy[2];	 /* EPT02: the frame of either gfn, or 0 */
byte followed;
byte seen;	 /* *vmx_vcpu.seen_gen while its VMCS02 is in use */

byte tlb[3];

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

/* kick_cores, one core */
inline kick_core(c, x)
{
	atomic {
		LOAD(0, RUN + c, x);
		watched[c] = x & 1;
		x = 0
	}
}

/* marked(): the gfn first, then how many there are */
inline log_gfn(gfn, x)
{
	LOAD(0, LOGGED, x);
#ifdef M_COUNT_BEFORE_GFN
	STORE(0, LOGGED, x + 1);
	STORE(0, LOG + x % RING, gfn);
#else
	STORE(0, LOG + x % RING, gfn);
	STORE(0, LOGGED, x + 1);
#endif
	x = 0
}

inline bump(x)
{
	atomic { LOAD(0, GEN, x); STORE(0, GEN, x + 1); x = 0 }
}

/* physmap_change of one gfn: to frame f, or to nothing */
inline physmap_change(gfn, f, old, x)
{
	spin_lock(0, LOCK);
	d_step { drain_all(0); old = mem[EPT + gfn]; mem[EPT + gfn] = f };
	if
	:: old ->
#ifdef M_LOG_AFTER_BUMP
		bump(x);
#endif
		if
#ifndef M_NOT_LOGGED
		:: old & MARK -> log_gfn(gfn, x)
#else
		:: old & MARK
#endif
		:: !(old & MARK) -> log_gfn(gfn, x)	/* another EPT02 has it */
		:: !(old & MARK)
		fi;
#ifndef M_LOG_AFTER_BUMP
		bump(x);
#endif
#ifndef M_NO_FENCE_ROUND
		FENCE(0);				/* round_run */
#endif
		kick_core(1, x);
		kick_core(2, x);
		!watched[1];				/* wait_exit */
		!watched[2];
		freed[old & 7] = true
	:: else						/* nobody has what was not there */
	fi;
	spin_unlock(0, LOCK)
}

proctype changer()
{
	byte old, x, turns;

	do
	:: turns < 3 ->
		turns++;
		if
		:: mem[EPT] -> physmap_change(0, 0, old, x)
		:: (mem[EPT] & 7) != R && !freed[R] -> physmap_change(0, R, old, x)
		:: mem[EPT + 1] -> physmap_change(1, 0, old, x)
		:: true
		fi;
		old = 0
	:: turns == 3 -> break
	od
}

/* ept02_follow */
inline ept02_follow(c, n, end, x)
{
	LOAD(c, LOGGED, end);
	n = followed;
	do
	:: n < end && end - followed < RING ->
		LOAD(c, LOG + n % RING, x);
		atomic { copy[x] = 0; x = 0; n++ }
	:: else -> break
	od;
	n = 0;
#ifdef M_OVERWRITTEN_IGNORED
	x = end;
#else
	LOAD(c, LOGGED, x);
#endif
	atomic {
		if
#ifdef M_OVERFLOW_IGNORED
		:: false
#elif defined(M_RING_ONE_TOO_LONG)
		:: x - followed > RING -> copy[0] = 0; copy[1] = 0
#else
		:: x - followed >= RING -> copy[0] = 0; copy[1] = 0
#endif
		:: else
		fi;
		followed = end;
		end = 0;
		x = 0
	}
}

/* ept02_fill: what is read and marked is put in later */
inline ept02_fill(c, gfn, f)
{
#ifdef M_COPIED_BEFORE_LOCK
	LOAD(c, EPT + gfn, f);
	spin_lock(c, LOCK);
	atomic {
		if
		:: mem[EPT + gfn] -> STORE(c, EPT + gfn, mem[EPT + gfn] | MARK)
		:: else
		fi
	};
	spin_unlock(c, LOCK);
#else
	spin_lock(c, LOCK);
	LOAD(c, EPT + gfn, f);
#ifndef M_NOT_MARKED
	if
	:: f -> STORE(c, EPT + gfn, f | MARK)
	:: else
	fi;
#endif
	spin_unlock(c, LOCK);
#endif
	atomic { copy[gfn] = f & 7; f = 0 }
}

proctype core(byte c)
{
	byte g, n, end, x, turns;

next:
	if
	:: turns == TURNS -> goto out
	:: else -> turns++
	fi;
	atomic { !loaded -> drain_all(c); loaded = true };
#ifndef M_OLD_CORE
	atomic {					/* nested_ept_new_core() */
		if
		:: last_core != c -> tlb[c] = 0
		:: else
		fi
	};
#endif
	last_core = c;
again:
	/* take_turn(): the generation is sampled before the log is */
	LOAD(c, GEN, g);
	if
	:: g != seen ->					/* nested_catch_up() */
#ifndef M_NO_FOLLOW
		ept02_follow(c, n, end, x);
#endif
#ifdef M_SAMPLED_AFTER
		LOAD(c, GEN, g);
#endif
		atomic {
#ifndef M_NO_INVEPT
			tlb[c] = 0;
#endif
			seen = g
		}
	:: else
	fi;
	atomic {
		g = 0;
#ifdef M_NO_FENCE_ENTER
		STORE(c, RUN + c, 1)
#else
		XCHG(c, RUN + c, 1)
#endif
	};
#ifndef M_NO_RECHECK
	LOAD(c, GEN, g);
	if
	:: atomic { g != seen -> STORE(c, RUN + c, 0); g = 0; goto again }
	:: else
	fi;
	g = 0;
#endif
	do
	:: atomic { tlb[c] == 0 && copy[0] -> tlb[c] = copy[0] }
	:: atomic { tlb[c] == 0 && copy[1] -> tlb[c] = copy[1] }
	:: tlb[c] -> assert(!freed[tlb[c]])		/* I1 */
	:: copy[0] == 0 -> n = 0; break			/* a violation */
	:: copy[1] == 0 -> n = 1; break
	:: true -> n = 2; break				/* another exit */
	od;
	STORE(c, RUN + c, 0);				/* the exit stub's first store */
	if
	:: n == 0 -> ept02_fill(c, 0, x)
	:: n == 1 -> ept02_fill(c, 1, x)
	:: n == 2
	fi;
	n = 0;
	if
	:: turns < TURNS -> turns++; goto again
	:: true
	fi;
	/* unload(): the scheduler's lock */
	atomic { drain_all(c); loaded = false };
	goto next;
out:
	skip
}

init {
	atomic {
		d_step {
			mem[EPT] = P;
			mem[EPT + 1] = Q;
			mem[GEN] = 1;
			seen = 1
		};
		run memory(0);
		run memory(1);
		run memory(2);
		run changer();
		run core(1);
		run core(2)
	}
}
