// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/cpuid_policy.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/vmx.h"
#include "core/lib/string.h"
#include "xenabi/xen.h"

#define XSTATE_AVX512 (XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM)
/* Components whose whole state is in the XSAVE area. Not MPX, and not AMX, which wants IA32_XFD. */
#define XSTATE_OFFERED (XCR0_X87 | XCR0_SSE | XCR0_AVX | XSTATE_AVX512 | XCR0_PKRU)
/* Legacy region and header (SDM vol. 1, 13.4). */
#define XSAVE_FIXED 576U

#define LEAF1_EDX_APIC       (1U << 9)
#define LEAF1_EDX_HTT        (1U << 28)
#define LEAF1_ECX_XSAVE      (1U << 26)
#define LEAF1_ECX_OSXSAVE    (1U << 27)
#define LEAF7_ECX_OSPKE      (1U << 4)
#define LEAF7_EDX_ARCH_CAPS  (1U << 29)
#define EXT1_EDX_SYSCALL     (1U << 11)
#define EXT7_INVARIANT_TSC   (1U << 8)
#define LAST_LEAF_WE_COMPUTE 0x16U

static void read_subleaves(uint32_t leaf, struct cpuid_regs *out, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		out[i] = cpuid(leaf, i);
}

void cpuid_host_read(struct cpuid_host *out)
{
	uint32_t max = cpuid(0, 0).eax, max_ext = cpuid(0x80000000U, 0).eax;

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < CPUID_BASIC_LEAVES && i <= max; i++)
		out->basic[i] = cpuid(i, 0);
	for (uint32_t i = 0; i < CPUID_EXT_LEAVES && 0x80000000U + i <= max_ext; i++)
		out->ext[i] = cpuid(0x80000000U + i, 0);
	if (max >= 4)
		read_subleaves(4, out->cache, CPUID_CACHES);
	if (max >= 7)
		read_subleaves(7, out->feature, 1 + (cpuid(7, 0).eax >= 1));
	if (max >= 0xd && (out->basic[1].ecx & LEAF1_ECX_XSAVE))
		read_subleaves(0xd, out->xstate, CPUID_XSTATES);
	if (out->feature[0].edx & LEAF7_EDX_ARCH_CAPS)
		out->arch_capabilities = rdmsr(MSR_ARCH_CAPABILITIES);
}

/* ---- Building the table ---- */

static uint64_t offered_xcr0(const struct cpuid_host *host, const struct cpuid_params *params)
{
	uint64_t x = params->xcr0 & XSTATE_OFFERED &
		     ((uint64_t)host->xstate[0].edx << 32 | host->xstate[0].eax);

	if (!(host->basic[1].ecx & LEAF1_ECX_XSAVE))
		return 0;
	if ((x & XSTATE_AVX512) != XSTATE_AVX512 || !(x & XCR0_AVX))
		x &= ~XSTATE_AVX512;
	return x;
}

static bool rule_holds(const struct cpuid_rule *rule, const struct cpuid_params *params,
		       uint64_t xcr0)
{
	switch ((enum cpuid_show)rule->show) {
	case SHOW_HOST:
	case SHOW_ALWAYS: return true;
	case SHOW_AVX: return xcr0 & XCR0_AVX;
	case SHOW_AVX512: return xcr0 & XSTATE_AVX512;
	case SHOW_PKRU: return xcr0 & XCR0_PKRU;
	case SHOW_RDTSCP: return params->rdtscp;
	case SHOW_INVPCID: return params->invpcid;
	case SHOW_XSAVES: return params->xsaves;
	case SHOW_USER_WAIT: return params->user_wait;
	case SHOW_NESTED: return params->nested;
	}
	return false;
}

/* The machine's words in, the guest's words out. */
static void apply_rules(const struct cpuid_params *params, uint64_t xcr0,
			const uint32_t host[WORD_COUNT], uint32_t guest[WORD_COUNT])
{
	memset(guest, 0, WORD_COUNT * sizeof(*guest));
	for (unsigned int i = 0; i < cpuid_rule_count; i++) {
		const struct cpuid_rule *rule = &cpuid_rules[i];
		uint32_t bit = 1U << rule->bit;

		if (rule->show != SHOW_ALWAYS && !(host[rule->word] & bit))
			continue;
		if (rule_holds(rule, params, xcr0))
			guest[rule->word] |= bit;
	}
}

static void build_features(const struct cpuid_host *host, const struct cpuid_params *params,
			   struct cpuid_policy *p)
{
	const uint32_t words[WORD_COUNT] = {
		[WORD_1C] = host->basic[1].ecx,     [WORD_1D] = host->basic[1].edx,
		[WORD_6A] = host->basic[6].eax,     [WORD_7B] = host->feature[0].ebx,
		[WORD_7C] = host->feature[0].ecx,   [WORD_7D] = host->feature[0].edx,
		[WORD_7_1A] = host->feature[1].eax, [WORD_D1A] = host->xstate[1].eax,
		[WORD_E1C] = host->ext[1].ecx,      [WORD_E1D] = host->ext[1].edx,
	};
	uint32_t shown[WORD_COUNT];

	apply_rules(params, p->xcr0, words, shown);
	p->basic[1].ecx = shown[WORD_1C];
	p->basic[1].edx = shown[WORD_1D];
	p->basic[6].eax = shown[WORD_6A];
	p->feature[0].eax = shown[WORD_7_1A] ? 1 : 0; /* highest subleaf */
	p->feature[0].ebx = shown[WORD_7B];
	p->feature[0].ecx = shown[WORD_7C];
	p->feature[0].edx = shown[WORD_7D];
	p->feature[1].eax = shown[WORD_7_1A];
	p->xstate[1].eax = shown[WORD_D1A];
	p->ext[1].ecx = shown[WORD_E1C];
	p->ext[1].edx = shown[WORD_E1D];
	if (shown[WORD_7D] & LEAF7_EDX_ARCH_CAPS)
		p->arch_capabilities = host->arch_capabilities & cpuid_arch_capabilities_shown;
}

/* Bits needed to number n things. */
static unsigned int id_bits(uint32_t n)
{
	return n <= 1 ? 0 : bit_highest(n - 1) + 1;
}

/*
 * One package; every vCPU is a core of its own with one of two thread ids in use, because APIC ids
 * are even. The counts of leaves 1 and 4 are of ids, those of leaf 0xb of vCPUs (SDM vol. 3, 8.9).
 */
static void build_topology(const struct cpuid_host *host, const struct cpuid_params *params,
			   struct cpuid_policy *p)
{
	uint32_t core_ids = 1U << id_bits(params->vcpus), ids = 2 * core_ids;

	p->basic[1].ebx |= ids << 16;
	if (params->vcpus > 1)
		p->basic[1].edx |= LEAF1_EDX_HTT;
	for (unsigned int i = 0; i < CPUID_CACHES; i++) {
		struct cpuid_regs *c = &p->cache[i];
		uint32_t level;

		*c = host->cache[i];
		if (!(c->eax & 0x1f))
			break; /* the type says: no more caches */
		level = c->eax >> 5 & 7;
		/* Levels 1 and 2 belong to a core, the last to the package. */
		c->eax =
			(c->eax & 0x3fff) | (level >= 3 ? ids - 1 : 1) << 14 | (core_ids - 1) << 26;
	}
	p->topology[0] = (struct cpuid_regs){ .eax = 1, .ebx = 1, .ecx = 1 << 8 };
	p->topology[1] = (struct cpuid_regs){ .eax = 1 + id_bits(params->vcpus),
					      .ebx = params->vcpus,
					      .ecx = 2 << 8 };
}

static uint32_t xsave_size(const struct cpuid_policy *p, uint64_t components)
{
	uint32_t size = XSAVE_FIXED;

	for (components &= ~3ULL; components; components &= components - 1) {
		const struct cpuid_regs *x = &p->xstate[bit_lowest(components)];

		if (x->ebx + x->eax > size)
			size = x->ebx + x->eax;
	}
	return size;
}

/* The compacted format: components follow each other (SDM vol. 1, 13.4.3). */
static uint32_t xsave_compact_size(const struct cpuid_policy *p, uint64_t components)
{
	uint32_t size = XSAVE_FIXED;

	for (components &= ~3ULL; components; components &= components - 1) {
		const struct cpuid_regs *x = &p->xstate[bit_lowest(components)];

		if (x->ecx & 2)
			size = (uint32_t)round_up(size, 64);
		size += x->eax;
	}
	return size;
}

static void build_xstate(const struct cpuid_host *host, struct cpuid_policy *p)
{
	if (!p->xcr0)
		return;
	for (unsigned int i = 2; i < CPUID_XSTATES; i++) {
		if (!(p->xcr0 & BIT(i)))
			continue;
		p->xstate[i] = host->xstate[i];
		p->xstate[i].ecx &= 2; /* alignment; neither supervisor state nor XFD */
		p->xstate[i].edx = 0;
	}
	p->xstate[0].eax = low32(p->xcr0);
	p->xstate[0].edx = high32(p->xcr0);
	p->xstate[0].ecx = xsave_size(p, p->xcr0);
}

/*
 * TSC frequency = crystal * ebx / eax, where the crystal also clocks the APIC timer (SDM vol. 3,
 * 18.7.3). Ours is the TSC itself, so that guests multiply nothing that rounds.
 */
static void build_frequency(const struct cpuid_host *host, const struct cpuid_params *params,
			    struct cpuid_policy *p)
{
	unsigned int shift = vlapic_timer_shift(params->tsc_khz);

	if (!params->tsc_khz || !params->tsc_stable)
		return;
	p->basic[0x15].eax = 1;
	p->basic[0x15].ebx = 1U << shift;
	p->basic[0x15].ecx = (uint32_t)(params->tsc_khz * 1000 >> shift);
	p->basic[0x16].eax = (uint32_t)((params->tsc_khz + 500) / 1000) & 0xffff;
	p->basic[0x16].ebx = host->basic[0x16].ebx & 0xffff;
	p->basic[0x16].ecx = host->basic[0x16].ecx & 0xffff;
}

/* Bits of CR4 and EFER that come with features; the others exist on every processor with VMX. */
static void build_registers(struct cpuid_policy *p)
{
	uint32_t c1 = p->basic[1].ecx, b7 = p->feature[0].ebx, c7 = p->feature[0].ecx;

	p->cr4 = BITS(10, 0);
	p->cr4 |= c7 & (1U << 2) ? CR4_UMIP : 0;
	p->cr4 |= c1 & (1U << 5) ? CR4_VMXE : 0;
	p->cr4 |= b7 & (1U << 0) ? CR4_FSGSBASE : 0;
	p->cr4 |= c1 & (1U << 17) ? CR4_PCIDE : 0;
	p->cr4 |= c1 & LEAF1_ECX_XSAVE ? CR4_OSXSAVE : 0;
	p->cr4 |= b7 & (1U << 7) ? CR4_SMEP : 0;
	p->cr4 |= b7 & (1U << 20) ? CR4_SMAP : 0;
	p->cr4 |= c7 & (1U << 3) ? CR4_PKE : 0;
	p->efer = BIT(0) | BIT(8) | BIT(10); /* SCE, LME, LMA */
	p->efer |= p->ext[1].edx & (1U << 20) ? EFER_NXE : 0;
}

void cpuid_policy_build(const struct cpuid_host *host, const struct cpuid_params *params,
			struct cpuid_policy *out)
{
	uint32_t host_max_ext = host->ext[0].eax & 0xff;

	memset(out, 0, sizeof(*out));
	out->xcr0 = offered_xcr0(host, params);
	out->max_basic = host->basic[0].eax < LAST_LEAF_WE_COMPUTE ? LAST_LEAF_WE_COMPUTE
								   : host->basic[0].eax;
	if (out->max_basic >= CPUID_BASIC_LEAVES)
		out->max_basic = CPUID_BASIC_LEAVES - 1;
	out->max_ext = host_max_ext < CPUID_EXT_LEAVES ? host_max_ext : CPUID_EXT_LEAVES - 1;

	/* Vendor, signature, CLFLUSH line, cache descriptors: the processor's own. */
	out->basic[0] = host->basic[0];
	out->basic[0].eax = out->max_basic;
	out->basic[1].eax = host->basic[1].eax;
	out->basic[1].ebx = host->basic[1].ebx & 0xff00;
	out->basic[2] = host->basic[2];
	/* Brand string, level 2 cache, address widths (which the hardware enforces). */
	out->ext[0].eax = 0x80000000U + out->max_ext;
	for (unsigned int i = 2; i <= 4; i++)
		out->ext[i] = host->ext[i];
	out->ext[6].ecx = host->ext[6].ecx;
	out->ext[7].edx = params->tsc_stable ? EXT7_INVARIANT_TSC : 0;
	out->ext[8].eax = host->ext[8].eax & 0xffff;
	out->phys_bits = host->ext[8].eax & 0xff ? host->ext[8].eax & 0xff : 36;

	build_features(host, params, out);
	build_topology(host, params, out);
	build_xstate(host, out);
	build_frequency(host, params, out);
	build_registers(out);
}

/* ---- Answering ---- */

/* Every valid and invalid subleaf has the vCPU's id and its own number (SDM vol. 2, CPUID). */
static void topology_leaf(struct vcpu *v, const struct cpuid_policy *p, uint32_t subleaf,
			  struct cpuid_regs *out)
{
	if (subleaf < array_size(p->topology))
		*out = p->topology[subleaf];
	out->ecx |= subleaf & 0xff;
	out->edx = v->lapic->id;
}

static void xstate_leaf(struct vcpu *v, const struct cpuid_policy *p, uint32_t subleaf,
			struct cpuid_regs *out)
{
	if (subleaf >= CPUID_XSTATES || !p->xcr0)
		return;
	*out = p->xstate[subleaf];
	if (subleaf == 0)
		out->ebx = xsave_size(p, v->vmx->xcr0);
	else if (subleaf == 1 && (out->eax & 0xa))
		out->ebx = xsave_compact_size(p, v->vmx->xcr0 | v->vmx->xss);
}

static void basic_leaf(struct vcpu *v, const struct cpuid_policy *p, uint32_t leaf,
		       uint32_t subleaf, struct cpuid_regs *out)
{
	switch (leaf) {
	case 1:
		*out = p->basic[1];
		out->ebx |= v->lapic->id << 24;
		if (vmx_get_cr4(v) & CR4_OSXSAVE)
			out->ecx |= LEAF1_ECX_OSXSAVE;
		if (!(v->lapic->base & APIC_BASE_ENABLE))
			out->edx &= ~LEAF1_EDX_APIC;
		break;
	case 4:
		if (subleaf < CPUID_CACHES)
			*out = p->cache[subleaf];
		break;
	case 7:
		if (subleaf < array_size(p->feature))
			*out = p->feature[subleaf];
		if (subleaf == 0 && (vmx_get_cr4(v) & CR4_PKE))
			out->ecx |= LEAF7_ECX_OSPKE;
		break;
	case 0xb:
	case 0x1f: topology_leaf(v, p, subleaf, out); break;
	case 0xd: xstate_leaf(v, p, subleaf, out); break;
	default: *out = p->basic[leaf];
	}
}

void cpuid_policy_guest(struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *out)
{
	const struct cpuid_policy *p = &v->domain->vmx->cpuid;

	*out = (struct cpuid_regs){ 0 };
	if (leaf <= p->max_basic) {
		basic_leaf(v, p, leaf, subleaf, out);
	} else if (leaf - 0x80000000U <= p->max_ext) {
		*out = p->ext[leaf - 0x80000000U];
		/* Intel shows SYSCALL to 64-bit code only. */
		if (leaf == 0x80000001U && vcpu_arch_mode(v) != VCPU_MODE_64)
			out->edx &= ~EXT1_EDX_SYSCALL;
	} else if (leaf - 0x40000000U < 0x10000U && !xen_cpuid(v, leaf, subleaf, out)) {
		*out = (struct cpuid_regs){ 0 };
	}
}

/* SDM vol. 1, 13.3: x87 always; AVX needs SSE; the AVX-512 states come together, on AVX. */
bool cpuid_xcr0_valid(uint64_t allowed, uint64_t value)
{
	if ((value & ~allowed) || !(value & XCR0_X87))
		return false;
	if ((value & XCR0_AVX) && !(value & XCR0_SSE))
		return false;
	if (value & XSTATE_AVX512)
		return (value & XSTATE_AVX512) == XSTATE_AVX512 && (value & XCR0_AVX);
	return true;
}

bool cpuid_policy_xcr0_ok(struct vcpu *v, uint64_t value)
{
	return cpuid_xcr0_valid(v->domain->vmx->cpuid.xcr0, value);
}
