// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/traps.h"

#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/desc.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/smp.h"

/* traps.asm calls it; irq_dispatch() and nmi_received() are the rest of it. */
void trap_handle(struct trap_frame *frame);

struct stub {
	uint64_t vector, address;
};
extern const struct stub trap_stubs[], trap_stubs_end[];

/* An instruction that may fault, and where to go on when it does. */
struct fixup {
	uint64_t from, to;
};
extern const struct fixup fixups_start[], fixups_end[];

#define FIXUP(from, to)                                                                            \
	".pushsection .fixups, \"a\"\n\t"                                                          \
	".quad " from ", " to "\n\t"                                                               \
	".popsection\n\t"

bool rdmsr_safe(uint32_t msr, uint64_t *value)
{
	uint32_t lo, hi;
	uint32_t ok = 0;

	__asm__ volatile("1: rdmsr\n\t"
			 "movl $1, %2\n"
			 "2:\n\t" FIXUP("1b", "2b")
			 : "=a"(lo), "=d"(hi), "+r"(ok)
			 : "c"(msr)
			 : "memory");
	if (ok)
		*value = (uint64_t)hi << 32 | lo;
	return ok;
}

bool wrmsr_safe(uint32_t msr, uint64_t value)
{
	uint32_t ok = 0;

	__asm__ volatile("1: wrmsr\n\t"
			 "movl $1, %0\n"
			 "2:\n\t" FIXUP("1b", "2b")
			 : "+r"(ok)
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
	return ok;
}

bool xsetbv_safe(uint32_t index, uint64_t value)
{
	uint32_t ok = 0;

	__asm__ volatile("1: xsetbv\n\t"
			 "movl $1, %0\n"
			 "2:\n\t" FIXUP("1b", "2b")
			 : "+r"(ok)
			 : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
	return ok;
}

static enum ist ist_of(uint64_t vector)
{
	switch (vector) {
	case EXC_NMI: return IST_NMI;
	case EXC_DF: return IST_DF;
	case EXC_MC: return IST_MC;
	default: return IST_NONE;
	}
}

void traps_init(void)
{
	for (const struct stub *s = trap_stubs; s < trap_stubs_end; s++)
		desc_set_gate((uint8_t)s->vector, s->address, ist_of(s->vector));
}

void nmi_received(const struct trap_frame *frame)
{
	this_cpu()->nmi_count++;
	smp_stop_if_asked(frame);
}

static bool fix_up(struct trap_frame *frame)
{
	for (const struct fixup *f = fixups_start; f < fixups_end; f++) {
		if (f->from == frame->rip) {
			frame->rip = f->to;
			return true;
		}
	}
	return false;
}

void trap_handle(struct trap_frame *frame)
{
	if (frame->vector == EXC_NMI)
		nmi_received(frame);
	else if (frame->vector >= 32)
		irq_dispatch((uint8_t)frame->vector);
	else if (frame->vector != EXC_GP || !fix_up(frame))
		panic_trap(frame);
}
