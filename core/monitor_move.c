// SPDX-License-Identifier: MIT
/* The monitor's `mem-move`: pages of a guest get other frames beneath it. */
#include "arch/x86/cpu/clock.h"
#include "core/domain.h"
#include "core/lib/parse.h"
#include "core/lib/string.h"
#include "core/monitor.h"
#include "core/sched.h"
#include "core/vcpu_arch.h"
#include "mm/physmap_move.h"

#define PIECE 32 /* pages that a piece of work moves */

/* What the command is at. The domain is paused, and ours by a reference. */
static struct {
	struct domain *d;
	uint64_t gfn, end; /* to be moved yet, */
	uint32_t nested;   /* or the vCPU whose pages are; no vCPU: gfns */
	uint32_t off;      /* vCPUs that have left their cores */
	uint64_t give_up;  /* when the next one has not by then */
	uint64_t moved, stayed;
	enum status why; /* the last that stayed stayed */
	gfn_t where;
} at;

static void move(gfn_t gfn)
{
	enum status st = physmap_move(&at.d->physmap, gfn);

	if (st == OK) {
		at.moved++;
		return;
	}
	at.stayed++;
	at.why = st;
	at.where = gfn;
}

static const char *reason(void)
{
	switch (at.why) {
	case ERR_NOT_FOUND: return "nothing is mapped there";
	case ERR_PERMISSION: return "it is not the guest's own";
	case ERR_BUSY: return "others have it, too";
	default: return "out of memory";
	}
}

static bool over(void)
{
	monitor_printf("%s: %lu pages moved\n", at.d->name, (unsigned long)at.moved);
	if (at.stayed)
		monitor_printf("%lu not; gfn %#lx: %s\n", (unsigned long)at.stayed,
			       (unsigned long)at.where.n, reason());
	domain_unpause(at.d);
	domain_put(at.d);
	return false;
}

static bool more(void)
{
	if (at.off < at.d->vcpu_count) {
		struct vcpu *v = at.d->vcpus[at.off];

		if (sched_borrow(v)) {
			sched_return(v);
			at.off++;
		} else if (clock_ticks() >= at.give_up) {
			monitor_printf("vCPU %u does not leave its core\n", at.off);
			return over();
		}
		return true;
	}
	if (at.nested < at.d->vcpu_count) {
		vcpu_arch_nested_pages(at.d->vcpus[at.nested++], move);
		return true;
	}
	for (unsigned int i = 0; i < PIECE && at.gfn != at.end; i++)
		move(to_gfn(at.gfn++));
	if (at.gfn != at.end && at.gfn > at.d->physmap.max_gfn) {
		/* Nothing was ever mapped from here on. */
		at.stayed += at.end - at.gfn;
		at.why = ERR_NOT_FOUND;
		at.where = to_gfn(at.end - 1);
		at.gfn = at.end;
	}
	return at.gfn != at.end || over();
}

/* "nested", or GFN [COUNT]. */
static bool what(int argc, char **argv)
{
	uint64_t count = 1;

	if (argc > 2 && !strcmp(argv[2], "nested")) {
		at.nested = 0;
		return true;
	}
	if (argc < 3 || !parse_u64(parse_text(argv[2]), &at.gfn) ||
	    (argc > 3 && !parse_u64(parse_text(argv[3]), &count)))
		return false;
	at.end = at.gfn + count;
	return at.end >= at.gfn;
}

static void cmd_mem_move(int argc, char **argv)
{
	struct domain *d = monitor_domain(argc > 1 ? argv[1] : NULL);

	if (!d)
		return;
	memset(&at, 0, sizeof(at));
	at.d = d;
	at.nested = d->vcpu_count;
	at.give_up = clock_ticks() + 1000 * tsc_khz;
	if (d->state == DOMAIN_BUILDING) {
		monitor_printf("%s: is being built; try again\n", d->name);
	} else if (!what(argc, argv)) {
		monitor_printf("%s: move which pages? GFN [COUNT], or nested\n", d->name);
	} else {
		domain_pause(d);
		monitor_continue(more);
		return;
	}
	domain_put(d);
}

MONITOR_COMMAND(mem_move, "mem-move", "GUEST GFN [COUNT] | nested",
		"other frames for pages, or for those it runs its guest with", cmd_mem_move);
