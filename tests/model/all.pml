// SPDX-License-Identifier: MIT
/*
 * Covers freedom from deadlock, termination, I1, I6 and I11 with everybody at once (docs/gpc.md): 3
 * cores, 2 pages, both kinds of cache, 2 changers, a sender and refreshers.
 *
 *   core 0  physmap_change(): removes page A and maps it again; gpc_refresh() of its cache
 *   core 1  a vCPU with its vcpu_info in page A (GPC_HOST) and with page B in its VMCS (GPC_HW):
 *           serves requests (a refresh too), enters, takes the upcall, halts
 *   core 2  physmap_change(): removes page B; evtchn_send() to the vCPU; maps page B again
 *
 * Without errors every process ends: a wait for ever is a deadlock that spin reports. With TERMINATES
 * there are no store buffers and spin looks for a cycle without an exit of the guest's own in it
 * (weak fairness). The port's pending bit is in shared_info, which never moves.
 */
#define NC 3
#define NVAR 13
#define LOCK 0
#define VALID 1	 /* of page A's cache */
#define PFN 2
#define GEN 3
#define HW_GEN 4
#define RUN 5	 /* of core 1: odd or even, see ON_STORE */
#define ACC 6	 /* of core 2's section: 0 or 1 */
#define PENDING 7
#define SEL 8	 /* selector and upcall_pending, in page A; the guest takes them along */
#define SHADOW 9
#define ATTN 10	 /* ATTN_SHADOW */
#define EVENT 11 /* attn.event */
#define STATE 12 /* 1: BLOCKED */

#ifdef TERMINATES
#define NO_STORE_BUFFERS
#endif

/* Frames */
#define P 1 /* page A's first */
#define S 2 /* page A's second */
#define Q 3 /* page B's first */
#define R 4 /* page B's second */
#define NONE 5

bool freed[6];
byte leaf_a = P, leaf_b = Q; /* changed by locked instructions under physmap.lock */
bool hw_valid = true;	     /* of page B's cache, under physmap.lock */
byte hw_pfn = Q, field;
bool kick, wake, in_guest, run_watched, acc_watched;
bool sent, changed[3];

#define ON_STORE(variable)                                                                         \
	if                                                                                         \
	:: (variable) == RUN -> run_watched = false                                                \
	:: (variable) == ACC -> acc_watched = false                                                \
	:: else                                                                                    \
	fi

#include "x86.pml"

/* round_run by core c */
inline round_run(c, x)
{
#ifndef M_NO_FENCE_ROUND
	FENCE(c);
#endif
	atomic { LOAD(c, RUN, x); run_watched = x; kick = kick || x; x = 0 };
	if
	:: c != 2 ->
		atomic { LOAD(c, ACC, x); acc_watched = x; x = 0 };
		!acc_watched
	:: else
	fi;
	!run_watched
}

/* notify: the request is set and fenced */
inline notify(c, x)
{
	LOAD(c, STATE, x);
	atomic {
		if
		:: x -> wake = true			/* sched_wake() */
		:: else
		fi;
		LOAD(c, RUN, x);
		kick = kick || x;
		x = 0
	}
}

/* gpc_refresh of page A's cache: under the lock nobody else sees its steps but for valid */
inline gpc_refresh(c, f)
{
	spin_lock(c, LOCK);
	atomic {
		LOAD(c, VALID, f);
		if
		:: !f && leaf_a -> STORE(c, PFN, leaf_a); STORE(c, VALID, 1); f = 1
		:: else
		fi
	};
	spin_unlock(c, LOCK)
}

proctype changer_a()
{
	byte x;

	spin_lock(0, LOCK);
	atomic { drain_all(0); leaf_a = 0 };
#ifndef M_NO_INVALIDATE
	STORE(0, VALID, 0);
#endif
	atomic { LOAD(0, GEN, x); STORE(0, GEN, x + 1); x = 0 };
	round_run(0, x);
	freed[P] = true;
	spin_unlock(0, LOCK);
	spin_lock(0, LOCK);
	atomic { drain_all(0); leaf_a = S };
	spin_unlock(0, LOCK);
#ifndef M_NO_WAITERS_READY
	XCHG(0, ATTN, 1);				/* physmap_waiters_ready() */
	notify(0, x);
#endif
	gpc_refresh(0, x);
	atomic { drain_all(0); changed[0] = true }
}

inline change_b(f, x)
{
	spin_lock(2, LOCK);
	atomic {
		drain_all(2);
		leaf_b = f;
		if
		:: f == 0 -> hw_valid = false
		:: else
		fi;
		LOAD(2, GEN, x);
		STORE(2, GEN, x + 1);
		x = 0
	};
	round_run(2, x);
	if
	:: f == 0 -> freed[Q] = true
	:: else
	fi;
	spin_unlock(2, LOCK)
}

/* A miss parks the selector bit; then the vCPU is told. */
inline evtchn_send(v, x)
{
	d_step { drain_all(2); mem[PENDING] = 1; sent = true };
	XCHG(2, ACC, 1);				/* section_begin() */
	LOAD(2, VALID, v);
	if
	:: v -> LOAD(2, PFN, x); atomic { XCHG(2, SEL, 1); assert(!freed[x]) }
	:: else ->
		XCHG(2, SHADOW, 1);			/* upcall_select() */
#ifndef M_NO_SHADOW_ATTN
		XCHG(2, ATTN, 1)			/* upcall_notify_slowly() */
#endif
	fi;
	atomic {
		STORE(2, ACC, 0);
		STORE(2, EVENT, 1);
		v = 0;
		x = 0
	};
#ifndef M_NO_FENCE_KICK
	FENCE(2);
#endif
	notify(2, x)
}

proctype sender()
{
	byte v, x;

	change_b(0, x);
	evtchn_send(v, x);
	change_b(R, x);
	changed[2] = true
}

proctype vcpu()
{
	byte g, h, seen, x, v;
	bool upcall;

again:
	/* serve() */
	LOAD(1, ATTN, x);
	if
	:: x ->
#ifndef M_ATTN_STAYS
		XCHG(1, ATTN, 0);
#endif
		gpc_refresh(1, v);			/* upcall_serve_shadow() */
		if
		:: v -> atomic {
				LOAD(1, SHADOW, x);
				if
				:: x -> XCHG(1, SHADOW, 0); XCHG(1, SEL, 1)
				:: else
				fi
			}
		:: else
		fi;
		v = 0
	:: else
	fi;
	x = 0;
	/* inject_prepare(): the event byte is taken before the page is looked at */
	XCHG(1, EVENT, 0);
	atomic { LOAD(1, VALID, v); LOAD(1, SEL, x); upcall = v && x; v = 0; x = 0 };
	/* catch_up(): the generation is sampled first; gpc_hw_resolve() is one step under the lock */
	atomic { LOAD(1, GEN, g); LOAD(1, HW_GEN, h) };
	if
	:: g != h ->
		atomic {
			mem[LOCK] == 0;
			drain_all(1);
			if
			:: !hw_valid && leaf_b -> hw_pfn = leaf_b; hw_valid = true
			:: else
			fi;
#ifdef M_OLD_FIELD_STAYS
			field = hw_pfn;
#else
			field = (hw_valid -> hw_pfn : NONE);
#endif
			mem[HW_GEN] = g
		}
	:: else
	fi;
	atomic {
		g = 0;
		h = 0;
#ifdef M_NO_FENCE_ENTER
		STORE(1, RUN, 1)
#else
		XCHG(1, RUN, 1)
#endif
	};
	LOAD(1, GEN, g);
	LOAD(1, HW_GEN, h);
	LOAD(1, ATTN, x);
	LOAD(1, EVENT, v);
	atomic {
#ifdef M_NO_RECHECK_GEN
		g = h;
#endif
#ifdef M_NO_RECHECK_ATTN
		x = 0;
		v = 0;
#endif
		if
		:: g != h || x || v -> g = 0; h = 0; x = 0; v = 0; STORE(1, RUN, 0); goto again
		:: else -> g = 0; h = 0; in_guest = true
		fi
	};
	if
	:: upcall ->					/* the handler */
		XCHG(1, SEL, 0);
		XCHG(1, PENDING, 0)
	:: else
	fi;
	upcall = false;
	if
	:: true ->					/* spins: only a kick ends that */
		if
		:: kick
		:: atomic { !mem[PENDING] && sent && changed[0] && changed[2] -> goto done }
		fi
	:: true						/* an exit of its own, or HLT */
	fi;
#ifdef TERMINATES
progress_exit:
#endif
	atomic { in_guest = false; kick = false; STORE(1, RUN, 0) };
	if
	:: goto again
	:: skip						/* sched_block() */
	fi;
	atomic { wake = false; STORE(1, STATE, 1) };
#ifndef M_NO_FENCE_BLOCK
	FENCE(1);
#endif
	LOAD(1, ATTN, x);
	LOAD(1, EVENT, v);
	if
	:: x || v -> x = 0; v = 0; STORE(1, STATE, 0); goto again
	:: else
	fi;
	/* I6: blocked for ever with an event undelivered is a deadlock. */
	if
	:: wake -> wake = false; STORE(1, STATE, 0); goto again
	:: atomic { !mem[PENDING] && sent && !mem[SHADOW] && changed[0] && changed[2] -> goto done }
	fi;
done:
	in_guest = false
}

/* I1: the processor uses no page that was freed. */
proctype uses()
{
end:
	in_guest && freed[field] -> assert(false)
}

init {
	atomic {
		d_step {
			mem[VALID] = 1;
			mem[PFN] = P;
			mem[GEN] = 1;
			field = NONE
		};
#ifndef TERMINATES
		run memory(0);
		run memory(1);
		run memory(2);
		run uses();
#endif
		run changer_a();
		run vcpu();
		run sender()
	}
}
