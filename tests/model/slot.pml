// SPDX-License-Identifier: MIT
/*
 * Covers I1 over the death of a domain (docs/gpc.md): another gets its slot, its EPT's root page
 * (and so its TLB tag), and its frames' place. Destruction waits for no root core.
 *
 *   core 0        physmap_change() of the first domain, domain_shutdown(), teardown_piece(), then
 *                 domain_create() in the same slot
 *   cores 1, 2    run the vCPU of whichever domain lives, one core at a time; its guest may spin
 *                 for ever, so that only a kick brings the core back
 */
#define NC 3
#define NVAR 7
#define LOCK 0 /* physmap.lock */
#define EPT 1  /* the leaf of the slot's physmap: frame */
#define GEN 2  /* map_gen */
#define ATTN 3 /* ATTN_RESCHED in the vCPU's attn.bits */
#define RUN 3  /* 4 and 5: shared.run of cores 1 and 2 */

/* Frames. The first domain has P, then Q; the second has R. */
#define P 1
#define Q 2
#define R 3

bool freed[4];
bool kick[3];
byte tlb[3];
bool in_guest[3];
/* Under the scheduler's lock. */
bool alive = true;	/* domain.state */
byte domain = 1;
byte running;		/* core that runs the vCPU */
bool on_core;		/* vcpu.on_core */
byte core;		/* vcpu.core */
/* Locked instructions alone. */
byte refs = 1;

#include "x86.pml"

inline round_run(x, y)
{
	FENCE(0);
	atomic { LOAD(0, RUN + 1, x); kick[1] = kick[1] || (x & 1) };
	atomic { LOAD(0, RUN + 2, y); kick[2] = kick[2] || (y & 1) };
	!(x & 1) || mem[RUN + 1] != x;
	!(y & 1) || mem[RUN + 2] != y;
	x = 0;
	y = 0
}

/* domain_put: the last one queues the teardown */
inline domain_put(c)
{
	d_step { drain_all(c); assert(refs > 0); refs = refs - 1 }
}

proctype builder()
{
	byte x, y;

	/* physmap_change: Q in place of P */
	spin_lock(0, LOCK);
	XCHG(0, EPT, Q);
	atomic { LOAD(0, GEN, x); STORE(0, GEN, x + 1); x = 0 };
	round_run(x, y);
	freed[P] = true;
	spin_unlock(0, LOCK);
	/* domain_shutdown(); sched_evict(): expel() */
	atomic { drain_all(0); alive = false };
#ifndef M_NOT_EXPELLED
	if
	:: running ->					/* poke_running() */
#ifdef M_EVICT_NO_FENCE
		STORE(0, ATTN, 1);
#else
		XCHG(0, ATTN, 1);
#endif
		LOAD(0, RUN + running, x);
		kick[running] = kick[running] || (x & 1)
	:: else
	fi;
#endif
	domain_put(0);
#ifndef M_TEARDOWN_AT_ONCE
	refs == 0;
#endif
	/* physmap_teardown(), physmap_retire(), physmap_init() */
	freed[Q] = true;
	atomic {
		LOAD(0, GEN, x);
#ifdef M_EQUAL_GENERATION
		STORE(0, GEN, x);
#else
#ifdef M_FIRST_GENERATION
		STORE(0, GEN, 1);
#else
		STORE(0, GEN, x + 1);
#endif
#endif
		x = 0
	};
	XCHG(0, EPT, R);
	XCHG(0, ATTN, 0);
	atomic { alive = true; domain = 2; refs = refs + 1 }	/* domain_start() */
}

proctype runner(byte c)
{
	byte g, seen, ep, turns, x;
	bool spins, mine;

turn:
	/* choose(): the vCPU that is loaded, or one that is on no core */
	atomic {
		drain_all(c);
		if
#ifdef M_DYING_IS_CHOSEN
		:: (!on_core || mine) && turns < 2 ->
#else
		:: alive && (!on_core || mine) && turns < 2 ->
#endif
			turns++;
			if
			:: !mine -> mine = true; on_core = true; refs++
			:: else
			fi;
			running = c
		:: else ->
			if
			:: running == c -> running = 0
			:: else
			fi;
			goto unload
		fi
	};
again:
	atomic {
		LOAD(c, ATTN, x);
		if
		:: x -> x = 0; kick[c] = false; goto turn
		:: else
		fi
	};
	atomic {
		LOAD(c, GEN, g);
		if
		:: g != seen -> tlb[c] = 0; seen = g	/* catch_up() */
		:: else
		fi
	};
	ep++;
	XCHG(c, RUN + c, ep);
	LOAD(c, GEN, g);
	LOAD(c, ATTN, x);
	atomic {
		if
		:: g != seen || x -> x = 0; g = 0; ep++; STORE(c, RUN + c, ep); goto again
		:: else -> g = 0
		fi
	};
	atomic {
		in_guest[c] = true;
		if
		:: spins = true
		:: spins = false
		fi
	};
end_guest:
	do
	:: atomic { tlb[c] == 0 && mem[EPT] -> tlb[c] = mem[EPT] }
	:: kick[c] || !spins -> break
	od;
	atomic {
		in_guest[c] = false;
		kick[c] = false;
		spins = false;
		ep++;
		STORE(c, RUN + c, ep)			/* the exit stub's first store */
	};
	/* A guest that is not wanted elsewhere may stay, or wait while another core takes it. */
	if
	:: goto turn
	:: goto leave
	fi;
leave:
	atomic { drain_all(c); running = 0 };		/* stop_running() */
unload:
	/* The reference keeps the domain up to here. */
	if
	:: mine ->
		atomic { drain_all(c); on_core = false; mine = false };
		domain_put(c)
	:: else
	fi;
	if
	:: turns < 2 && alive -> goto turn
	:: turns < 2 && !alive -> alive; goto turn
	:: turns == 2
	fi
}

/* I1: a guest uses neither a freed frame nor another domain's. */
#define WRONG(c)                                                                                   \
	(in_guest[c] && tlb[c] && (freed[tlb[c]] || (domain == 2) != (tlb[c] == R)))

proctype uses()
{
end:
	WRONG(1) || WRONG(2) -> assert(false)
}

init {
	atomic {
		d_step { mem[EPT] = P; mem[GEN] = 1 };
		run memory(0);
		run memory(1);
		run memory(2);
		run uses();
		run builder();
		run runner(1);
		run runner(2)
	}
}
