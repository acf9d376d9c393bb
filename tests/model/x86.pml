// SPDX-License-Identifier: MIT
/*
 * Memory as x86 cores see it: each core's stores go through a FIFO store buffer of SB entries and
 * reach memory at any later time; loads look into the own buffer first; locked instructions and
 * fences drain it (SDM vol. 3, 9.2). Spin by itself is sequentially consistent, so without this a
 * missing fence could not be seen.
 *
 * A push into the own buffer is nobody else's business, so a model may put it into one atomic step
 * with the access before it; never with the access after it, which would hide orders.
 *
 * A model defines NC (cores) and NVAR (shared variables, bytes) before it includes this; and
 * NO_STORE_BUFFERS if it is about who waits for whom alone.
 */
/* A model may watch stores reach memory: ON_STORE(variable). */
#ifndef ON_STORE
#define ON_STORE(variable) skip
#endif

#ifndef SB
#define SB 2
#endif

typedef buffer {
	byte n;
	byte var[SB];
	byte val[SB];
}

byte mem[NVAR];
buffer sb[NC];

/* The oldest store of a core reaches memory. */
inline pop(core)
{
	mem[sb[core].var[0]] = sb[core].val[0];
	ON_STORE(sb[core].var[0]);
	sb[core].var[0] = sb[core].var[1];
	sb[core].val[0] = sb[core].val[1];
	sb[core].var[1] = 0;
	sb[core].val[1] = 0;
	sb[core].n = sb[core].n - 1
}

inline STORE(core, where, what)
{
#ifdef NO_STORE_BUFFERS
	d_step { mem[where] = what; ON_STORE(where) }
#else
	d_step {
		if
		:: sb[core].n == SB -> pop(core)
		:: else
		fi;
		sb[core].var[sb[core].n] = where;
		sb[core].val[sb[core].n] = what;
		sb[core].n = sb[core].n + 1
	}
#endif
}

inline LOAD(core, where, into)
{
	d_step {
		into = mem[where];
		if
		:: sb[core].n > 0 && sb[core].var[0] == where -> into = sb[core].val[0]
		:: else
		fi;
		if
		:: sb[core].n > 1 && sb[core].var[1] == where -> into = sb[core].val[1]
		:: else
		fi
	}
}

inline drain_all(core)
{
	if
	:: sb[core].n > 0 -> pop(core)
	:: else
	fi;
	if
	:: sb[core].n > 0 -> pop(core)
	:: else
	fi
}

inline FENCE(core)
{
	d_step { drain_all(core) }
}

/* A locked exchange: drains, then acts on memory at once. */
inline XCHG(core, where, what)
{
	d_step { drain_all(core); mem[where] = what; ON_STORE(where) }
}

/* A lock in a variable of its own. Its waiters have no order here: where that matters the model has
 * tickets. */
inline spin_lock(core, lock)
{
	atomic { mem[lock] == 0 -> drain_all(core); mem[lock] = 1 }
}

inline spin_unlock(core, lock)
{
	STORE(core, lock, 0)
}

/* Memory may take the oldest store of a core at any time. */
proctype memory(byte c)
{
end:
	do
	:: d_step { sb[c].n > 0 -> pop(c) }
	od
}
