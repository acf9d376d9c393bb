// SPDX-License-Identifier: MIT
#include "tests/guest/lib/guest.h"

static volatile unsigned int count;
static bool planned;

static bool result(bool cond, const char *fmt, __builtin_va_list ap)
{
	char text[256];

	format(text, sizeof(text), fmt, ap);
	print("%s %u - %s\n", cond ? "ok" : "not ok", ++count, text);
	return cond;
}

bool ok(bool cond, const char *fmt, ...)
{
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	result(cond, fmt, ap);
	__builtin_va_end(ap);
	return cond;
}

bool ok_eq(uint64_t got, uint64_t wanted, const char *fmt, ...)
{
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	result(got == wanted, fmt, ap);
	__builtin_va_end(ap);
	if (got != wanted)
		print("# got 0x%llx (%lld), wanted 0x%llx (%lld)\n", (unsigned long long)got,
		      (long long)got, (unsigned long long)wanted, (long long)wanted);
	return got == wanted;
}

void skip(const char *fmt, ...)
{
	char text[256];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	print("ok %u # SKIP %s\n", ++count, text);
}

void note(const char *fmt, ...)
{
	char text[256];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	print("# %s\n", text);
}

void row(const char *name, const char *fmt, ...)
{
	char text[256];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	print("row: %s = %s\n", name, text);
}

bool row_is(const char *name, const char *got, const char *wanted)
{
	bool same = strcmp(got, wanted) == 0;

	row(name, "%s", got);
	if (!bare)
		ok(same, "%s", name);
	if (!same)
		note("%s: got %s, wanted %s", name, got, wanted);
	return same;
}

/* The rig ends the machine when it sees the line; Bochs alone ends by its shutdown port. */
static void finish_bare(void)
{
	static const char shutdown[] = "Shutdown";

	print("bare: the end\n");
	console_flush();
	for (const char *c = shutdown; *c; c++)
		outb(0x8900, (uint8_t)*c);
}

void plan(unsigned int n)
{
	print("1..%u\n", n);
	planned = true;
}

void finish(unsigned int reason)
{
	struct sched_shutdown end = { .reason = reason };

	if (!planned)
		plan(count);
	if (bare)
		finish_bare();
	console_flush();
	if (on_xen)
		(void)sched_op(SCHEDOP_shutdown, &end);
	/* QEMU's isa-debug-exit, where the library itself is tried without Xen. */
	outb(0xf4, 0);
	for (;;)
		__asm__ volatile("cli; hlt");
}
