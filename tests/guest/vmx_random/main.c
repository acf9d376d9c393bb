// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// differs: seed.23: two checks of one entry fail, of which Bochs makes the other one first
// timeout: 120
//
// A hostile hypervisor: VM entries with random changes to a good VMCS, from seeds that are printed.
// What comes of each is part of its seed's hash. The command line: entries=N for each seed (50),
// seeds=N (40), seed=N the first one (1), say for each entry by itself.
#include "tests/guest/vmx_random/random.h"

#define HASH_START 0xcbf29ce484222325ULL
#define HASH_STEP  0x100000001b3ULL
#define TIMER      200000 /* nothing that L2 does by chance lasts for ever */

/* L2 touches registers, its stack and the I/O space, and ends. */
L2_CODE(some_code, "push %rax\n pop %rcx\n mov %cr0, %rdx\n in $0x80, %al\n rdtsc");

static uint64_t state;

uint64_t random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

unsigned int random_below(unsigned int n)
{
	return (unsigned int)(random_next() >> 33) % n;
}

static unsigned int option(const char *name, unsigned int otherwise)
{
	const char *at = strstr(command_line(), name);
	unsigned int value = 0;

	if (!at)
		return otherwise;
	for (at += strlen(name); *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (unsigned int)(*at - '0');
	return value;
}

/* In L2: any event that was injected. */
static void ignore(struct trap_frame *f)
{
	(void)f;
}

static void prepare(void)
{
	l2_init(some_code);
	random_addresses();
	vmwrite(EXCEPTION_BITMAP, ~0U);
	if (vmx_may(PIN, PIN_TIMER)) {
		l2_set(PIN, PIN_TIMER, 0);
		vmwrite(PREEMPTION_TIMER, TIMER);
	}
}

static uint64_t add(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * HASH_STEP;
}

/* How the entry ended: a number of a VMfail, a failed entry with its qualification, or an exit. */
static uint64_t outcome(uint64_t hash, int result)
{
	hash = add(hash, (uint64_t)(long)result);
	if (result != VMX_OK)
		return hash;
	hash = add(hash, l2_exit.reason);
	if (l2_exit.reason & ENTRY_FAILURE)
		hash = add(hash, l2_exit.qualification);
	return hash;
}

static unsigned int entered, refused;

static uint64_t one(uint64_t hash, unsigned int number, bool say)
{
	char what[160];
	int result;

	prepare();
	random_changes(what, sizeof(what));
	result = l2_run();
	if (result == VMX_OK && !(l2_exit.reason & ENTRY_FAILURE))
		entered++;
	else
		refused++;
	if (say)
		row("entry", "%u %s%s", number, l2_text(result), what);
	return outcome(hash, result);
}

void test_main(void)
{
	unsigned int seeds = option("seeds=", 40), entries = option("entries=", 50);
	unsigned int first = option("seed=", 1);
	bool say = strstr(command_line(), "say");

	for (unsigned int i = 0; i < 256; i++)
		set_handler(i, i == 13 || i == 14 ? NULL : ignore);
	vmx_on();
	for (unsigned int seed = first; seed < first + seeds; seed++) {
		uint64_t hash = HASH_START;
		char name[24];

		state = seed * 0x9e3779b97f4a7c15ULL;
		for (unsigned int i = 0; i < entries; i++)
			hash = one(hash, i, say);
		format_to(name, sizeof(name), "seed.%u", seed);
		row(name, "%llx", (unsigned long long)hash);
	}
	ok(entered > 0 && refused > 0, "%u entered, %u refused", entered, refused);
	l2_init(some_code);
	ok_eq(l2_go(), R_VMCALL, "a good VMCS still works");
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
