// SPDX-License-Identifier: MIT
/* I/O and MSR bitmaps (SDM vol. 3, 24.6.4 and 24.6.9). */
#include "tests/guest/vmx_exit/exit_tests.h"

#define READ_HIGH  1024
#define WRITE_LOW  2048
#define WRITE_HIGH 3072

static uint8_t io[2][PAGE_SIZE] page_aligned;

L2_CODE(read_low, "mov $0x174, %ecx\n rdmsr");
L2_CODE(write_low, "mov $0x174, %ecx\n xor %eax, %eax\n xor %edx, %edx\n wrmsr");
L2_CODE(read_high, "mov $0xc0000102, %ecx\n rdmsr");
L2_CODE(write_high, "mov $0xc0000102, %ecx\n xor %eax, %eax\n xor %edx, %edx\n wrmsr");
L2_CODE(read_beyond, "mov $0x2000, %ecx\n" FIXUP("rdmsr"));
L2_CODE(read_below, "mov $0xbfffffff, %ecx\n" FIXUP("rdmsr"));
L2_CODE(read_top, "mov $0xc0002000, %ecx\n" FIXUP("rdmsr"));
L2_CODE(out_80, "out %al, $0x80");
L2_CODE(out_80_wide, "out %eax, $0x80");
L2_CODE(in_8080, "mov $0x8080, %edx\n in %dx, %al");
L2_CODE(in_7fff_wide, "mov $0x7fff, %edx\n in %dx, %ax");
L2_CODE(in_ffff_wide, "mov $0xffff, %edx\n in %dx, %ax");

struct bitmap_case {
	const char *name, *code;
	unsigned int at; /* bit of the bitmap; ~0: none */
	const char *wanted;
};

#define RD "exit 31 qual 0 len 2"
#define WR "exit 32 qual 0 len 2"

/* clang-format off */
static const struct bitmap_case msr_cases[] = {
	{ "msr.read_low", read_low, 0x174, RD },
	{ "msr.read_low_clear", read_low, ~0u, CALL },
	{ "msr.read_low_other", read_low, 0x175, CALL },
	{ "msr.read_low_written", read_low, WRITE_LOW * 8 + 0x174, CALL },
	{ "msr.write_low", write_low, WRITE_LOW * 8 + 0x174, WR },
	{ "msr.write_low_clear", write_low, 0x174, CALL },
	{ "msr.read_high", read_high, READ_HIGH * 8 + 0x102, RD },
	{ "msr.read_high_clear", read_high, 0x102, CALL },
	{ "msr.write_high", write_high, WRITE_HIGH * 8 + 0x102, WR },
	{ "msr.write_high_clear", write_high, READ_HIGH * 8 + 0x102, CALL },
	{ "msr.beyond", read_beyond, ~0u, RD },
	{ "msr.below", read_below, ~0u, RD },
	{ "msr.top", read_top, ~0u, RD },
};
static const struct bitmap_case io_cases[] = {
	{ "io.80", out_80, 0x80, "exit 30 qual 800040 len 2" },
	{ "io.80_clear", out_80, 0x81, CALL },
	{ "io.80_wide", out_80_wide, 0x83, "exit 30 qual 800043 len 2" },
	{ "io.80_wide_clear", out_80_wide, 0x84, CALL },
	{ "io.8080", in_8080, 0x8080, "exit 30 qual 80800008 len 1" },
	{ "io.8080_clear", in_8080, 0x80, CALL },
	{ "io.7fff_wide", in_7fff_wide, 0x8000, "exit 30 qual 7fff0009 len 2" },
	/* Around the end: always. */
	{ "io.ffff_wide", in_ffff_wide, ~0u, "exit 30 qual ffff0009 len 2" },
};
/* clang-format on */

void test_bitmaps(void)
{
	for (unsigned int i = 0; i < array_size(msr_cases); i++) {
		const struct bitmap_case *c = &msr_cases[i];
		uint8_t *bitmap;

		l2_init(c->code);
		bitmap = l2_msr_bitmap();
		if (c->at != ~0u)
			bitmap[c->at / 8] = (uint8_t)(1 << c->at % 8);
		row_is(c->name, l2_text(l2_run()), c->wanted);
	}
	for (unsigned int i = 0; i < array_size(io_cases); i++) {
		const struct bitmap_case *c = &io_cases[i];

		l2_init(c->code);
		memset(io, 0, sizeof(io));
		if (c->at != ~0u)
			io[c->at >> 15][(c->at & 0x7fff) / 8] = (uint8_t)(1 << c->at % 8);
		vmwrite(IO_BITMAP_A, (uintptr_t)io[0]);
		vmwrite(IO_BITMAP_B, (uintptr_t)io[1]);
		/* The bitmaps decide; "unconditional" is ignored. */
		l2_set(PROC, PROC_IO_BITMAPS | PROC_UNCOND_IO, 0);
		row_is(c->name, l2_text(l2_run()), c->wanted);
	}
}
