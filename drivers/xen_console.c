// SPDX-License-Identifier: MIT
#include "drivers/xen_console.h"

#include "arch/x86/cpu/paging.h"
#include "core/lib/atomic.h"
#include "drivers/xen_guest.h"

#include <xen/hvm/params.h>
#include <xen/io/console.h>

static struct xencons_interface *ring;
static uint32_t port;

bool xen_console_init(void)
{
	uint64_t gfn, evtchn;

	if (!xen_guest_param(HVM_PARAM_CONSOLE_PFN, &gfn) ||
	    !xen_guest_param(HVM_PARAM_CONSOLE_EVTCHN, &evtchn))
		return false;
	port = (uint32_t)evtchn;
	ring = paging_map(to_hpa(gfn << PAGE_SHIFT), sizeof(*ring), MAP_RAM_RW);
	return ring != NULL;
}

size_t xen_console_write(const char *buf, size_t len)
{
	uint32_t prod = ring->out_prod;
	size_t done = 0;

	/* An index that makes no sense leaves no room. */
	while (done < len && prod - load_acquire(&ring->out_cons) < sizeof(ring->out))
		ring->out[MASK_XENCONS_IDX(prod++, ring->out)] = buf[done++];
	if (done) {
		store_release(&ring->out_prod, prod);
		xen_guest_notify(port);
	}
	return done;
}

size_t xen_console_read(char *buf, size_t len)
{
	uint32_t cons = ring->in_cons;
	uint32_t ready = load_acquire(&ring->in_prod) - cons;
	size_t done = 0;

	if (ready > sizeof(ring->in))
		return 0;
	while (done < len && done < ready)
		buf[done++] = ring->in[MASK_XENCONS_IDX(cons++, ring->in)];
	if (done) {
		store_release(&ring->in_cons, cons);
		xen_guest_notify(port);
	}
	return done;
}
