// SPDX-License-Identifier: MIT
// variants: 64 32
//
// The xenstore through its ring: what a guest finds there, every request with its errors, watches,
// transactions, messages larger than the ring, and a broken ring. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#include <xen/io/xs_wire.h>

static struct xenstore_domain_interface *ring;
static evtchn_port_t port;
static struct xsd_sockmsg header;
static char payload[XENSTORE_PAYLOAD_MAX + 1];
static uint32_t next_id = 1;

static void tell(void)
{
	fence();
	(void)send_port(port);
}

static bool put(const void *data, uint32_t len)
{
	const char *p = data;
	uint64_t end = system_time() + 1000 * NS_PER_MS;

	while (len && system_time() < end) {
		if (ring->req_prod - READ_ONCE(ring->req_cons) == XENSTORE_RING_SIZE) {
			tell();
			(void)sched_op(SCHEDOP_yield, 0);
			continue;
		}
		ring->req[MASK_XENSTORE_IDX(ring->req_prod)] = *p++;
		barrier();
		WRITE_ONCE(ring->req_prod, ring->req_prod + 1);
		len--;
	}
	return len == 0;
}

static bool get(void *data, uint32_t len, uint64_t wait_for)
{
	char *p = data;
	uint64_t end = system_time() + wait_for;

	while (len) {
		if (READ_ONCE(ring->rsp_prod) == ring->rsp_cons) {
			if (system_time() > end)
				return false;
			tell();
			(void)sched_op(SCHEDOP_yield, 0);
			continue;
		}
		barrier();
		*p++ = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
		barrier();
		WRITE_ONCE(ring->rsp_cons, ring->rsp_cons + 1);
		len--;
	}
	return true;
}

/* The next message into header and payload; false when none comes. */
static bool receive(uint64_t wait_for)
{
	header.type = 0;
	if (!get(&header, sizeof(header), wait_for) || header.len > XENSTORE_PAYLOAD_MAX)
		return false;
	payload[header.len] = '\0';
	return get(payload, header.len, 1000 * NS_PER_MS);
}

/* A request and its reply; watch events before it are dropped. The reply's type. */
static uint32_t request(uint32_t type, uint32_t tx, const void *data, uint32_t len)
{
	struct xsd_sockmsg h = { type, next_id++, tx, len };

	if (!put(&h, sizeof(h)) || !put(data, len))
		return XS_INVALID;
	tell();
	do {
		if (!receive(1000 * NS_PER_MS))
			return XS_INVALID;
	} while (header.type == XS_WATCH_EVENT);
	return header.req_id == h.req_id ? header.type : XS_INVALID;
}

#define REQUEST(type, tx, literal) request(type, tx, literal, sizeof(literal) - 1)

static bool is(const char *text)
{
	if (strcmp(payload, text) == 0)
		return true;
	note("got \"%s\"", payload);
	return false;
}

static bool reads(const char *path, const char *value)
{
	return request(XS_READ, 0, path, (uint32_t)strlen(path) + 1) == XS_READ && is(value);
}

static bool error(uint32_t type, const char *name)
{
	return type == XS_ERROR && is(name);
}

static void seeded(void)
{
	char number[16];

	format_to(number, sizeof(number), "%u", cpuid(0x40000004, 0).c);
	ok(reads("domid", number), "domid is %s", number);
	ok(reads("memory/target", "16384"), "memory/target is what it was built with");
	ok(reads("memory/static-max", "16384"), "memory/static-max, too");
	ok(reads("cpu/0/availability", "online"), "vCPU 0 is online");
	ok(reads("control/platform-feature-xs_reset_watches", "1"), "reset_watches is offered");
	ok(reads("control/platform-feature-multiprocessor-suspend", "1"), "a platform feature");
	ok(request(XS_READ, 0, "vm", 3) == XS_READ && strstr(payload, "/vm/"), "vm: %s", payload);
	ok(request(XS_READ, 0, "name", 5) == XS_READ && header.len > 0, "name: %s", payload);
	ok(REQUEST(XS_DIRECTORY, 0, "control\0") == XS_DIRECTORY, "control is a directory");
	ok(error(REQUEST(XS_WRITE, 0, "name\0other"), "EACCES"), "the name is not the guest's");
	ok(error(REQUEST(XS_READ, 0, "/\0"), "EACCES"), "nor is the root");
	ok(REQUEST(XS_WRITE, 0, "attr/a\0b") == XS_WRITE, "attr is");
	ok(REQUEST(XS_WRITE, 0, "control/shutdown\0") == XS_WRITE, "control/shutdown, too");
}

static void nodes(void)
{
	ok(REQUEST(XS_WRITE, 0, "data/a/b\0value") == XS_WRITE && is("OK"), "write");
	ok(reads("data/a/b", "value"), "read");
	ok(REQUEST(XS_MKDIR, 0, "data/a/c\0") == XS_MKDIR, "mkdir");
	ok(REQUEST(XS_DIRECTORY, 0, "data/a\0") == XS_DIRECTORY && header.len == 4 &&
		   memcmp(payload, "b\0c", 4) == 0,
	   "directory");
	ok(REQUEST(XS_DIRECTORY_PART, 0, "data/a\0000\0") == XS_DIRECTORY_PART, "directory_part");
	ok(REQUEST(XS_GET_PERMS, 0, "data/a\0") == XS_GET_PERMS && payload[0] == 'n', "get_perms");
	format_to(payload, sizeof(payload), "data/a%cb%u%cr0", 0, cpuid(0x40000004, 0).c, 0);
	ok(request(XS_SET_PERMS, 0, payload, 7 + (uint32_t)strlen(payload + 7) + 1 + 3) ==
		   XS_SET_PERMS,
	   "set_perms");
	ok(REQUEST(XS_RM, 0, "data/a\0") == XS_RM, "rm");
	ok(error(REQUEST(XS_READ, 0, "data/a/b\0"), "ENOENT"), "it is gone");
	ok(error(REQUEST(XS_READ, 0, "data//b\0"), "EINVAL"), "a bad path");
	ok(error(REQUEST(XS_READ, 0, "data"), "EINVAL"), "no end of string");
	ok(error(REQUEST(99, 0, "data\0"), "ENOSYS"), "an unknown request");
	ok(error(REQUEST(XS_CONTROL, 0, "check\0"), "EACCES"), "control");
	ok(error(REQUEST(XS_INTRODUCE, 0, "1\0002\0003\0"), "EACCES"), "introduce");
	ok(REQUEST(XS_GET_DOMAIN_PATH, 0, "7\0") == XS_GET_DOMAIN_PATH && is("/local/domain/7"),
	   "get_domain_path");
	ok(REQUEST(XS_IS_DOMAIN_INTRODUCED, 0, "30000\0") == XS_IS_DOMAIN_INTRODUCED && is("F"),
	   "is_domain_introduced");
}

static bool event(const char *path, const char *token)
{
	if (!receive(200 * NS_PER_MS) || header.type != XS_WATCH_EVENT)
		return false;
	return is(path) && strcmp(payload + strlen(payload) + 1, token) == 0;
}

static void watches(void)
{
	ok(REQUEST(XS_WATCH, 0, "data\0token\0") == XS_WATCH, "watch");
	ok(event("data", "token"), "fires at once");
	ok(error(REQUEST(XS_WATCH, 0, "data\0token\0"), "EEXIST"), "not twice");
	(void)REQUEST(XS_WRITE, 0, "data/w\0x");
	(void)REQUEST(XS_UNWATCH, 0, "data\0other\0");
	ok(error(header.type, "ENOENT"), "unwatch of what is not watched");
	ok(REQUEST(XS_WATCH, 0, "/local/domain\0abs\0") == XS_WATCH, "watch an absolute path");
	ok(event("/local/domain", "abs"), "fires at once");
	ok(REQUEST(XS_UNWATCH, 0, "data\0token\0") == XS_UNWATCH, "unwatch");
	ok(REQUEST(XS_RESET_WATCHES, 0, "\0") == XS_RESET_WATCHES, "reset_watches");
	ok(REQUEST(XS_RM, 0, "data/w\0") == XS_RM, "a change");
	ok(!receive(2 * NS_PER_MS), "that nobody hears of");
}

static uint32_t begin(void)
{
	uint32_t id = 0;

	if (REQUEST(XS_TRANSACTION_START, 0, "\0") == XS_TRANSACTION_START)
		for (const char *p = payload; *p; p++)
			id = id * 10 + (uint32_t)(*p - '0');
	return id;
}

static void transactions(void)
{
	uint32_t tx = begin();

	ok(tx != 0, "a transaction");
	ok(REQUEST(XS_WRITE, tx, "data/t\0in") == XS_WRITE, "a write in it");
	ok(error(REQUEST(XS_READ, 0, "data/t\0"), "ENOENT"), "is not seen outside");
	ok(REQUEST(XS_TRANSACTION_END, tx, "T\0") == XS_TRANSACTION_END, "it ends");
	ok(reads("data/t", "in"), "and is seen");
	tx = begin();
	ok(REQUEST(XS_READ, tx, "data/t\0") == XS_READ, "a read in another");
	ok(REQUEST(XS_WRITE, 0, "data/t\0out") == XS_WRITE, "a write outside");
	ok(error(REQUEST(XS_TRANSACTION_END, tx, "T\0"), "EAGAIN"), "is a conflict");
	tx = begin();
	ok(REQUEST(XS_RM, tx, "data/t\0") == XS_RM, "a removal in a third");
	ok(REQUEST(XS_TRANSACTION_END, tx, "F\0") == XS_TRANSACTION_END, "that is given up");
	ok(reads("data/t", "out"), "changes nothing");
	ok(error(REQUEST(XS_READ, 12345, "data/t\0"), "ENOENT"), "an unknown transaction");
}

static void large(void)
{
	static char big[XENSTORE_PAYLOAD_MAX];

	memset(big, 'v', sizeof(big));
	memcpy(big, "data/big", 9);
	ok(request(XS_WRITE, 0, big, 9 + 1900) == XS_WRITE, "a request larger than the ring");
	ok(REQUEST(XS_READ, 0, "data/big\0") == XS_READ && header.len == 1900 &&
		   payload[1899] == 'v',
	   "and a reply");
	ok(error(request(XS_WRITE, 0, big, XENSTORE_PAYLOAD_MAX), "ENOSPC"), "too large a value");
}

static void broken(void)
{
	struct xsd_sockmsg h = { XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1 };
	uint64_t end;

	ok(ring->server_features & XENSTORE_SERVER_FEATURE_RECONNECTION, "reconnection is offered");
	(void)put(&h, sizeof(h));
	tell();
	end = system_time() + 500 * NS_PER_MS;
	while (!READ_ONCE(ring->error) && system_time() < end)
		(void)sched_op(SCHEDOP_yield, 0);
	ok_eq(ring->error, XENSTORE_ERROR_PROTO, "too long a payload is a protocol error");
	WRITE_ONCE(ring->connection, XENSTORE_RECONNECT);
	tell();
	end = system_time() + 500 * NS_PER_MS;
	while (READ_ONCE(ring->connection) != XENSTORE_CONNECTED && system_time() < end)
		(void)sched_op(SCHEDOP_yield, 0);
	ok_eq(ring->connection, XENSTORE_CONNECTED, "reconnected");
	ok(reads("data/t", "out"), "and it works again");
}

void test_main(void)
{
	events_init();
	ring = (void *)(uintptr_t)(get_param(HVM_PARAM_STORE_PFN) * PAGE_SIZE);
	port = (evtchn_port_t)get_param(HVM_PARAM_STORE_EVTCHN);
	seeded();
	nodes();
	watches();
	transactions();
	large();
	broken();
}
