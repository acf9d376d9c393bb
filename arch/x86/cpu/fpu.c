// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/fpu.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/cpuid_bits.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "core/lib/bits.h"
#include "core/lib/string.h"

/* What guests may use: AMX is left out (8 KiB a switch), MPX is gone from newer CPUs. */
#define XCR0_ALLOWED                                                                               \
	(XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM | XCR0_PKRU)
#define XCR0_AVX512 (XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM)

/* Places in a save area (SDM vol. 1, 10.5.1, 13.4). */
#define LEGACY_SIZE    512
#define OFFSET_FCW     0
#define OFFSET_MXCSR   24
#define HEADER_END     576
#define FCW_INIT       0x37f
#define SELF_TEST_SIZE 1024 /* x87, SSE and AVX */
#define MXCSR_INIT     0x1f80

/*
 * The standard form does: no supervisor component is offered to guests. XSAVES would save as much,
 * and Bochs 2.7 spoils its compacted form (see compacted_form_works).
 */
enum method { METHOD_FXSAVE, METHOD_XSAVE, METHOD_XSAVEOPT };

uint64_t fpu_xcr0_mask;
uint32_t fpu_area_size;
bool fpu_compacted;
static enum method method;

static uint64_t allowed_components(void)
{
	struct cpuid_regs d0 = cpuid(CPUID_XSTATE, 0);
	uint64_t mask = ((uint64_t)d0.edx << 32 | d0.eax) & XCR0_ALLOWED;

	/* The three parts of AVX-512 come together or not at all. */
	if ((mask & XCR0_AVX512) != XCR0_AVX512)
		mask &= ~XCR0_AVX512;
	return mask;
}

/*
 * Whether XSAVEC puts the AVX component where the compacted form has it (SDM vol. 1, 13.4.3: right
 * behind the header). Bochs 2.7 puts it 160 bytes lower, over the header, and restores from the
 * right place: a guest that used this form would lose registers at each switch of processes.
 */
static bool compacted_form_works(void)
{
	uint8_t area[SELF_TEST_SIZE] aligned_to(64);

	if (!(fpu_xcr0_mask & XCR0_AVX))
		return true;
	memset(area, 0, sizeof(area));
	__asm__ volatile("vcmptrueps %%ymm0, %%ymm0, %%ymm0\n\t"
			 "xsavec64 (%0)\n\t"
			 "vxorps %%ymm0, %%ymm0, %%ymm0"
			 :
			 : "r"(area), "a"((uint32_t)(XCR0_SSE | XCR0_AVX)), "d"(0)
			 : "memory");
	return area[HEADER_END] == 0xff;
}

void fpu_init_core(void)
{
	uint64_t cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;
	uint32_t features;

	if (!(cpuid(CPUID_FEATURES, 0).ecx & CPUID_1_ECX_XSAVE)) {
		write_cr4(cr4);
		method = METHOD_FXSAVE;
		fpu_xcr0_mask = 0;
		fpu_area_size = LEGACY_SIZE;
		return;
	}
	write_cr4(cr4 | CR4_OSXSAVE);
	fpu_xcr0_mask = allowed_components();
	xsetbv(0, fpu_xcr0_mask);
	features = cpuid(CPUID_XSTATE, 1).eax;
	method = features & CPUID_D1_EAX_XSAVEOPT ? METHOD_XSAVEOPT : METHOD_XSAVE;
	if (features & CPUID_D1_EAX_XSAVES)
		wrmsr(MSR_XSS, 0);
	fpu_compacted = (features & CPUID_D1_EAX_XSAVEC) && compacted_form_works();
	/* What is enabled now. */
	fpu_area_size = cpuid(CPUID_XSTATE, 0).ebx;
}

void fpu_area_init(void *area)
{
	uint8_t *bytes = area;
	uint16_t fcw = FCW_INIT;
	uint32_t mxcsr = MXCSR_INIT;

	/* XSTATE_BV 0: every component in its initial state. */
	memset(area, 0, fpu_area_size);
	memcpy(bytes + OFFSET_FCW, &fcw, sizeof(fcw));
	memcpy(bytes + OFFSET_MXCSR, &mxcsr, sizeof(mxcsr));
}

#define XSAVE_INSN(name, insn)                                                                     \
	static void name(void *area, uint64_t mask)                                                \
	{                                                                                          \
		count_insn(COUNT_XSAVE);                                                           \
		__asm__ volatile(insn " (%0)"                                                      \
				 :                                                                 \
				 : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))     \
				 : "memory");                                                      \
	}
#define XRSTOR_INSN(name, insn)                                                                    \
	static void name(const void *area, uint64_t mask)                                          \
	{                                                                                          \
		count_insn(COUNT_XSAVE);                                                           \
		__asm__ volatile(insn " (%0)"                                                      \
				 :                                                                 \
				 : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))     \
				 : "memory");                                                      \
	}
XSAVE_INSN(xsave, "xsave64")
XSAVE_INSN(xsaveopt, "xsaveopt64")
XSAVE_INSN(fxsave, "fxsave64")
XRSTOR_INSN(xrstor, "xrstor64")
XRSTOR_INSN(fxrstor, "fxrstor64")

/*
 * All components are saved and loaded, also those that the vCPU's own XCR0 hides at present: it
 * may enable them again, and must find its own values then, never another vCPU's. Between the two
 * calls, with no vCPU's state loaded, XCR0 is the full mask.
 */
void fpu_save(void *area, uint64_t xcr0, uint64_t xss)
{
	if (method != METHOD_FXSAVE && xcr0 != fpu_xcr0_mask)
		xsetbv(0, fpu_xcr0_mask);
	switch (method) {
	case METHOD_FXSAVE: fxsave(area, 0); break;
	case METHOD_XSAVE: xsave(area, fpu_xcr0_mask); break;
	case METHOD_XSAVEOPT: xsaveopt(area, fpu_xcr0_mask); break;
	}
	if (xss)
		wrmsr(MSR_XSS, 0);
}

void fpu_restore(const void *area, uint64_t xcr0, uint64_t xss)
{
	if (xss)
		wrmsr(MSR_XSS, xss);
	switch (method) {
	case METHOD_FXSAVE: fxrstor(area, 0); break;
	case METHOD_XSAVE:
	case METHOD_XSAVEOPT: xrstor(area, fpu_xcr0_mask); break;
	}
	if (method != METHOD_FXSAVE && xcr0 != fpu_xcr0_mask)
		xsetbv(0, xcr0);
}
