// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// beside: 1 0
// timeout: 120
//
// A hostile hypervisor: VM entries with random changes to a good VMCS and to what it points to (lists
// of MSRs, bitmaps, EPT12, a shadow VMCS, the virtual-APIC page), from seeds that are printed. L2
// does random things, and is entered again where it exits. What comes of all that is in its seed's
// hash. The command line: entries=N for each seed (50), seeds=N (40), seed=N the first one (1), say
// for each exit by itself. Another guest on the same core looks at its own state meanwhile.
#include "tests/guest/vmx_random/random.h"

#define HASH_START 0xcbf29ce484222325ULL
#define HASH_STEP  0x100000001b3ULL
#define TIMER      400000 /* nothing that L2 does by chance lasts for ever */
#define EXITS      16     /* of one entry, after which L2 goes on */

L2_CODE(plain, "nop");

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

uint64_t add_to_hash(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * HASH_STEP;
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

/* MSRs that L2 and the lists leave behind. */
static void reset_msrs(void)
{
	static const uint32_t msrs[] = { 0xc0000081, 0xc0000082, 0xc0000084, 0xc0000102 };

	for (unsigned int i = 0; i < array_size(msrs); i++)
		wrmsr(msrs[i], 0);
	__asm__ volatile("mov %0, %%cr8" : : "r"(0ULL));
}

static void prepare(void)
{
	reset_msrs();
	/* It is current: what l2_init() writes to its page would not stay there. */
	(void)vmx_vmclear((uintptr_t)&vmcs_page);
	l2_init(program);
	good_addresses();
	vmwrite(EXCEPTION_BITMAP, ~0U);
	if (vmx_may(PIN, PIN_TIMER)) {
		l2_set(PIN, PIN_TIMER, 0);
		vmwrite(PREEMPTION_TIMER, TIMER);
	}
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = add_to_hash(hash, (uint8_t)*text);
	return hash;
}

static unsigned int entered, refused, exits, changes;

void count_change(void)
{
	changes++;
}

static bool failed(int result)
{
	return result != VMX_OK || (l2_exit.reason & ENTRY_FAILURE);
}

/*
 * The checks of the controls and the host state may be made in any order, and so may those of the
 * guest state (SDM vol. 3, 26.2 and 26.3): which of two is reported is not compared.
 */
static const char *refusal(int result)
{
	if (result == 7 || result == 8)
		return "controls or host";
	return result == VMX_OK && (l2_exit.reason & 0xffff) == R_STATE ? "guest" : l2_text(result);
}

/* A number of a VMfail, a failed entry with its qualification, or an exit; when it comes is the
 * timer's affair. */
static uint64_t outcome(uint64_t hash, int result, unsigned int number, bool say, const char *what)
{
	bool timely = !failed(result) && l2_exit.reason != R_TIMER;
	uint64_t ip = timely ? vmread(GUEST_RIP) : 0, sum = timely ? l2_regs.r14 : 0;

	/* Without a memory operand there is no displacement; Bochs 2.7 has a stale one. */
	if (!failed(result) && (l2_exit.reason == R_VMREAD || l2_exit.reason == R_VMWRITE))
		l2_exit.qualification = 0;
	if (say)
		row("entry", "%u %s at %llx sum %llx%s", number, l2_text(result),
		    (unsigned long long)ip, (unsigned long long)sum, what);
	hash = hash_text(hash, failed(result) && changes > 1 ? refusal(result) : l2_text(result));
	return add_to_hash(add_to_hash(hash, ip), sum);
}

/* Where it was last, L2 goes on behind what made it exit, as its next piece of code. */
static void go_on(void)
{
	vmwrite(GUEST_RIP, (uintptr_t)program);
	vmwrite(GUEST_RSP, (uintptr_t)l2_stack + sizeof(l2_stack) - 64);
	vmwrite(GUEST_RFLAGS, 2);
	vmwrite(INTERRUPTIBILITY, 0);
	vmwrite(ACTIVITY, 0);
	vmwrite(PENDING_DEBUG, 0);
	vmwrite(ENTRY_INTR, 0);
	if (vmx_may(PIN, PIN_TIMER))
		vmwrite(PREEMPTION_TIMER, TIMER);
}

static uint64_t one(uint64_t hash, unsigned int number, bool say)
{
	static char what[400];
	int result;

	prepare();
	changes = 0;
	what[0] = '\0';
	random_memory(what, sizeof(what));
	random_tables(what, sizeof(what));
	random_changes(what, sizeof(what));
	random_program();
	result = l2_run();
	if (failed(result))
		refused++;
	else
		entered++;
	hash = outcome(hash, result, number, say, what);
	for (unsigned int i = 0; i < EXITS && !failed(result); i++) {
		exits++;
		if (l2_exit.reason == R_VMCALL || l2_exit.reason == R_TIMER)
			break;
		go_on();
		result = l2_run();
		hash = outcome(hash, result, number, say, "");
	}
	return hash_tables(hash_memory(hash), say);
}

static void seeds(unsigned int first, unsigned int count, unsigned int entries)
{
	bool say = strstr(command_line(), "say");

	for (unsigned int seed = first; seed < first + count; seed++) {
		uint64_t hash = HASH_START;
		char name[24];

		state = seed * 0x9e3779b97f4a7c15ULL;
		tables_init();
		for (unsigned int i = 0; i < entries; i++)
			hash = one(hash, i, say);
		format_to(name, sizeof(name), "seed.%u", seed);
		row(name, "%llx", (unsigned long long)hash);
	}
}

void test_main(void)
{
	if (!strcmp(command_line(), "beside")) {
		be_beside();
		return;
	}
	for (unsigned int i = 0; i < 256; i++)
		set_handler(i, i == 13 || i == 14 ? NULL : ignore);
	memory_init();
	vmx_on();
	seeds(option("seed=", 1), option("seeds=", 40), option("entries=", 50));
	ok(entered > 0 && refused > 0, "%u entered, %u refused, %u exits", entered, refused, exits);
	/* Not a random program: without a timer it need not end. */
	l2_init(plain);
	ok_eq(l2_go(), R_VMCALL, "a good VMCS still works");
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
	if (!bare)
		end_beside();
}
