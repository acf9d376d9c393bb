// SPDX-License-Identifier: MIT
/* One instruction a wrapper; what may fault says so. */
#ifndef ARCH_X86_CPU_ASM_H
#define ARCH_X86_CPU_ASM_H

#include "arch/x86/cpu/count.h"
#include "core/lib/types.h"

struct cpuid_regs {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

/* #GP for an MSR that does not exist: see rdmsr_safe() in traps.h for MSRs that may be absent. */
static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	count_insn(COUNT_RDMSR);
	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	count_insn(COUNT_WRMSR);
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

#define DEFINE_CR(n)                                                                               \
	static inline uint64_t read_cr##n(void)                                                    \
	{                                                                                          \
		uint64_t v;                                                                        \
                                                                                                   \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) : : "memory");                     \
		return v;                                                                          \
	}                                                                                          \
                                                                                                   \
	static inline void write_cr##n(uint64_t v)                                                 \
	{                                                                                          \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory");                         \
	}

DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
#undef DEFINE_CR

static inline void invlpg(const void *va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* A page of one pattern, 8 bytes at a time: no SSE here, and emulators count each iteration. */
static inline void fill_page(void *page, uint64_t pattern)
{
	uint64_t count = PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D"(page), "+c"(count) : "a"(pattern) : "memory");
}

static inline void clear_page(void *page)
{
	fill_page(page, 0);
}

/* hi:lo / divisor. #DE unless hi < divisor. */
static inline uint64_t div128(uint64_t hi, uint64_t lo, uint64_t divisor, uint64_t *remainder)
{
	uint64_t quotient;

	__asm__("divq %4"
		: "=a"(quotient), "=d"(*remainder)
		: "a"(lo), "d"(hi), "rm"(divisor)
		: "cc");
	return quotient;
}

static inline uint64_t xgetbv(uint32_t index)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
	return (uint64_t)hi << 32 | lo;
}

/* #GP for a value the CPU does not allow. */
static inline void xsetbv(uint32_t index, uint64_t value)
{
	count_insn(COUNT_XSAVE);
	__asm__ volatile("xsetbv"
			 :
			 : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* STI's one-instruction shadow makes this pair atomic: no interrupt falls between them. */
static inline void irq_enable_and_halt(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static inline void halt_forever(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" : : : "memory");
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

#endif
