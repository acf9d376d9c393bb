// SPDX-License-Identifier: MIT
/* The IDT, faults that a test expects, and those it does not. */
#include "tests/guest/lib/guest.h"

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
#if GUEST_BITS == 64
	uint32_t offset_high, zero;
#endif
} __attribute__((packed));

struct fixup {
	uint32_t at, to;
};

struct table_pointer {
	uint16_t limit;
	uintptr_t base;
} __attribute__((packed));

extern char trap_stubs[], boot_stack_top[], user_return[];
extern uint8_t gdt_tss[];
extern const struct fixup ex_table_start[], ex_table_end[];

static struct gate idt[256] __attribute__((aligned(16)));
static trap_handler *handlers[256];
static uint8_t tss[104];
static uint8_t user_stack[4096];

volatile int fault_vector;
volatile unsigned long fault_error, fault_address;

void trap(struct trap_frame *f);

void set_handler(unsigned int vector, trap_handler *handler)
{
	handlers[vector] = handler;
}

static const struct fixup *find_fixup(unsigned long ip)
{
	for (const struct fixup *x = ex_table_start; x < ex_table_end; x++)
		if (x->at == ip)
			return x;
	return NULL;
}

void trap(struct trap_frame *f)
{
	const struct fixup *x;

	if (handlers[f->vector]) {
		handlers[f->vector](f);
		return;
	}
	x = f->vector < 32 ? find_fixup((unsigned long)f->ip) : NULL;
	if (x) {
		fault_vector = (int)f->vector;
		fault_error = (unsigned long)f->error;
		fault_address = read_cr2();
		f->ip = x->to;
		return;
	}
	ok(false, "unexpected vector %lu error 0x%lx at 0x%lx, cr2 0x%lx, ax 0x%lx cx 0x%lx",
	   (unsigned long)f->vector, (unsigned long)f->error, (unsigned long)f->ip, read_cr2(),
	   (unsigned long)f->ax, (unsigned long)f->cx);
	finish(SHUTDOWN_poweroff);
}

/* The end of a call from CPL 3: go on in user_return instead of there. */
static void return_from_user(struct trap_frame *f)
{
	f->ip = (uintptr_t)user_return;
	f->cs = GUEST_BITS == 64 ? 0x18 : 0x08;
#if GUEST_BITS == 64
	f->ss = 0x10;
	f->sp = (uintptr_t)user_stack + sizeof(user_stack) - 64;
#endif
	f->flags = 2;
}

static void tss_init(void)
{
	uintptr_t top = (uintptr_t)user_stack + sizeof(user_stack) - 64, base = (uintptr_t)tss;
	uint64_t low = (sizeof(tss) - 1) | (uint64_t)(base & 0xffffff) << 16 | 0x89ULL << 40 |
		       (uint64_t)(base >> 24 & 0xff) << 56;

	memcpy(tss + 4, &top, sizeof(top)); /* RSP0, or ESP0 */
	if (GUEST_BITS == 32)
		tss[8] = 0x10; /* SS0 */
	memcpy(gdt_tss, &low, 8);
	__asm__ volatile("ltr %w0" : : "r"(0x48));
}

void traps_load(void)
{
	struct table_pointer p = { sizeof(idt) - 1, (uintptr_t)idt };

	__asm__ volatile("lidt %0" : : "m"(p));
}

void set_raw_handler(unsigned int vector, const char *entry)
{
	uintptr_t at = (uintptr_t)entry;

	idt[vector].offset_low = (uint16_t)at;
	idt[vector].offset_mid = (uint16_t)(at >> 16);
	idt[vector].selector = GUEST_BITS == 64 ? 0x18 : 0x08;
	idt[vector].type = vector == 0x81 ? 0xee : 0x8e;
}

void traps_init(void)
{
	for (unsigned int i = 0; i < 256; i++)
		set_raw_handler(i, trap_stubs + i * 16);
	set_handler(0x81, return_from_user);
	tss_init();
	traps_load();
}

bool try_rdmsr(uint32_t msr, uint64_t *value)
{
	uint32_t lo = 0, hi = 0;

	fault_vector = -1;
	__asm__ volatile(FIXUP("rdmsr") : "+a"(lo), "+d"(hi) : "c"(msr) : "memory");
	*value = (uint64_t)hi << 32 | lo;
	return fault_vector < 0;
}

bool try_wrmsr(uint32_t msr, uint64_t value)
{
	fault_vector = -1;
	__asm__ volatile(FIXUP("wrmsr")
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
	return fault_vector < 0;
}

bool try_read8(const volatile void *p, uint8_t *value)
{
	fault_vector = -1;
	__asm__ volatile(FIXUP("movb (%1), %0") : "=q"(*value) : "r"(p) : "memory");
	return fault_vector < 0;
}

bool try_write8(volatile void *p, uint8_t value)
{
	fault_vector = -1;
	__asm__ volatile(FIXUP("movb %1, (%0)") : : "r"(p), "q"(value) : "memory");
	return fault_vector < 0;
}
