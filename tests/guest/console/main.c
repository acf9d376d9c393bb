// SPDX-License-Identifier: MIT
// variants: 64 32
// solo
// input: the quick brown fox\n
//
// Every way to the console ends in the same line, and input comes to the PV ring. On every machine:
// all ok, and the rig sees the plan once only.
#include "tests/guest/lib/guest.h"

#include <xen/io/console.h>

static long console_io(unsigned int cmd, unsigned long count, void *buf)
{
	return HC3(__HYPERVISOR_console_io, cmd, count, buf);
}

static void output(void)
{
	static char text[] = "# by console_io\n";
	const char *e9 = "# by port 0xe9\n";
	long err = console_io(CONSOLEIO_write, sizeof(text) - 1, text);

	ok(err >= 0 || err == -XEN_ENOSYS, "console_io: %ld", err);
	ok((long)console_io(77, 0, text) < 0, "console_io: an unknown command");
	ok((long)console_io(CONSOLEIO_write, 10, (void *)HOLE) < 0, "console_io: a bad pointer");
	while (*e9)
		outb(0xe9, (uint8_t)*e9++);
	ok_eq(inb(0xe9), 0xff, "port 0xe9 reads as ones");
}

static void big_output(void)
{
	char line[73];

	for (unsigned int i = 0; i < 200; i++) {
		format_to(line, sizeof(line), "# line %u ", i);
		for (size_t n = strlen(line); n < sizeof(line) - 2; n++)
			line[n] = 'x';
		line[sizeof(line) - 2] = '\n';
		line[sizeof(line) - 1] = '\0';
		print("%s", line);
	}
	ok(true, "14 KB of output");
}

static void input(void)
{
	static char line[64];
	size_t n = 0;
	uint64_t end = system_time() + 4000 * NS_PER_MS;

	while (n < sizeof(line) - 1 && !strstr(line, "fox") && system_time() < end)
		n += console_read(line + n, 1);
	ok(strstr(line, "the quick brown fox") != NULL, "input: %s", line);
}

/* Indices that cannot be. */
static void nonsense(void)
{
	struct xencons_interface *ring =
		(void *)(uintptr_t)(get_param(HVM_PARAM_CONSOLE_PFN) * PAGE_SIZE);
	evtchn_port_t port = (evtchn_port_t)get_param(HVM_PARAM_CONSOLE_EVTCHN);

	console_flush();
	ring->out_prod += 100000;
	ok_eq((uint64_t)send_port(port), 0, "a notification with a producer out of bounds");
	ring->in_cons += 5000;
	ok_eq((uint64_t)send_port(port), 0, "and with a consumer out of bounds");
	ring->in_cons -= 5000;
	ok(ring->out_cons == ring->out_prod, "the output begins anew there");
}

void test_main(void)
{
	plan(12);
	events_init();
	output();
	big_output();
	input();
	nonsense();
	ok(true, "still heard");
}
