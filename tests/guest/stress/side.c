// SPDX-License-Identifier: MIT
/* What all movers of pages share, and the page that vCPU 1 moves while another vCPU moves others. */
#include "tests/guest/stress/stress.h"

#define SIDE_HOLE (HOLE / PAGE_SIZE + 128)

volatile unsigned long moves, side_moves;
static uint8_t side_page[PAGE_SIZE] page_aligned;

bool uniform(const void *page, unsigned long *word)
{
	const unsigned long *p = page;

	*word = p[0];
	for (unsigned int i = 1; i < WORDS; i++)
		if (p[i] != *word)
			return false;
	return true;
}

bool moved(long result, const char *what)
{
	moves++;
	if (result < 0)
		fault(FAULT_OTHER, "%s: %ld", what, result);
	return result >= 0;
}

static long reservation(unsigned int op, unsigned long *gfns, unsigned int count,
			unsigned int order)
{
	struct xen_memory_reservation r = { .nr_extents = count,
					    .extent_order = order,
					    .domid = DOMID_SELF };
	long done;

	set_xen_guest_handle(r.extent_start, gfns);
	done = memory_op(op, &r);
	return done == (long)count ? 0 : -1000 - done;
}

long give_back(unsigned long *gfns, unsigned int count, unsigned int order)
{
	return reservation(XENMEM_decrease_reservation, gfns, count, order);
}

long take_again(unsigned long *gfns, unsigned int count, unsigned int order)
{
	return reservation(XENMEM_populate_physmap, gfns, count, order);
}

void side_step(void)
{
	static unsigned long stamp;
	static bool at_second;
	unsigned long from = at_second ? SIDE_HOLE + 1 : SIDE_HOLE;
	unsigned long to = at_second ? SIDE_HOLE : SIDE_HOLE + 1;
	unsigned long word;

	AT(from)[7] = ++stamp;
	if (add_to_physmap(XENMAPSPACE_gmfn, from, to) || AT(to)[7] != stamp)
		fault(FAULT_OTHER, "the page of vCPU 1 is not where it was put");
	AT(to)[7] = 0;
	at_second = !at_second;
	side_moves++;
	if (chance(1, 4))
		return;
	if (give_back(&to, 1, 0) || take_again(&to, 1, 0))
		fault(FAULT_OTHER, "the page of vCPU 1 cannot be had again");
	side_moves += 2;
	if (!uniform(AT(to), &word) || word)
		fault(FAULT_LATE, "vCPU 1 gets a frame that begins with 0x%lx", word);
}

void side_init(void)
{
	if (add_to_physmap(XENMAPSPACE_gmfn, GFN(side_page), SIDE_HOLE))
		fault(FAULT_OTHER, "the page of vCPU 1 does not move");
}
