// SPDX-License-Identifier: MIT
/*
 * Covers I6 and I11 (docs/gpc.md): an event sent to a vCPU is delivered, also when the page of its
 * vcpu_info is gone for a while, and a page that never comes back does not hold the core in the
 * entry loop.
 *
 *   core 0  evtchn_send() to the vCPU, twice
 *   core 1  the vCPU: entry loop, upcall handler, HLT
 *   core 2  physmap_change(): removes the vcpu_info page and maps it again (or not, with NEVER_BACK)
 *
 * The pending bit lives in shared_info, a frame of the hypervisor's that never moves; the selector
 * and upcall_pending live in the guest page behind the gpc.
 */
#define NC 3
#define NVAR 12
#define LOCK 0
#define MAPPED 1  /* the leaf of the vcpu_info page */
#define VALID 2	  /* its gpc */
#define GEN 3
#define RUN 4
#define PENDING 5
#define SEL 6	  /* selector and upcall_pending: one word is enough here */
#define SHADOW 7  /* the vCPU's parked selector word */
#define ATTN 8	  /* ATTN_SHADOW in vcpu.attn.bits */
#define EVENT 9	  /* vcpu.attn.event */
#define STATE 10  /* vcpu.state: 1 is BLOCKED */
#define ACC 11	  /* core 0's section */

bool kick_pending, wake;
byte sent, delivered;
bool gone;     /* the page was removed for good */
bool finished; /* the changer has returned */

/* The epoch of the code never comes back to an old value; here it has two values, and the changer
 * waits for a store of it that reaches memory after the changer looked. */
bool run_moved;
#define ON_STORE(variable)                                                                         \
	if                                                                                         \
	:: (variable) == RUN -> run_moved = true                                                   \
	:: else                                                                                    \
	fi

#include "x86.pml"

/* vcpu_kick_event: event byte, fence, then look where the vCPU is */
inline vcpu_kick_event(c, x)
{
#ifndef M_NO_EVENT_BYTE
	STORE(c, EVENT, 1);
#endif
#ifndef M_NO_FENCE_KICK
	FENCE(c);
#endif
	LOAD(c, STATE, x);
	if
	:: x -> wake = true			/* sched_wake, under its lock */
	:: else
	fi;
	LOAD(c, RUN, x);
	if
	:: x & 1 -> kick_pending = true
	:: else
	fi
}

proctype sender()
{
	byte v, x, acc;

	do
	:: sent == 2 -> break
	:: sent < 2 ->
		d_step { drain_all(0); x = mem[PENDING]; mem[PENDING] = 1 };	/* LOCK BTS */
		sent++;
		if
		:: x == 0 ->
			acc++;
			XCHG(0, ACC, acc);
			LOAD(0, VALID, v);
#ifdef M_DROP_ON_MISS
			if
			:: v -> XCHG(0, SEL, 1)
			:: else
			fi;
#else
			if
			:: v -> XCHG(0, SEL, 1)
			:: else ->
#ifdef M_ATTN_BEFORE_SHADOW
				XCHG(0, ATTN, 1);
				XCHG(0, SHADOW, 1)
#else
				XCHG(0, SHADOW, 1);	/* event_park */
#ifndef M_NO_SHADOW_ATTN
				XCHG(0, ATTN, 1)
#endif
#endif
			fi;
#endif
			acc++;
			STORE(0, ACC, acc);
			vcpu_kick_event(0, x)
		:: else				/* merged with one already pending */
		fi
	od;
	FENCE(0)
}

proctype changer()
{
	byte e, x;

	spin_lock(2, LOCK);
	d_step { drain_all(2); mem[MAPPED] = 0 };
	STORE(2, VALID, 0);
	LOAD(2, GEN, x);
	STORE(2, GEN, x + 1);
	FENCE(2);
	atomic { LOAD(2, RUN, e); run_moved = false };
	if
	:: e & 1 -> kick_pending = true
	:: else -> e = 0
	fi;
	LOAD(2, ACC, x);
	if
	:: x & 1 -> mem[ACC] != x
	:: else
	fi;
	e == 0 || run_moved;
	spin_unlock(2, LOCK);
#ifdef NEVER_BACK
	gone = true;
#else
	spin_lock(2, LOCK);
	d_step { drain_all(2); mem[MAPPED] = 1 };
	spin_unlock(2, LOCK);
#ifndef M_NO_WAITERS_READY
	XCHG(2, ATTN, 1);			/* physmap_waiters_ready: vcpu_request(ATTN_SHADOW) */
#endif
	FENCE(2);
	LOAD(2, STATE, x);
	if
	:: x -> wake = true
	:: else
	fi;
	LOAD(2, RUN, x);
	if
	:: x & 1 -> kick_pending = true
	:: else
	fi;
#endif
	FENCE(2);
	finished = true
}

/* xen_vcpu_service(ATTN_SHADOW): one refresh, then move the parked bits */
inline service_shadow(v, x)
{
	spin_lock(1, LOCK);
	LOAD(1, MAPPED, v);
	if
	:: v -> STORE(1, VALID, 1)
	:: else
	fi;
	spin_unlock(1, LOCK);
	if
	:: v ->
		d_step { drain_all(1); x = mem[SHADOW]; mem[SHADOW] = 0 };
		if
		:: x -> XCHG(1, SEL, 1)
		:: else
		fi
	:: else ->
#ifdef M_SHADOW_LEFT_SET
		XCHG(1, ATTN, 1)		/* asks again at once: the entry loop never ends */
#else
		skip				/* keeps the bits; physmap_waiters_ready asks again */
#endif
	fi
}

proctype target()
{
	byte g, seen, ep, v, x, turns;
	bool upcall;

again:
	LOAD(1, ATTN, x);
	if
	:: x ->
		XCHG(1, ATTN, 0);
		turns++;
		assert(turns < 9);		/* I11: bounded service without progress */
		service_shadow(v, x)
	:: else
	fi;
	LOAD(1, GEN, g);
	if
	:: g != seen ->
		seen = g			/* INVEPT */
	:: else
	fi;
	/* The event byte is taken before the page is looked at. */
#ifdef M_EVENT_CLEARED_LATE
	LOAD(1, VALID, v);
	LOAD(1, SEL, x);
	upcall = v && x;
	STORE(1, EVENT, 0);
#else
	XCHG(1, EVENT, 0);
	LOAD(1, VALID, v);
	LOAD(1, SEL, x);
	upcall = v && x;
#endif
	ep = 1 - ep;
#ifdef M_NO_FENCE_ENTER
	STORE(1, RUN, ep);
#else
	XCHG(1, RUN, ep);
#endif
	LOAD(1, GEN, g);
	LOAD(1, ATTN, x);
	LOAD(1, EVENT, v);
#ifdef M_NO_RECHECK_ATTN
	x = 0;
	v = 0;
#endif
	if
	:: g != seen || x || v -> ep = 1 - ep; STORE(1, RUN, ep); goto again
	:: else
	fi;
	/* the guest */
	if
	:: upcall ->				/* the handler: level, selector, then the bits */
		XCHG(1, SEL, 0);
		d_step { x = mem[PENDING]; mem[PENDING] = 0 };
		if
		:: x -> delivered++
		:: else
		fi;
		assert(delivered <= sent)
	:: else
	fi;
	upcall = false;
	if
	:: true					/* HLT, or an exit of its own */
	:: true ->				/* spins: only a kick ends that */
		if
		:: kick_pending -> kick_pending = false
		:: atomic { mem[PENDING] == 0 && sent == 2 && finished -> goto done }
		:: atomic { gone && sent == 2 && finished -> goto done }
		fi
	fi;
	ep = 1 - ep;
	STORE(1, RUN, ep);
	if
	:: goto again
	:: skip					/* sched_block */
	fi;
	wake = false;
	STORE(1, STATE, 1);
#ifndef M_NO_FENCE_BLOCK
	FENCE(1);
#endif
	LOAD(1, ATTN, x);
	LOAD(1, EVENT, v);
	LOAD(1, GEN, g);
	if
	:: x || v || g != seen -> STORE(1, STATE, 0); FENCE(1); goto again
	:: else
	fi;
	/* I6: to wait for ever with an event undelivered is a deadlock that spin reports. */
	if
	:: wake -> wake = false; STORE(1, STATE, 0); FENCE(1); goto again
	:: atomic { mem[PENDING] == 0 && sent == 2 && mem[SHADOW] == 0 -> goto done }
	:: atomic { gone && sent == 2 -> goto done } /* lost with the page: the guest's own doing */
	fi;
done:
	FENCE(1)
}

init {
	atomic {
		d_step { mem[MAPPED] = 1; mem[VALID] = 1 };
		run memory(0);
		run memory(1);
		run memory(2);
		run sender();
		run changer();
		run target()
	}
}
