// SPDX-License-Identifier: MIT
/*
 * Covers I1, I2, I3 and I9 for caches that come and go (docs/gpc.md; hazards 1, 5 and 6): an area
 * that crosses pages, so two caches and one section.
 *
 *   core 0  physmap_change(): removes both pages in one batch, with one round; maps another frame
 *           at the first, and removes that
 *   core 1  the owner: gpc_activate() of the first cache elsewhere, then the end of the vCPU:
 *           nobody finds it any more, gpc_deactivate(), own_free()
 *   core 2  finds the vCPU and writes to both pages in one section; after a miss gpc_refresh(),
 *           by a reference to the domain; then a section again
 *
 * No core runs the guest, so none is kicked: the section is on a core that only sections_drain()
 * knows of.
 */
#define NC 3
#define NVAR 11
#define LOCK 0	/* physmap.lock */
#define EPT 1	/* 1 and 2: the leaves of gfn 1 and gfn 2 */
#define VALID 3 /* and 4: gpc.valid of the first and of the second page */
#define PFN 5	/* and 6: gpc.pfn */
#define FOUND 7 /* evtchn_domains[], ports: the way from outside to the vCPU */
#define ACC 8	/* pcpus[2]->shared.acc */
#define DATA 9	/* and 10: a word in each page */

#define P 1
#define Q 2
#define S 3

bool freed[4];
bool destroyed; /* own_free() of the vCPU, and with it of its caches */
bool dying;	/* domain.state, under the domain list's lock */
byte refs;	/* domain.refs but for the list's own */
bool using;	/* core 2 has seen the first cache valid in its section */
byte gfn[2];	/* of each cache; 0: not hashed; under physmap.lock */

#include "x86.pml"

/* I3, where nobody else can change anything */
inline check_index(c, i, x, y)
{
	d_step {
		LOAD(c, VALID + i, x);
		if
		:: x ->
			LOAD(c, PFN + i, y);
			assert(gfn[i]);
			LOAD(c, EPT + gfn[i] - 1, x);
			assert(x == y)
		:: else
		fi;
		x = 0;
		y = 0
	}
}

inline sections_drain(c, x)
{
#ifndef M_NO_FENCE_DRAIN
	FENCE(c);
#endif
	LOAD(c, ACC, x);
	if
	:: x & 1 -> mem[ACC] != x
	:: else
	fi;
	x = 0
}

/* gpc_index_invalidate, one cache */
inline invalidate(c, i, at)
{
	if
	:: gfn[i] == at -> assert(!destroyed); STORE(c, VALID + i, 0)
	:: else
	fi
}

proctype changer()
{
	byte p, q, x, y;

again:
	spin_lock(0, LOCK);
	atomic { p = mem[EPT]; XCHG(0, EPT, 0) };	/* exchange() */
	invalidate(0, 0, 1);
	invalidate(0, 1, 1);
#ifdef M_PUT_IN_BATCH
	freed[p] = p != 0;
#endif
	atomic { q = mem[EPT + 1]; XCHG(0, EPT + 1, 0) };
	invalidate(0, 0, 2);
#ifndef M_SECOND_STAYS_VALID
	invalidate(0, 1, 2);
#endif
	/* round_run: nobody to kick */
#ifndef M_DRAIN_KICKED_ONLY
	sections_drain(0, x);
#endif
	freed[p] = p != 0;
	freed[q] = q != 0;
	check_index(0, 0, x, y);
	check_index(0, 1, x, y);
	spin_unlock(0, LOCK);
	if
	:: p == P ->
		spin_lock(0, LOCK);			/* map: nothing was there */
		XCHG(0, EPT, S);
		spin_unlock(0, LOCK);
		goto again
	:: else
	fi
}

/* resolve: under the lock */
inline publish(c, i, f)
{
	STORE(c, PFN + i, f);
	STORE(c, VALID + i, 1)
}

inline withdraw(c, i, x)
{
	STORE(c, VALID + i, 0);
#ifndef M_WITHDRAW_NO_DRAIN
	sections_drain(c, x);
#endif
	gfn[i] = 0					/* unhash() */
}

/* gpc_activate of an active cache */
inline gpc_activate(c, i, to, f, x, y)
{
	spin_lock(c, LOCK);
	LOAD(c, EPT + to - 1, f);
	if
	:: f ->
		withdraw(c, i, x);
		assert(i != 0 || !using);		/* nobody uses the old target */
		gfn[i] = to;
		publish(c, i, f)
	:: else
	fi;
	f = 0;
	check_index(c, i, x, y);
	spin_unlock(c, LOCK)
}

inline gpc_deactivate(c, i, x, y)
{
	spin_lock(c, LOCK);
	if
	:: gfn[i] -> withdraw(c, i, x)
	:: else
	fi;
	assert(i != 0 || !using);
	check_index(c, i, x, y);
	spin_unlock(c, LOCK)
}

inline gpc_refresh(c, i, f, x, y)
{
	spin_lock(c, LOCK);
	assert(!destroyed);
	LOAD(c, VALID + i, x);
	if
#ifdef M_REFRESH_INACTIVE
	:: !x -> LOAD(c, EPT + i, f)
#else
	:: !x && gfn[i] -> LOAD(c, EPT + gfn[i] - 1, f)
#endif
	:: else
	fi;
	x = 0;
#ifdef M_REFRESH_DROPS_LOCK
	spin_unlock(c, LOCK);
	spin_lock(c, LOCK);
#endif
	if
	:: f -> publish(c, i, f)
	:: else
	fi;
	f = 0;
	check_index(c, i, x, y);
	spin_unlock(c, LOCK)
}

proctype owner()
{
	byte f, x, y;

	if
	:: gpc_activate(1, 0, 2, f, x, y)
	:: true
	fi;
	/* domain_shutdown(): no new references; the last one dropped queues the teardown */
	d_step { drain_all(1); dying = true };
	refs == 0;
#ifndef M_FOUND_TO_THE_END
	STORE(1, FOUND, 0);				/* evtchn_domain_retire() */
	sections_drain(1, x);
#endif
#ifndef M_DESTROYED_HASHED
	gpc_deactivate(1, 0, x, y);
	gpc_deactivate(1, 1, x, y);
#endif
#ifdef M_FOUND_TO_THE_END
	STORE(1, FOUND, 0);
#endif
	destroyed = true				/* own_free() */
}

proctype section_core()
{
	byte f, h, v, w, turns, e, x;
	bool referred;

	do
	:: turns == 2 -> break
	:: turns < 2 ->
		turns++;
		e++;
#ifdef M_NO_FENCE_SECTION
		STORE(2, ACC, e);
#else
		XCHG(2, ACC, e);			/* section_begin() */
#endif
		LOAD(2, FOUND, x);
		if
		:: x == 0 -> goto end_section
		:: else -> x = 0
		fi;
		/* guest_area_map(): both pages before either is used */
		LOAD(2, VALID + 1, w);
		assert(!destroyed);
		if
		:: w -> LOAD(2, PFN + 1, h)
		:: else -> goto missed
		fi;
#ifdef M_SECTION_PER_PAGE
		e++;
		STORE(2, ACC, e);
		e++;
		XCHG(2, ACC, e);
#endif
		atomic { LOAD(2, VALID, v); assert(!destroyed); using = v };
		if
		:: v -> LOAD(2, PFN, f)
		:: else -> goto missed
		fi;
		STORE(2, DATA, f);
		STORE(2, DATA + 1, h);
		assert(!freed[f] && !freed[h]);		/* I1 */
		goto end_section;
missed:
		skip;
		/* domain_get(): not of a dying one */
		d_step {
			drain_all(2);
			if
			:: !dying -> refs++; referred = true
			:: else
			fi
		};
end_section:
		atomic {
			using = false;
			f = 0;
			h = 0;
			v = 0;
			w = 0;
			e++;
			STORE(2, ACC, e)		/* section_end() */
		};
		if
		:: referred ->
			gpc_refresh(2, 0, f, x, v);
			gpc_refresh(2, 1, f, x, v);
			d_step { drain_all(2); refs--; referred = false }	/* domain_put() */
		:: else
		fi
	od
}

/* I2: no store reaches a frame after it was freed. */
proctype late_writes()
{
end:
	do
	:: d_step { sb[2].n > 0 ->
		if
		:: sb[2].var[0] >= DATA -> assert(!freed[sb[2].val[0]])
		:: else
		fi;
		pop(2) }
	od
}

init {
	atomic {
		d_step {
			mem[EPT] = P;
			mem[EPT + 1] = Q;
			mem[PFN] = P;
			mem[PFN + 1] = Q;
			mem[VALID] = 1;
			mem[VALID + 1] = 1;
			mem[FOUND] = 1;
			gfn[0] = 1;
			gfn[1] = 2
		};
		run memory(0);
		run memory(1);
		run late_writes();
		run changer();
		run owner();
		run section_core()
	}
}
