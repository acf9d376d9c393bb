// SPDX-License-Identifier: MIT
// sources: xenabi/pv/xs_path.c xenabi/pv/xs_node.c xenabi/pv/xs_store.c xenabi/pv/xs_transaction.c
// sources: xenabi/pv/xs_watch.c xenabi/pv/xs_message.c xenabi/pv/xs_ring.c
// sources: core/lib/printf.c core/lib/parse.c tests/unit/fakes/own_heap.c
//
// A stream of bytes is put into the rings of two guests of one store in turns; it holds requests of
// theirs (seeds: whole sessions) or nonsense. Nothing may be touched out of bounds, nothing leaks,
// and the accounts come out even.
#include <stdlib.h>

#include "core/lib/string.h"
#include "tests/unit/fakes/own_heap.h"
#include "xenabi/pv/xs_ring.h"

#define GUESTS 2

static struct xs_store store;
static struct xs_conn conn[GUESTS];
static struct xs_ring ring[GUESTS];
static struct xenstore_domain_interface page[GUESTS];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool what)
{
	if (!what)
		abort();
}

static void seed(void)
{
	static const char *const paths[] = { "/local/domain/1", "/local/domain/2" };
	struct xs_view self = { .store = &store, .conn = &store.self };

	for (uint16_t i = 0; i < GUESTS; i++) {
		struct xs_perms perms = { 1, { { (uint16_t)(i + 1), XS_PERM_NONE } } };

		must(xs_store_mkdir(&self, paths[i], strlen(paths[i])) == 0);
		must(xs_store_set_perms(&self, paths[i], strlen(paths[i]), &perms) == 0);
		xs_conn_init(&store, &conn[i], (uint16_t)(i + 1));
		memset(&page[i], 0, sizeof(page[i]));
		must(xs_ring_init(&ring[i], &page[i]) == OK);
	}
}

/* Give a guest's ring as much as it takes, and empty the other direction. */
static size_t feed(unsigned int g, const uint8_t *data, size_t size)
{
	struct xenstore_domain_interface *p = &page[g];
	size_t n = 0;
	bool more;

	while (n < size && p->req_prod - p->req_cons < XENSTORE_RING_SIZE)
		p->req[MASK_XENSTORE_IDX(p->req_prod++)] = (char)data[n++];
	(void)!xs_ring_pump(&ring[g], &store, &conn[g], 64, &more);
	p->rsp_cons = p->rsp_prod;
	if (p->error)
		p->connection = XENSTORE_RECONNECT;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	must(xs_store_init(&store) == OK);
	seed();
	own_heap_fail_after = size && (data[0] & 0x80) ? data[0] & 0x7f : -1;
	/* A byte says whose turn it is and how many bytes he gets. */
	while (size > 1) {
		unsigned int g = data[0] & 1;
		size_t n = (size_t)min_u64(((uint64_t)data[0] >> 1) * 8 + 1, size - 1);

		n = feed(g, data + 1, n);
		data += n + 1;
		size -= n + 1;
	}
	own_heap_fail_after = -1;
	for (unsigned int g = 0; g < GUESTS; g++) {
		(void)feed(g, data, 0);
		xs_ring_destroy(&ring[g]);
		xs_conn_destroy(&store, &conn[g]);
		must(conn[g].account.used == 0);
	}
	xs_store_destroy(&store);
	must(own_heap_used == 0);
	return 0;
}
