// SPDX-License-Identifier: MIT
/*
 * Covers that nobody waits for ever while everybody else goes on for ever, and I11 (docs/gpc.md;
 * hazard 10). To be searched for non-progress cycles under weak fairness (run.py does so); what has
 * to be reached again and again is chosen by a macro:
 *
 *   LIVE_ENTER   take_turn() enters, within its slice, whatever the changers do
 *   LIVE_LEAVE   take_turn() enters or goes back to the scheduler when its slice is over, whatever
 *                requests a sibling makes
 *   LIVE_CHANGE  physmap_change() returns, whatever enters and opens sections
 *
 *   core 0  physmap_change(), again and again
 *   core 1  a vCPU with pages in its VMCS enters its guest, which may spin until it is kicked
 *   core 2  physmap_change(), sections, and (LIVE_LEAVE) vcpu_request(), in any order
 *
 * physmap.lock has its tickets here, counted from 0 again when nobody has the lock. Generations are
 * counted modulo 2: that two changes look like none lets an entry through, and what it hides the
 * search finds with one change in that place.
 */
#define NC 3
#define NVAR 5
#define NO_STORE_BUFFERS /* the other models show that each is seen that must be */
#define OWNER 0 /* spinlock.owner: the ticket that is served */
#define GEN 1
#define RUN 2	/* of core 1 */
#define ACC 3	/* of core 2 */
#define ATTN 4

byte ticket; /* spinlock.next, drawn by locked instructions */
bool kick, slice_over;

/* The epochs never come back to an old value; here who waits is told of any store. */
bool run_watched[3], acc_watched;
#define ON_STORE(variable)                                                                         \
	if                                                                                         \
	:: (variable) == RUN -> run_watched[0] = false; run_watched[2] = false                     \
	:: (variable) == ACC -> acc_watched = false                                                \
	:: else                                                                                    \
	fi

#include "x86.pml"

#ifdef M_UNFAIR_LOCK
/* OWNER: 0 free, 1 held */
inline lock(c, t)
{
	atomic { mem[OWNER] == 0 -> drain_all(c); mem[OWNER] = 1 }
}

inline unlock(c)
{
	STORE(c, OWNER, 0)
}
#else
inline lock(c, t)
{
	atomic { drain_all(c); t = ticket; ticket = (ticket + 1) % 4 };
	atomic { mem[OWNER] == t -> t = 0 }
}

inline unlock(c)
{
	d_step {
		mem[OWNER] = (mem[OWNER] + 1) % 4;
		if
		:: mem[OWNER] == ticket -> mem[OWNER] = 0; ticket = 0
		:: else
		fi
	}
}
#endif

/* round_run by core c */
inline round_run(c, x)
{
	FENCE(c);
	atomic {
		LOAD(c, RUN, x);
		run_watched[c] = x;
#ifndef M_NO_KICK
		kick = kick || x;
#endif
		x = 0
	};
	if
	:: c != 2 ->
		atomic { LOAD(c, ACC, x); acc_watched = x; x = 0 };
#ifdef M_ACC_EVEN
		mem[ACC] == 0
#else
		!acc_watched
#endif
	:: else
	fi;
#ifdef M_RUN_EVEN
	atomic { mem[RUN] == 0 -> run_watched[c] = false }
#else
	!run_watched[c]
#endif
}

inline physmap_change(c, x)
{
	lock(c, x);
	atomic { LOAD(c, GEN, x); STORE(c, GEN, 1 - x); x = 0 };
	round_run(c, x);
	unlock(c)
}

proctype changer()
{
	byte x;

again:
	physmap_change(0, x);
#ifdef LIVE_CHANGE
progress_change:
#endif
	skip;
	goto again
}

proctype vcpu()
{
	byte g, seen, x, tries;
	bool locked;

sched:
	tries = 0;
turn:
	/* serve() */
	atomic {
		LOAD(1, ATTN, x);
		if
		:: x -> x = 0; XCHG(1, ATTN, 0)
		:: else
		fi
	};
#ifdef M_SLICE_ONCE
	if
	:: tries == 0 && slice_over -> goto leave
	:: else
	fi;
#else
	if
	:: slice_over -> goto leave
	:: else
	fi;
#endif
	tries = (tries < 4 -> tries + 1 : 4);
#ifndef M_NO_LOCKED_ENTER
	if
	:: tries > 3 -> lock(1, x); locked = true	/* ENTER_TRIES */
	:: else
	fi;
#endif
	atomic { LOAD(1, GEN, g) };
	if
	:: g != seen ->					/* catch_up(), gpc_hw_resolve() */
		if
#ifdef M_RESOLVE_LOCKS_AGAIN
		:: true -> lock(1, x); unlock(1)
#else
		:: !locked -> lock(1, x); unlock(1)
#endif
		:: else
		fi;
		seen = g
	:: else
	fi;
	g = 0;
#ifdef M_UNLOCK_BEFORE_ODD
	if
	:: locked -> unlock(1); locked = false
	:: else
	fi;
#endif
	XCHG(1, RUN, 1);
	atomic {
		if
		:: locked -> unlock(1); g = seen
		:: else -> LOAD(1, GEN, g)
		fi
	};
	LOAD(1, ATTN, x);
	atomic {
		locked = false;
		if
		:: g != seen || x -> g = 0; x = 0; STORE(1, RUN, 0); goto turn
		:: else -> g = 0
		fi
	};
#if defined(LIVE_ENTER) || defined(LIVE_LEAVE)
progress_enter:
#endif
	if
	:: true -> kick					/* spins until then */
	:: true						/* an exit of its own */
	fi;
	atomic { kick = false; STORE(1, RUN, 0) };
	goto sched;
leave:
#ifdef LIVE_LEAVE
progress_leave:
#endif
	slice_over = false;
	goto sched
}

proctype others()
{
	byte x;

	do
#ifndef LIVE_LEAVE
	:: physmap_change(2, x)
#endif
	:: XCHG(2, ACC, 1); STORE(2, ACC, 0)		/* a section */
#ifdef LIVE_LEAVE
	/* vcpu_request() by a sibling: served, and made again */
	:: XCHG(2, ATTN, 1);
		atomic {
			LOAD(2, RUN, x);
			kick = kick || x;
			x = 0
		}
#endif
	od
}

#ifdef LIVE_LEAVE
/* The clock. */
proctype clock()
{
	do
	:: atomic { !slice_over -> slice_over = true }
	od
}
#endif

init {
	atomic {
#ifdef LIVE_LEAVE
		run clock();
#endif
		run changer();
		run vcpu();
		run others()
	}
}
