// SPDX-License-Identifier: MIT
// sources: xenabi/pv/xs_path.c xenabi/pv/xs_node.c xenabi/pv/xs_store.c xenabi/pv/xs_transaction.c
// sources: xenabi/pv/xs_watch.c xenabi/pv/xs_message.c xenabi/pv/xs_ring.c
// sources: core/lib/printf.c core/lib/parse.c tests/unit/fakes/own_heap.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/lib/string.h"
#include "tests/unit/fakes/own_heap.h"
#include "xenabi/pv/xs_ring.h"

#include <xen/errno.h>

static struct xs_store store;
static struct xs_conn guest, other;
static char reply_payload[XENSTORE_PAYLOAD_MAX];
static struct xs_message reply = { .payload = reply_payload };

static void put(const char *path, const char *perms_of, const char *value);

static int set_up(void **state)
{
	assert_int_equal(xs_store_init(&store), OK);
	xs_conn_init(&store, &guest, 1);
	xs_conn_init(&store, &other, 2);
	put("/local/domain/1", "n0 r1", "");
	put("/local/domain/1/data", "n1", "");
	put("/local/domain/1/name", "n0 r1", "one");
	put("/local/domain/2", "n0 r2", "");
	put("/local/domain/2/data", "n2", "");
	put("/secret", "n0", "hidden");
	return 0;
}

static int tear_down(void **state)
{
	xs_store_destroy(&store);
	assert_int_equal(own_heap_used, 0);
	return 0;
}

/* Send a message; the payload's bytes are given with their NULs. The reply's type. */
static uint32_t send_bytes(struct xs_conn *c, uint32_t type, uint32_t tx, const char *bytes,
			   size_t len)
{
	char payload[XENSTORE_PAYLOAD_MAX];
	struct xs_message m = { { type, 77, tx, (uint32_t)len }, payload };

	memcpy(payload, bytes, len);
	memset(reply_payload, '#', sizeof(reply_payload));
	xs_message_serve(&store, c, &m, &reply);
	assert_int_equal(reply.header.req_id, 77);
	assert_int_equal(reply.header.tx_id, tx);
	assert_true(reply.header.len <= XENSTORE_PAYLOAD_MAX);
	return reply.header.type;
}

#define SEND(c, type, tx, literal) send_bytes(c, type, tx, literal, sizeof(literal) - 1)

/* '|' stands for NUL in what is expected of the last reply. */
static void expect_reply(const char *text)
{
	char shown[XENSTORE_PAYLOAD_MAX + 1];
	size_t len = reply.header.len;

	for (size_t i = 0; i < len; i++)
		shown[i] = reply_payload[i] ? reply_payload[i] : '|';
	shown[len] = '\0';
	assert_string_equal(shown, text);
}

static void expect_error(uint32_t type, const char *name)
{
	assert_int_equal(type, XS_ERROR);
	expect_reply(name);
}

/* Write as the hypervisor. perms_of: "n0 r1". */
static void put(const char *path, const char *perms_of, const char *value)
{
	char message[256];
	size_t len = (size_t)snprintf(message, sizeof(message), "%s%c%s", path, 0, value);

	assert_int_equal(send_bytes(&store.self, XS_WRITE, 0, message, len), XS_WRITE);
	len = (size_t)snprintf(message, sizeof(message), "%s%c%s", path, 0, perms_of) + 1;
	for (size_t i = strlen(path) + 1; i < len; i++)
		message[i] = message[i] == ' ' ? '\0' : message[i];
	assert_int_equal(send_bytes(&store.self, XS_SET_PERMS, 0, message, len), XS_SET_PERMS);
}

/* The next event of a connection as "path|token|", or "" without one. */
static const char *next_event(struct xs_conn *c)
{
	static char shown[XENSTORE_PAYLOAD_MAX + 1], payload[XENSTORE_PAYLOAD_MAX];
	struct xs_message m = { .payload = payload };

	shown[0] = '\0';
	if (!xs_message_event(c, &m))
		return shown;
	assert_int_equal(m.header.type, XS_WATCH_EVENT);
	for (size_t i = 0; i < m.header.len; i++)
		shown[i] = payload[i] ? payload[i] : '|';
	shown[m.header.len] = '\0';
	return shown;
}

static void what_is_written_is_read(void **state)
{
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a\0value"), XS_WRITE);
	expect_reply("OK|");
	assert_int_equal(SEND(&guest, XS_READ, 0, "/local/domain/1/data/a\0"), XS_READ);
	expect_reply("value");
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a\0"), XS_WRITE);
	assert_int_equal(SEND(&guest, XS_READ, 0, "data/a\0"), XS_READ);
	expect_reply("");
	assert_int_equal(SEND(&guest, XS_READ, 0, "name\0"), XS_READ);
	expect_reply("one");
}

static void missing_nodes_and_forbidden_ones_are_told_apart(void **state)
{
	expect_error(SEND(&guest, XS_READ, 0, "data/none\0"), "ENOENT|");
	expect_error(SEND(&guest, XS_READ, 0, "data/none/deeper\0"), "ENOENT|");
	expect_error(SEND(&guest, XS_READ, 0, "/secret\0"), "EACCES|");
	expect_error(SEND(&guest, XS_READ, 0, "/nothing\0"), "EACCES|");
	expect_error(SEND(&guest, XS_READ, 0, "/local/domain/2/data\0"), "EACCES|");
	expect_error(SEND(&guest, XS_WRITE, 0, "name\0x"), "EACCES|");
	expect_error(SEND(&guest, XS_WRITE, 0, "new\0x"), "EACCES|");
	expect_error(SEND(&guest, XS_RM, 0, "name\0"), "EACCES|");
	expect_error(SEND(&guest, XS_MKDIR, 0, "/local/domain/3\0"), "EACCES|");
}

static void paths_are_checked(void **state)
{
	static char longest[XS_ABS_PATH_MAX + 8];

	expect_error(SEND(&guest, XS_READ, 0, ""), "EINVAL|");
	expect_error(SEND(&guest, XS_READ, 0, "\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_READ, 0, "data"), "EINVAL|"); /* no NUL */
	expect_error(SEND(&guest, XS_READ, 0, "data\0x\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_READ, 0, "data/\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_READ, 0, "data//a\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_READ, 0, "da ta\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_READ, 0, "data.x\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_READ, 0, "@releaseDomain\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_RM, 0, "/\0"), "EACCES|");
	expect_error(SEND(&store.self, XS_RM, 0, "/\0"), "EINVAL|");
	memset(longest, 'a', sizeof(longest));
	longest[XS_REL_PATH_MAX] = '\0';
	expect_error(send_bytes(&guest, XS_READ, 0, longest, XS_REL_PATH_MAX + 1), "ENOENT|");
	longest[XS_REL_PATH_MAX] = 'a';
	longest[XS_REL_PATH_MAX + 1] = '\0';
	expect_error(send_bytes(&guest, XS_READ, 0, longest, XS_REL_PATH_MAX + 2), "EINVAL|");
	longest[XS_REL_PATH_MAX + 1] = 'a';
	longest[0] = '/';
	longest[XS_ABS_PATH_MAX] = '\0';
	expect_error(send_bytes(&guest, XS_READ, 0, longest, XS_ABS_PATH_MAX + 1), "EACCES|");
	longest[XS_ABS_PATH_MAX] = 'a';
	longest[XS_ABS_PATH_MAX + 1] = '\0';
	expect_error(send_bytes(&guest, XS_READ, 0, longest, XS_ABS_PATH_MAX + 2), "EINVAL|");
}

static void directories_list_their_children(void **state)
{
	assert_int_equal(SEND(&guest, XS_DIRECTORY, 0, "data\0"), XS_DIRECTORY);
	expect_reply("");
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a/b/c\0x"), XS_WRITE);
	assert_int_equal(SEND(&guest, XS_MKDIR, 0, "data/d\0"), XS_MKDIR);
	assert_int_equal(SEND(&guest, XS_MKDIR, 0, "data/d\0"), XS_MKDIR);
	assert_int_equal(SEND(&guest, XS_DIRECTORY, 0, "data\0"), XS_DIRECTORY);
	expect_reply("a|d|");
	assert_int_equal(SEND(&guest, XS_DIRECTORY, 0, "data/a/b\0"), XS_DIRECTORY);
	expect_reply("c|");
	assert_int_equal(SEND(&guest, XS_RM, 0, "data/a\0"), XS_RM);
	assert_int_equal(SEND(&guest, XS_RM, 0, "data/a\0"), XS_RM);
	expect_error(SEND(&guest, XS_READ, 0, "data/a/b/c\0"), "ENOENT|");
	expect_error(SEND(&guest, XS_RM, 0, "data/a/b/c\0"), "ENOENT|");
	assert_int_equal(SEND(&guest, XS_DIRECTORY, 0, "data\0"), XS_DIRECTORY);
	expect_reply("d|");
	/* data and data/d are left; name and the top are not the guest's. */
	assert_int_equal(guest.nodes, 2);
}

static void a_part_of_a_directory_carries_the_generation(void **state)
{
	char first[64];

	assert_int_equal(SEND(&guest, XS_MKDIR, 0, "data/aa\0"), XS_MKDIR);
	assert_int_equal(SEND(&guest, XS_MKDIR, 0, "data/bb\0"), XS_MKDIR);
	assert_int_equal(SEND(&guest, XS_DIRECTORY_PART, 0, "data\0000\0"), XS_DIRECTORY_PART);
	memcpy(first, reply_payload, sizeof(first));
	assert_memory_equal(first + strlen(first) + 1, "aa\0bb\0", 7);
	assert_int_equal(SEND(&guest, XS_DIRECTORY_PART, 0, "data\0003\0"), XS_DIRECTORY_PART);
	assert_string_equal(first, reply_payload);
	assert_memory_equal(reply_payload + strlen(first) + 1, "bb\0", 4);
	assert_int_equal(SEND(&guest, XS_DIRECTORY_PART, 0, "data\00099\0"), XS_DIRECTORY_PART);
	assert_int_equal(reply.header.len, strlen(first) + 2);
	expect_error(SEND(&guest, XS_DIRECTORY_PART, 0, "data\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_DIRECTORY_PART, 0, "data\0x\0"), "EINVAL|");
}

static void permissions_are_given_and_shown(void **state)
{
	assert_int_equal(SEND(&guest, XS_GET_PERMS, 0, "name\0"), XS_GET_PERMS);
	expect_reply("n0|r1|");
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a\0x"), XS_WRITE);
	assert_int_equal(SEND(&guest, XS_GET_PERMS, 0, "data/a\0"), XS_GET_PERMS);
	expect_reply("n1|");
	expect_error(SEND(&other, XS_READ, 0, "/local/domain/1/data/a\0"), "EACCES|");
	assert_int_equal(SEND(&guest, XS_SET_PERMS, 0, "data/a\0n1\0b2\0"), XS_SET_PERMS);
	assert_int_equal(SEND(&other, XS_READ, 0, "/local/domain/1/data/a\0"), XS_READ);
	assert_int_equal(SEND(&other, XS_WRITE, 0, "/local/domain/1/data/a\0y"), XS_WRITE);
	expect_error(SEND(&other, XS_SET_PERMS, 0, "/local/domain/1/data/a\0n1\0"), "EACCES|");
	expect_error(SEND(&guest, XS_SET_PERMS, 0, "data/a\0n2\0"), "EPERM|");
	expect_error(SEND(&guest, XS_SET_PERMS, 0, "data/a\0x1\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_SET_PERMS, 0, "data/a\0n70000\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_SET_PERMS, 0, "data/a\0"), "EINVAL|");
	expect_error(SEND(&guest, XS_SET_PERMS, 0, "data/a\0n1\0n2\0n3\0n4\0n5\0n6\0"), "ENOSPC|");
	expect_error(SEND(&guest, XS_SET_PERMS, 0, "name\0n1\0"), "EACCES|");
}

static void a_watch_fires_at_once_and_at_changes_below(void **state)
{
	assert_int_equal(SEND(&guest, XS_WATCH, 0, "data\0tok\0"), XS_WATCH);
	assert_string_equal(next_event(&guest), "data|tok|");
	assert_string_equal(next_event(&guest), "");
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a/b\0x"), XS_WRITE);
	assert_string_equal(next_event(&guest), "data/a/b|tok|");
	assert_string_equal(next_event(&guest), "");
	expect_error(SEND(&guest, XS_WATCH, 0, "data\0tok\0"), "EEXIST|");
	assert_int_equal(SEND(&guest, XS_WATCH, 0, "/local/domain/1/data/a/b\0abs\0"), XS_WATCH);
	assert_string_equal(next_event(&guest), "/local/domain/1/data/a/b|abs|");
	/* A removal above is heard below; above it is one event for the top. */
	assert_int_equal(SEND(&guest, XS_RM, 0, "data/a\0"), XS_RM);
	assert_string_equal(next_event(&guest), "/local/domain/1/data/a/b|abs|");
	assert_string_equal(next_event(&guest), "data/a|tok|");
	assert_string_equal(next_event(&guest), "");
	assert_int_equal(SEND(&guest, XS_UNWATCH, 0, "data\0tok\0"), XS_UNWATCH);
	expect_error(SEND(&guest, XS_UNWATCH, 0, "data\0tok\0"), "ENOENT|");
	expect_error(SEND(&guest, XS_WATCH, 0, "data\0"), "EINVAL|");
	assert_int_equal(SEND(&guest, XS_WATCH, 0, "@introduceDomain\0t\0"), XS_WATCH);
	assert_string_equal(next_event(&guest), "@introduceDomain|t|");
}

static void a_watcher_hears_only_what_it_may_read(void **state)
{
	assert_int_equal(SEND(&other, XS_WATCH, 0, "/local/domain/1/data\0t\0"), XS_WATCH);
	assert_string_equal(next_event(&other), "/local/domain/1/data|t|");
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a\0x"), XS_WRITE);
	assert_string_equal(next_event(&other), "");
	assert_int_equal(SEND(&guest, XS_SET_PERMS, 0, "data/a\0n1\0r2\0"), XS_SET_PERMS);
	assert_string_equal(next_event(&other), "/local/domain/1/data/a|t|");
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a\0y"), XS_WRITE);
	assert_string_equal(next_event(&other), "/local/domain/1/data/a|t|");
}

static void equal_events_are_one(void **state)
{
	assert_int_equal(SEND(&guest, XS_WATCH, 0, "data\0t\0"), XS_WATCH);
	for (int i = 0; i < 10; i++)
		assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a\0x"), XS_WRITE);
	assert_string_equal(next_event(&guest), "data|t|");
	assert_string_equal(next_event(&guest), "data/a|t|");
	assert_string_equal(next_event(&guest), "");
}

static uint32_t begin(struct xs_conn *c)
{
	uint64_t id = 0;

	assert_int_equal(SEND(c, XS_TRANSACTION_START, 0, "\0"), XS_TRANSACTION_START);
	for (const char *p = reply_payload; *p; p++)
		id = id * 10 + (uint64_t)(*p - '0');
	return (uint32_t)id;
}

static void a_transaction_is_seen_when_it_ends(void **state)
{
	uint32_t tx = begin(&guest);

	assert_int_not_equal(tx, 0);
	assert_int_equal(SEND(&guest, XS_WATCH, 0, "data\0t\0"), XS_WATCH);
	assert_string_equal(next_event(&guest), "data|t|");
	assert_int_equal(SEND(&guest, XS_WRITE, tx, "data/a/b\0in"), XS_WRITE);
	assert_int_equal(SEND(&guest, XS_READ, tx, "data/a/b\0"), XS_READ);
	expect_reply("in");
	expect_error(SEND(&guest, XS_READ, 0, "data/a/b\0"), "ENOENT|");
	assert_string_equal(next_event(&guest), "");
	expect_error(SEND(&guest, XS_TRANSACTION_START, tx, "\0"), "EBUSY|");
	assert_int_equal(SEND(&guest, XS_TRANSACTION_END, tx, "T\0"), XS_TRANSACTION_END);
	expect_reply("OK|");
	assert_int_equal(SEND(&guest, XS_READ, 0, "data/a/b\0"), XS_READ);
	expect_reply("in");
	assert_string_equal(next_event(&guest), "data/a/b|t|");
	assert_string_equal(next_event(&guest), "");
	assert_int_equal(guest.nodes, 3);
	expect_error(SEND(&guest, XS_READ, tx, "data\0"), "ENOENT|");
	expect_error(SEND(&guest, XS_TRANSACTION_END, tx, "T\0"), "ENOENT|");
	expect_error(SEND(&guest, XS_TRANSACTION_END, 0, "T\0"), "ENOENT|");
}

static void an_aborted_transaction_changes_nothing(void **state)
{
	uint32_t tx = begin(&guest);

	assert_int_equal(SEND(&guest, XS_WRITE, tx, "data/a\0in"), XS_WRITE);
	expect_error(SEND(&guest, XS_TRANSACTION_END, tx, "X\0"), "EINVAL|");
	assert_int_equal(SEND(&guest, XS_TRANSACTION_END, tx, "F\0"), XS_TRANSACTION_END);
	expect_error(SEND(&guest, XS_READ, 0, "data/a\0"), "ENOENT|");
	assert_int_equal(guest.nodes, 1);
}

static void a_conflict_is_eagain(void **state)
{
	uint32_t tx = begin(&guest);

	/* What was only read conflicts, too. */
	assert_int_equal(SEND(&guest, XS_READ, tx, "name\0"), XS_READ);
	assert_int_equal(SEND(&guest, XS_WRITE, tx, "data/a\0in"), XS_WRITE);
	put("/local/domain/1/name", "n0 r1", "two");
	assert_int_equal(SEND(&guest, XS_READ, tx, "name\0"), XS_READ);
	expect_reply("one");
	expect_error(SEND(&guest, XS_TRANSACTION_END, tx, "T\0"), "EAGAIN|");
	expect_error(SEND(&guest, XS_READ, 0, "data/a\0"), "ENOENT|");
	/* A node that came meanwhile. */
	tx = begin(&guest);
	expect_error(SEND(&guest, XS_READ, tx, "data/new\0"), "ENOENT|");
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/new\0x"), XS_WRITE);
	expect_error(SEND(&guest, XS_TRANSACTION_END, tx, "T\0"), "EAGAIN|");
	/* Unrelated changes do not disturb. */
	tx = begin(&guest);
	assert_int_equal(SEND(&guest, XS_WRITE, tx, "data/new\0y"), XS_WRITE);
	assert_int_equal(SEND(&other, XS_WRITE, 0, "data/x\0y"), XS_WRITE);
	assert_int_equal(SEND(&guest, XS_TRANSACTION_END, tx, "T\0"), XS_TRANSACTION_END);
}

static void a_transaction_removes_trees(void **state)
{
	uint32_t tx;

	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a/b/c\0x"), XS_WRITE);
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a/d\0x"), XS_WRITE);
	tx = begin(&guest);
	assert_int_equal(SEND(&guest, XS_RM, tx, "data/a\0"), XS_RM);
	expect_error(SEND(&guest, XS_READ, tx, "data/a/b/c\0"), "ENOENT|");
	assert_int_equal(SEND(&guest, XS_READ, 0, "data/a/b/c\0"), XS_READ);
	assert_int_equal(SEND(&guest, XS_WRITE, tx, "data/a/e\0y"), XS_WRITE);
	assert_int_equal(SEND(&guest, XS_TRANSACTION_END, tx, "T\0"), XS_TRANSACTION_END);
	assert_int_equal(SEND(&guest, XS_DIRECTORY, 0, "data/a\0"), XS_DIRECTORY);
	expect_reply("e|");
	assert_int_equal(guest.nodes, 3);
	/* A tree that changes under a transaction that removes it. */
	assert_int_equal(SEND(&guest, XS_WRITE, 0, "data/a/f/g\0y"), XS_WRITE);
	tx = begin(&guest);
	assert_int_equal(SEND(&guest, XS_DIRECTORY, tx, "data/a\0"), XS_DIRECTORY);
	assert_int_equal(SEND(&guest, XS_RM, 0, "data/a/f\0"), XS_RM);
	expect_error(SEND(&guest, XS_RM, tx, "data/a\0"), "EAGAIN|");
	expect_error(SEND(&guest, XS_TRANSACTION_END, tx, "T\0"), "ENOMEM|");
}

static void quotas_hold(void **state)
{
	static char big[XENSTORE_PAYLOAD_MAX];
	char message[64];
	size_t len;
	int i;

	for (i = 0; i < 2000; i++) {
		len = (size_t)snprintf(message, sizeof(message), "data/%d/%d", i / 50, i) + 1;
		if (send_bytes(&guest, XS_MKDIR, 0, message, len) == XS_ERROR)
			break;
	}
	expect_reply("ENOSPC|");
	assert_int_equal(guest.nodes, XS_QUOTA_NODES);
	assert_int_equal(SEND(&guest, XS_RM, 0, "data/0\0"), XS_RM);
	assert_int_equal(guest.nodes, XS_QUOTA_NODES - 51);

	memcpy(big, "data/a", 7);
	expect_error(send_bytes(&guest, XS_WRITE, 0, big, 7 + 2048), "ENOSPC|");
	expect_error(SEND(&guest, XS_READ, 0, "data/a\0"), "ENOENT|");
	assert_int_equal(send_bytes(&guest, XS_WRITE, 0, big, 7 + 2000), XS_WRITE);

	for (i = 0; i < 200; i++) {
		len = (size_t)snprintf(message, sizeof(message), "data%ct%d", 0, i) + 1;
		if (send_bytes(&guest, XS_WATCH, 0, message, len) == XS_ERROR)
			break;
	}
	assert_int_equal(i, XS_QUOTA_WATCHES);
	expect_reply("E2BIG|");
	for (i = 0; i < 20; i++)
		if (SEND(&guest, XS_TRANSACTION_START, 0, "\0") == XS_ERROR)
			break;
	assert_int_equal(i, XS_QUOTA_TRANSACTIONS);
	expect_reply("ENOSPC|");
	assert_int_equal(SEND(&guest, XS_RESET_WATCHES, 0, "\0"), XS_RESET_WATCHES);
	assert_int_equal(guest.watch_count + guest.transaction_count + guest.event_count, 0);
	/* The other guest is not concerned. */
	assert_int_equal(SEND(&other, XS_WRITE, 0, "data/a\0x"), XS_WRITE);
}

static void the_toolstack_s_requests_are_refused(void **state)
{
	expect_error(SEND(&guest, XS_CONTROL, 0, "check\0"), "EACCES|");
	expect_error(SEND(&guest, XS_INTRODUCE, 0, "3\0001\0001\0"), "EACCES|");
	expect_error(SEND(&guest, XS_RELEASE, 0, "2\0"), "EACCES|");
	expect_error(SEND(&guest, XS_RESUME, 0, "2\0"), "EACCES|");
	expect_error(SEND(&guest, XS_SET_TARGET, 0, "1\0002\0"), "EACCES|");
	expect_error(SEND(&guest, 20, 0, "1\0"), "ENOSYS|");
	expect_error(SEND(&guest, XS_TYPE_COUNT, 0, "1\0"), "ENOSYS|");
	expect_error(SEND(&guest, XS_INVALID, 0, ""), "ENOSYS|");
	expect_error(SEND(&guest, XS_WATCH_EVENT, 0, "a\0b\0"), "ENOSYS|");
	expect_error(SEND(&guest, XS_ERROR, 0, "EINVAL\0"), "ENOSYS|");
	assert_int_equal(SEND(&guest, XS_GET_DOMAIN_PATH, 0, "17\0"), XS_GET_DOMAIN_PATH);
	expect_reply("/local/domain/17|");
	expect_error(SEND(&guest, XS_GET_DOMAIN_PATH, 0, "x\0"), "EINVAL|");
	assert_int_equal(SEND(&guest, XS_IS_DOMAIN_INTRODUCED, 0, "2\0"), XS_IS_DOMAIN_INTRODUCED);
	expect_reply("T|");
	assert_int_equal(SEND(&guest, XS_IS_DOMAIN_INTRODUCED, 0, "9\0"), XS_IS_DOMAIN_INTRODUCED);
	expect_reply("F|");
}

static void a_gone_domain_leaves_nothing_behind(void **state)
{
	const struct xs_perms *perms;
	struct xs_view self = { .store = &store, .conn = &store.self };

	assert_int_equal(SEND(&guest, XS_SET_PERMS, 0, "data\0b1\0b2\0"), XS_SET_PERMS);
	assert_int_equal(SEND(&other, XS_WRITE, 0, "/local/domain/1/data/o\0x"), XS_WRITE);
	assert_int_equal(other.nodes, 2);
	assert_int_equal(SEND(&other, XS_WATCH, 0, "data\0t\0"), XS_WATCH);
	(void)begin(&other);
	assert_int_equal(SEND(&store.self, XS_RM, 0, "/local/domain/2\0"), XS_RM);
	xs_conn_destroy(&store, &other);
	assert_int_equal(other.account.used, 0);
	assert_int_equal(xs_store_get_perms(&self, "/local/domain/1/data", 20, &perms), 0);
	assert_int_equal(perms->count, 1);
	assert_int_equal(xs_store_get_perms(&self, "/local/domain/1/data/o", 22, &perms), 0);
	assert_int_equal(perms->entry[0].domid, 0);
	xs_conn_init(&store, &other, 2);
}

/* Wherever memory ends, an operation either happened or did not. */
static void without_memory_nothing_happens_by_halves(void **state)
{
	for (int n = 0; n < 40; n++) {
		uint32_t nodes = guest.nodes, type;

		own_heap_fail_after = n;
		type = SEND(&guest, XS_WRITE, 0, "data/x/y/z\0some value");
		own_heap_fail_after = -1;
		if (type == XS_WRITE)
			break;
		expect_reply("ENOMEM|");
		/* Parents may stay; the node that was named does not. */
		expect_error(SEND(&guest, XS_READ, 0, "data/x/y/z\0"), "ENOENT|");
		assert_int_equal(SEND(&guest, XS_RM, 0, "data/x\0"), XS_RM);
		assert_int_equal(guest.nodes, nodes);
	}
	for (int n = 0; n < 60; n++) {
		uint32_t tx = begin(&guest), type;

		own_heap_fail_after = n;
		(void)SEND(&guest, XS_RM, tx, "data/x\0");
		(void)SEND(&guest, XS_WRITE, tx, "data/p/q\0some value");
		type = SEND(&guest, XS_TRANSACTION_END, tx, "T\0");
		own_heap_fail_after = -1;
		(void)type;
	}
	assert_int_equal(guest.transaction_count, 0);
}

/* --- the ring --- */

static struct xenstore_domain_interface page;
static struct xs_ring ring;

static void guest_sends(const void *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		page.req[MASK_XENSTORE_IDX(page.req_prod + i)] = ((const char *)bytes)[i];
	page.req_prod += len;
}

static uint32_t guest_takes(void *bytes, uint32_t len)
{
	uint32_t n = 0;

	while (n < len && page.rsp_cons != page.rsp_prod)
		((char *)bytes)[n++] = page.rsp[MASK_XENSTORE_IDX(page.rsp_cons++)];
	return n;
}

static bool pump(void)
{
	bool more = false;

	return xs_ring_pump(&ring, &store, &guest, 100, &more);
}

static void the_ring_carries_messages_in_pieces(void **state)
{
	struct xsd_sockmsg h = { XS_WRITE, 5, 0, 1507 }, answer;
	static char payload[1507] = "data/a";
	char ok[3];

	memset(&page, 0, sizeof(page));
	assert_int_equal(xs_ring_init(&ring, &page), OK);
	assert_false(pump());
	page.req_prod = page.req_cons = 0;
	guest_sends(&h, 7);
	assert_true(pump());
	guest_sends((char *)&h + 7, 9);
	guest_sends(payload, 1000);
	assert_true(pump());
	assert_int_equal(page.rsp_prod, 0);
	guest_sends(payload + 1000, 507);
	assert_true(pump());
	assert_int_equal(guest_takes(&answer, 16), 16);
	assert_int_equal(answer.type, XS_WRITE);
	assert_int_equal(answer.req_id, 5);
	assert_int_equal(guest_takes(ok, 3), 3);
	/* A reply larger than the ring waits for room. */
	h = (struct xsd_sockmsg){ XS_READ, 6, 0, 7 };
	guest_sends(&h, 16);
	guest_sends("data/a", 7);
	assert_true(pump());
	assert_int_equal(page.rsp_prod - page.rsp_cons, XENSTORE_RING_SIZE);
	assert_int_equal(guest_takes(payload, 1024), 1024);
	assert_true(pump());
	assert_int_equal(page.rsp_prod - page.rsp_cons, 16 + 1500 - 1024);
	xs_ring_destroy(&ring);
}

static void a_guest_that_breaks_the_ring_is_ignored_until_it_reconnects(void **state)
{
	struct xsd_sockmsg h = { XS_READ, 6, 0, XENSTORE_PAYLOAD_MAX + 1 };

	memset(&page, 0, sizeof(page));
	assert_int_equal(xs_ring_init(&ring, &page), OK);
	guest_sends(&h, 16);
	assert_true(pump());
	assert_int_equal(page.error, XENSTORE_ERROR_PROTO);
	guest_sends(&h, 16);
	assert_false(pump());
	page.connection = XENSTORE_RECONNECT;
	assert_true(pump());
	assert_int_equal(page.connection, XENSTORE_CONNECTED);
	assert_int_equal(page.error, XENSTORE_ERROR_NONE);
	page.req_prod = 5000;
	assert_true(pump());
	assert_int_equal(page.error, XENSTORE_ERROR_RINGIDX);
	page.connection = XENSTORE_RECONNECT;
	assert_true(pump());
	page.rsp_cons = 17;
	h = (struct xsd_sockmsg){ XS_READ, 6, 0, 0 };
	guest_sends(&h, 16);
	assert_true(pump());
	assert_int_equal(page.error, XENSTORE_ERROR_RINGIDX);
	xs_ring_destroy(&ring);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(missing_nodes_and_forbidden_ones_are_told_apart),
		TEST(paths_are_checked),
		TEST(directories_list_their_children),
		TEST(a_part_of_a_directory_carries_the_generation),
		TEST(permissions_are_given_and_shown),
		TEST(a_watch_fires_at_once_and_at_changes_below),
		TEST(a_watcher_hears_only_what_it_may_read),
		TEST(equal_events_are_one),
		TEST(a_transaction_is_seen_when_it_ends),
		TEST(an_aborted_transaction_changes_nothing),
		TEST(a_conflict_is_eagain),
		TEST(a_transaction_removes_trees),
		TEST(quotas_hold),
		TEST(the_toolstack_s_requests_are_refused),
		TEST(a_gone_domain_leaves_nothing_behind),
		TEST(without_memory_nothing_happens_by_halves),
		TEST(the_ring_carries_messages_in_pieces),
		TEST(a_guest_that_breaks_the_ring_is_ignored_until_it_reconnects),
	};

	return cmocka_run_group_tests_name("xs_store", tests, NULL, NULL);
}
