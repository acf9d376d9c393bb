// SPDX-License-Identifier: MIT
/* From entry.asm to test_main(). */
#include "tests/guest/lib/guest.h"

const struct hvm_start_info *start_info;
bool on_xen, bare;

#define MULTIBOOT2_MAGIC   0x36d76289
#define MULTIBOOT2_CMDLINE 1
#define CR0_CACHE_OFF      0x60000000UL

struct multiboot_tag {
	uint32_t type, size;
	char text[];
};

void guest_start(void);

/* The tags of multiboot2's information begin after its size; each is padded to 8 bytes. */
static const char *multiboot_command_line(void)
{
	uintptr_t at = entry_state.ebx, end = at + *(const uint32_t *)at;

	for (at += 8; at < end;) {
		const struct multiboot_tag *tag = (const struct multiboot_tag *)at;

		if (tag->type == MULTIBOOT2_CMDLINE)
			return tag->text;
		at += (tag->size + 7) & ~7UL;
	}
	return "";
}

const char *command_line(void)
{
	uint64_t at = bare ? 0 : start_info->cmdline_paddr;

	if (bare)
		return multiboot_command_line();
	return at && at < (1ULL << 32) ? (const char *)(uintptr_t)at : "";
}

static bool find_xen(void)
{
	struct regs4 r = cpuid(0x40000000, 0);

	return r.b == 0x566e6558 && r.c == 0x65584d4d && r.d == 0x4d4d566e;
}

/* What Xen's guests find done: caches on, no interrupts from the PICs. */
static void bare_init(void)
{
	cpu_number_shift = 24;
	write_cr0(read_cr0() & ~CR0_CACHE_OFF);
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void guest_start(void)
{
	bare = entry_state.eax == MULTIBOOT2_MAGIC;
	if (bare)
		bare_init();
	else
		start_info = (const struct hvm_start_info *)(uintptr_t)entry_state.ebx;
	on_xen = !bare && find_xen();
	traps_init();
	console_init();
	test_main();
	finish(SHUTDOWN_poweroff);
}
