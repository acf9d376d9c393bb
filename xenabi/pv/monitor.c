// SPDX-License-Identifier: MIT
/* The monitor's view of the xenstore, and the polite way to end a guest. */
#include "core/monitor.h"

#include "core/lib/parse.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "xenabi/pv/internal.h"
#include "xenabi/pv/pv.h"

#define SHOW_MAX 1000 /* nodes */

static void show_node(const struct xs_node *n)
{
	monitor_printf("%s = \"", n->path);
	for (uint32_t i = 0; i < n->data.len && i < 256; i++) {
		unsigned char c = (unsigned char)n->data.bytes[i];

		monitor_printf(c >= ' ' && c < 0x7f ? "%c" : "\\x%02x", c);
	}
	monitor_printf("\"  (");
	for (uint32_t i = 0; i < n->perms.count; i++)
		monitor_printf("%s%c%u", i ? "," : "", "nrwb"[n->perms.entry[i].bits & 3],
			       n -> perms.entry[i].domid);
	monitor_printf(")\n");
}

/* The path of the child that comes after `name` (NULL: the first) in the node's list; false when
 * there is none. */
static bool child_after(const struct xs_node *n, const char *name, char *out, size_t *out_len)
{
	const char *at = n->children.bytes, *end = at + n->children.len;
	size_t base = n->path_len == 1 ? 0 : n->path_len;

	for (; name && at < end; at += strlen(at) + 1) {
		if (strcmp(at, name) == 0) {
			at += strlen(at) + 1;
			break;
		}
	}
	if (at >= end)
		return false;
	memcpy(out, n->path, base);
	out[base] = '/';
	memcpy(out + base + 1, at, strlen(at) + 1);
	*out_len = base + 1 + strlen(at);
	return true;
}

/* Walk the tree below `top` in its own order, without recursion: paths may be deep. */
static void show_tree(struct xs_store *s, const struct xs_node *top)
{
	const struct xs_node *n = top;
	uint32_t shown = 0;
	size_t len = 0;

	while (n && shown++ < SHOW_MAX) {
		show_node(n);
		if (!child_after(n, NULL, s->path, &len)) {
			const struct xs_node *up = n;

			for (;;) {
				size_t at = xs_path_parent(up->path, up->path_len);
				const char *name = up->path + (at == 1 ? 1 : at + 1);

				if (up == top)
					return;
				up = xs_table_find(&s->nodes, up->path, at);
				if (child_after(up, name, s->path, &len))
					break;
			}
		}
		n = xs_table_find(&s->nodes, s->path, len);
	}
}

static void cmd_xenstore(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/";
	struct xs_store *s = pv_store_lock();
	const struct xs_node *n = NULL;

	if (s && s->nodes.bucket)
		n = xs_table_find(&s->nodes, path, strlen(path));
	if (n)
		show_tree(s, n);
	pv_store_unlock();
	if (!n)
		monitor_printf("%s: no such node\n", path);
}

static void request(struct domain *d, const char *node, const char *value)
{
	if (pv_request(d, node, value) != OK)
		monitor_printf("%s: out of memory\n", d->name);
}

static void cmd_shutdown(int argc, char **argv)
{
	struct domain *d = monitor_domain(argc > 1 ? argv[1] : NULL);

	if (!d)
		return;
	request(d, "control/shutdown", argc > 2 ? argv[2] : "poweroff");
	domain_put(d);
}

static void cmd_mem_set(int argc, char **argv)
{
	struct domain *d = monitor_domain(argc > 1 ? argv[1] : NULL);
	unsigned long max;
	uint64_t mib = 0;
	char kib[24];

	if (!d)
		return;
	max = (unsigned long)(d->memory_pages >> 8);
	if (argc < 3 || !parse_u64(parse_text(argv[2]), &mib) || !mib || mib > max) {
		monitor_printf("%s: 1 to %lu MiB, no more than it was built with\n", d->name, max);
	} else {
		(void)xsnprintf(kib, sizeof(kib), "%lu", (unsigned long)(mib << 10));
		request(d, "memory/target", kib);
	}
	domain_put(d);
}

MONITOR_COMMAND(xenstore, "xenstore", "[PATH]", "show the xenstore", cmd_xenstore);
MONITOR_COMMAND(shutdown, "shutdown", "GUEST [poweroff|reboot|halt]", "ask it to shut itself down",
		cmd_shutdown);
MONITOR_COMMAND(mem_set, "mem-set", "GUEST MIB", "ask it to keep so much memory", cmd_mem_set);
