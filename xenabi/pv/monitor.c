// SPDX-License-Identifier: MIT
/* The monitor's view of the xenstore, and the polite way to end a guest. */
#include "core/monitor.h"

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

static void cmd_shutdown(int argc, char **argv)
{
	struct domain *d = argc > 1 ? domain_get_by_name(argv[1]) : NULL;

	if (!d) {
		monitor_printf("usage: shutdown NAME [poweroff|reboot|halt]: no such guest\n");
		return;
	}
	if (pv_request_shutdown(d, argc > 2 ? argv[2] : "poweroff") != OK)
		monitor_printf("%s: out of memory\n", argv[1]);
	domain_put(d);
}

MONITOR_COMMAND(xenstore, "xenstore", "[PATH]", "show the xenstore", cmd_xenstore);
MONITOR_COMMAND(shutdown, "shutdown", "NAME [poweroff|reboot|halt]",
		"ask a guest to shut itself down", cmd_shutdown);
