// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 4
// cores: 4
// timeout: 240
//
// Three vCPUs hammer event channels of the fourth, while the pages that its events are written to
// move about, are given back and replaced: no event is lost, none comes twice, no frame is written
// after it was taken away. On every machine: all ok.
//
// Command line: mode=self|spin|real|exits|halt (all of them, one after another), sends=N and moves=N
// for each of them, seed=N, endless (until somebody ends the guest).
#include "tests/guest/stress/stress.h"

#define PROGRESS 20 /* lines a mode */

volatile enum mode mode;
volatile bool want_end, ended;
volatile unsigned long faults[FAULT_COUNT];
uint64_t patience;
uint32_t seed = 1;

static const char *const mode_names[MODE_COUNT] = { "self", "spin", "real", "exits", "halt" };
static uint32_t luck[MAX_CPUS];
static volatile unsigned int lock, told;
static unsigned long sends_wanted = 4000, moves_wanted = 40;
static bool endless;
/* Where the present mode began, and what it has said. */
static uint64_t sent_before, handled_before, next_line, ticks_before;
static unsigned long moves_before, side_before;
static uint64_t millisecond; /* in ticks */

/* xorshift32 (Marsaglia 2003). */
unsigned int chance(unsigned int cpu, unsigned int n)
{
	uint32_t *x = &luck[cpu];

	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x % n;
}

uint64_t own_ticks(unsigned int cpu)
{
	static uint64_t last[MAX_CPUS], spent[MAX_CPUS];
	uint64_t now = rdtsc(), gone = now - last[cpu];

	last[cpu] = now;
	spent[cpu] += gone < millisecond ? gone : millisecond;
	return spent[cpu];
}

void take_lock(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_SEQ_CST))
		cpu_pause();
}

void drop_lock(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_SEQ_CST);
}

bool faulty(void)
{
	return faults[FAULT_LOST] || faults[FAULT_DOUBLED] || faults[FAULT_LATE] ||
	       faults[FAULT_OTHER];
}

void fault(enum fault kind, const char *fmt, ...)
{
	static const char *const names[FAULT_COUNT] = { "lost", "doubled", "late write", "fault" };
	char text[200];
	__builtin_va_list ap;

	(void)__atomic_fetch_add(&faults[kind], 1, __ATOMIC_SEQ_CST);
	if (__atomic_fetch_add(&told, 1, __ATOMIC_SEQ_CST) >= 20)
		return;
	__builtin_va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	__builtin_va_end(ap);
	note("%s: %s", names[kind], text);
}

static void sender(void)
{
	unsigned int cpu = cpu_id();

	irq_on();
	for (;;) {
		sender_hold(cpu);
		send_some(cpu);
		if (cpu == 1 && !chance(cpu, 300))
			side_step();
	}
}

static unsigned long sent_now(void)
{
	return (unsigned long)(total_sent() - sent_before);
}

static void tell(const char *what)
{
	unsigned long sent = sent_now(),
		      handled = (unsigned long)(total_handled() - handled_before);

	note("%s: %s: %lu sends, %lu moves, %lu beside; %lu handled, %lu merged; %lu Mticks",
	     mode_names[mode], what, sent, moves - moves_before, side_moves - side_before, handled,
	     sent - handled, (unsigned long)((rdtsc() - ticks_before) >> 20));
}

bool ahead(void)
{
	return (uint64_t)(moves - moves_before) * sends_wanted >
		       2 * (uint64_t)moves_wanted * sent_now() &&
	       info_now();
}

static bool enough(void)
{
	unsigned long sent = sent_now();

	if (sent >= next_line) {
		next_line += sends_wanted / PROGRESS;
		if (sends_wanted >= 100000)
			tell("so far");
	}
	return !endless && sent >= sends_wanted && moves - moves_before >= moves_wanted;
}

/* Senders stopped, everything at home and handled. */
static void come_to_rest(void)
{
	uint64_t start;

	if (mode != MODE_SELF) {
		irq_off();
		checkpoint(false);
		return;
	}
	want_end = true;
	start = own_ticks(0);
	while (!ended && own_ticks(0) - start < 4 * patience)
		held[0] = hold;
	if (!ended)
		fault(FAULT_OTHER, "the target hangs");
}

/* While the senders are stopped. */
static void begin(enum mode m)
{
	sent_before = total_sent();
	handled_before = total_handled();
	moves_before = moves;
	side_before = side_moves;
	next_line = sends_wanted / PROGRESS;
	ticks_before = rdtsc();
	want_end = ended = false;
	mode = m;
	fence();
	/* It may be asleep. */
	ports[LAST_PORT].sent++;
	(void)send_port(ports[LAST_PORT].nr);
	hold++;
}

static void run(enum mode m)
{
	begin(m);
	while (!faulty() && !enough()) {
		irq_on();
		sender_hold(0);
		for (unsigned int n = 1 + chance(0, 16); n; n--)
			send_some(0);
		irq_off();
		if (m == MODE_REAL)
			real_step();
		if (m != MODE_SELF && !ahead())
			move_step();
	}
	come_to_rest();
	tell("in all");
	ok_eq(faults[FAULT_LOST], 0, "%s: no event is lost", mode_names[m]);
	ok_eq(faults[FAULT_DOUBLED], 0, "none comes twice");
	ok_eq(faults[FAULT_LATE], 0, "no frame is written after it was taken away");
	ok_eq(faults[FAULT_OTHER], 0, "all else is as it should be");
}

/* The number behind "name=" on the command line. */
static unsigned long option(const char *name, unsigned long value)
{
	const char *s = strstr(command_line(), name);

	if (!s)
		return value;
	value = 0;
	for (s += strlen(name); *s >= '0' && *s <= '9'; s++)
		value = value * 10 + (unsigned long)(*s - '0');
	return value;
}

static bool wanted(const char *name)
{
	const char *s = strstr(command_line(), "mode=");

	return !s || !memcmp(s + 5, name, strlen(name));
}

static bool prepare(void)
{
	seed = (uint32_t)option("seed=", 1);
	sends_wanted = option("sends=", sends_wanted);
	moves_wanted = option("moves=", moves_wanted);
	endless = strstr(command_line(), "endless");
	for (unsigned int i = 0; i < MAX_CPUS; i++)
		luck[i] = (seed + i * 40503U) * 2654435761U | 1U;
	checkpoint_every = (unsigned int)(moves_wanted / 16) + 8;
	events_init();
	millisecond = tsc_per_ms();
	patience = 3000 * millisecond;
	set_handler(UPCALL_VECTOR, on_upcall);
	ports_init();
	moves_init();
	note("seed=%u", seed);
	for (unsigned int cpu = 1; cpu < SENDERS; cpu++)
		if (!ok(start_cpu(cpu, sender), "vCPU %u sends", cpu))
			return false;
	return ok(start_cpu(TARGET, target_start), "vCPU %u handles", TARGET) &&
	       ok(!faulty(), "all is prepared");
}

void test_main(void)
{
	if (!prepare())
		return;
	for (int m = 0; m < MODE_COUNT && !faulty(); m++)
		if (wanted(mode_names[m]))
			run((enum mode)m);
}
