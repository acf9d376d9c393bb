// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// differs: msr.480: the revision, the size, and whether SMM is there are Xenith's own
// differs: msr.483: no performance counters
// differs: msr.484: no SMM, no performance counters
// differs: msr.485: no shutdown state
// differs: msr.48a: the highest field is another
// differs: enum.exact: as Bochs has it, not
// differs: msr.48b: no #VE
// differs: msr.48f: as 483
// differs: msr.490: as 484
// differs: xsaves: CPUID does not offer it to guests
// timeout: 20
// vcpus: 2
//
// The capability MSRs of VMX agree with each other, with CPUID, with what Linux's kvm_intel demands
// before it loads, and on all CPUs.
#include "tests/guest/lib/vmx.h"

#define FIRST    MSR_VMX_BASIC
#define COUNT    (MSR_VMX_VMFUNC - MSR_VMX_BASIC + 1)
#define BIT(n)   (1ULL << (n))
#define CR4_VMXE BIT(13)

/* Values, and whether RDMSR works: of this CPU and the other. */
struct caps {
	uint64_t value[COUNT], feature_control;
	bool there[COUNT];
};

static struct caps mine, others;

static uint64_t cap(uint32_t msr)
{
	return mine.value[msr - FIRST];
}

static bool there(uint32_t msr)
{
	return mine.there[msr - FIRST];
}

static uint32_t must(uint32_t msr)
{
	return (uint32_t)cap(msr);
}

static uint32_t may(uint32_t msr)
{
	return (uint32_t)(cap(msr) >> 32);
}

static void collect(struct caps *c)
{
	for (unsigned int i = 0; i < COUNT; i++)
		c->there[i] = try_rdmsr(FIRST + i, &c->value[i]);
	(void)try_rdmsr(MSR_FEATURE_CONTROL, &c->feature_control);
}

static volatile bool collected;

static void collect_others(void)
{
	collect(&others);
	collected = true;
}

static void other_cpu(void)
{
	if (!ok(start_cpu(1, collect_others), "the other CPU starts"))
		return;
	while (!collected)
		if (on_xen)
			(void)sched_op(SCHEDOP_yield, 0);
		else
			cpu_pause();
	if (!bare)
		ok_eq(others.feature_control, mine.feature_control,
		      "IA32_FEATURE_CONTROL is the same there");
	ok(memcmp(mine.value, others.value, sizeof(mine.value)) == 0 &&
		   memcmp(mine.there, others.there, sizeof(mine.there)) == 0,
	   "the capability MSRs are the same there");
}

static void feature_control(void)
{
	uint64_t value = rdmsr(MSR_FEATURE_CONTROL);

	if (!(value & 1))
		wrmsr(MSR_FEATURE_CONTROL, 5);
	row("feature_control", "%llx", (unsigned long long)rdmsr(MSR_FEATURE_CONTROL));
	ok_eq(rdmsr(MSR_FEATURE_CONTROL), 5, "IA32_FEATURE_CONTROL is locked, VMX outside SMX");
	ok(!try_wrmsr(MSR_FEATURE_CONTROL, 5), "and refuses to be written");
	ok(!(cpuid(1, 0).c & 1 << 6), "no SMX");
	ok(!(read_cr4() & CR4_VMXE), "CR4.VMXE is 0");
	write_cr4(read_cr4() | CR4_VMXE);
	ok(read_cr4() & CR4_VMXE, "can be set");
	write_cr4(read_cr4() & ~CR4_VMXE);
	ok(!(read_cr4() & CR4_VMXE), "and cleared");
}

static void rows(void)
{
	char name[16];
	unsigned int written = 0;

	for (unsigned int i = 0; i < COUNT; i++) {
		format_to(name, sizeof(name), "msr.%x", FIRST + i);
		if (mine.there[i])
			row(name, "%llx", (unsigned long long)mine.value[i]);
		else
			row(name, "#GP");
		written += try_wrmsr(FIRST + i, mine.value[i]);
	}
	ok_eq(written, 0, "no capability MSR can be written");
	/* Bochs lets unknown MSRs be read. */
	if (!bare)
		ok(!try_rdmsr(MSR_VMX_VMFUNC + 4, &(uint64_t){ 0 }),
		   "none behind the last one known");
}

static void basic(void)
{
	uint64_t b = cap(MSR_VMX_BASIC), size = b >> 32 & 0x1fff;

	ok(!(b & BIT(31)), "bit 31 of the revision is 0");
	ok(size > 0 && size <= 4096, "a VMCS has %u bytes", (unsigned int)size);
	ok(!(b & BIT(48)), "no 32-bit limit on addresses");
	ok(!(b & BIT(49)), "no dual monitor");
	ok_eq(b >> 50 & 0xf, 6, "VMCSs are write-back");
	ok(b & BIT(55), "there are TRUE capability MSRs");
}

static void one_kind(uint32_t old, uint32_t with_true, uint32_t default1, uint32_t needed)
{
	ok_eq(must(old), must(with_true) | default1, "MSR %x: default-1 controls must be 1", old);
	ok_eq(may(old), may(with_true), "what may be 1 is the same in MSR %x", with_true);
	ok_eq(must(with_true) & ~may(with_true), 0, "what must be 1 may be 1");
	ok_eq(default1 & ~may(old), 0, "default-1 controls may be 1");
	ok_eq(needed & ~may(with_true), 0, "all that kvm_intel needs is there");
}

static void kinds(void)
{
	one_kind(MSR_VMX_PIN, MSR_VMX_TRUE_PIN, 0x16, PIN_EXTERNAL | PIN_NMI);
	one_kind(MSR_VMX_PROC, MSR_VMX_TRUE_PROC, 0x401e172,
		 PROC_HLT | PROC_CR3_LOAD | PROC_CR3_STORE | PROC_CR8_LOAD | PROC_CR8_STORE |
			 PROC_UNCOND_IO | PROC_MOV_DR | PROC_TSC_OFFSET | PROC_MWAIT |
			 PROC_MONITOR | PROC_INVLPG | PROC_RDPMC | PROC_INTR_WINDOW);
	one_kind(MSR_VMX_EXIT, MSR_VMX_TRUE_EXIT, 0x36dff,
		 EXIT_SAVE_DEBUG | EXIT_ACK | EXIT_HOST_64);
	one_kind(MSR_VMX_ENTRY, MSR_VMX_TRUE_ENTRY, 0x11ff, ENTRY_LOAD_DEBUG | ENTRY_IA32E);
	ok_eq(must(MSR_VMX_PROC2), 0, "no secondary control must be 1");
}

/* What is loaded at entry and at exit comes in pairs. */
static void pairs(void)
{
	static const struct {
		const char *name;
		unsigned int entry, exit;
	} all[] = {
		{ "PERF_GLOBAL_CTRL", 13, 12 }, { "PAT", 14, 19 },      { "EFER", 15, 21 },
		{ "BNDCFGS", 16, 23 },          { "RTIT_CTL", 18, 25 },
	};

	for (unsigned int i = 0; i < array_size(all); i++)
		ok_eq(may(MSR_VMX_ENTRY) >> all[i].entry & 1, may(MSR_VMX_EXIT) >> all[i].exit & 1,
		      "%s: loaded at entry and exit, or neither", all[i].name);
	ok_eq(may(MSR_VMX_EXIT) >> 18 & 1, may(MSR_VMX_EXIT) >> 19 & 1, "PAT saved and loaded");
	ok_eq(may(MSR_VMX_EXIT) >> 20 & 1, may(MSR_VMX_EXIT) >> 21 & 1, "EFER saved and loaded");
	ok(!(may(MSR_VMX_EXIT) & EXIT_SAVE_TIMER) || (may(MSR_VMX_PIN) & PIN_TIMER),
	   "no saving of a timer that is not there");
}

static bool may2(uint32_t bits)
{
	return there(MSR_VMX_PROC2) && (may(MSR_VMX_PROC2) & bits);
}

static void secondary(void)
{
	ok_eq(there(MSR_VMX_PROC2), !!(may(MSR_VMX_PROC) & PROC_SECONDARY),
	      "secondary controls have their MSR");
	ok_eq(there(MSR_VMX_EPT_VPID), may2(PROC2_EPT | PROC2_VPID), "EPT and VPID have theirs");
	ok_eq(there(MSR_VMX_VMFUNC), may2(PROC2_VMFUNC), "and VM functions");
	ok(!may2(PROC2_UNRESTRICTED | PROC2_PML | PROC2_VE) || may2(PROC2_EPT),
	   "what needs EPT has it");
	ok(!may2(PROC2_X2APIC | PROC2_APIC_REG | PROC2_VID) ||
		   (may(MSR_VMX_PROC) & PROC_TPR_SHADOW),
	   "what needs a TPR shadow has it");
	ok(!(may(MSR_VMX_PIN) & PIN_POSTED) || may2(PROC2_VID), "what needs delivery has it");
	ok(!(may(MSR_VMX_PROC) & PROC_NMI_WINDOW) || (may(MSR_VMX_PIN) & PIN_VNMI),
	   "an NMI window has virtual NMIs");
	ok_eq(may2(PROC2_RDTSCP), cpuid(0x80000001, 0).d >> 27 & 1, "RDTSCP as in CPUID");
	ok_eq(may2(PROC2_INVPCID), cpuid(7, 0).b >> 10 & 1, "INVPCID as in CPUID");
	ok_eq(may2(PROC2_RDRAND), cpuid(1, 0).c >> 30 & 1, "RDRAND as in CPUID");
	ok_eq(may2(PROC2_RDSEED), cpuid(7, 0).b >> 18 & 1, "RDSEED as in CPUID");
	row("xsaves", "control %u, CPUID %u", may2(PROC2_XSAVES), cpuid(0xd, 1).a >> 3 & 1);
}

static void ept_and_vpid(void)
{
	uint64_t c = there(MSR_VMX_EPT_VPID) ? cap(MSR_VMX_EPT_VPID) : 0;

	if (may2(PROC2_EPT)) {
		ok(c & BIT(6), "EPT: walks of 4 levels");
		ok(c & BIT(14), "EPT: write-back tables");
		ok(c & BIT(16), "EPT: 2M pages");
		ok((c & BIT(20)) && (c & BIT(26)), "INVEPT, of all contexts");
	} else {
		ok_eq(c & 0xffffffff, 0, "no EPT, no word of it");
	}
	if (may2(PROC2_VPID)) {
		ok(c & BIT(32), "INVVPID");
		ok(c & (BIT(41) | BIT(42)), "of a context or all");
	} else {
		ok_eq(c >> 32, 0, "no VPID, no word of it");
	}
}

static void misc(void)
{
	uint64_t m = cap(MSR_VMX_MISC);

	ok((m & 0x1f) < 32, "the preemption timer counts every %u ticks", 1U << (m & 0x1f));
	ok(!may2(PROC2_UNRESTRICTED) || (m & BIT(5)), "unrestricted guest: LMA is stored");
	ok(m & BIT(6), "HLT is an activity state");
	ok((m >> 16 & 0x1ff) <= 256, "%u CR3 targets", (unsigned int)(m >> 16 & 0x1ff));
	ok(!(m & BIT(31)), "bit 31 is 0");
}

static void fixed_bits(void)
{
	uint64_t cr4 = cap(MSR_VMX_CR4_FIXED0 + 1);
	struct regs4 one = cpuid(1, 0), seven = cpuid(7, 0);

	ok_eq(cap(MSR_VMX_CR0_FIXED0), 0x80000021, "PE, NE and PG must be 1 in CR0");
	ok_eq(cap(MSR_VMX_CR0_FIXED0 + 1), 0xffffffff, "all may");
	ok_eq(cap(MSR_VMX_CR4_FIXED0), CR4_VMXE, "VMXE must be 1 in CR4");
	ok_eq(cr4 >> 13 & 1, 1, "and may be");
	ok_eq(cr4 & 0x7ff, 0x7ff, "so may what every processor has");
	ok_eq(cr4 >> 17 & 1, one.c >> 17 & 1, "PCIDE as in CPUID");
	ok_eq(cr4 >> 18 & 1, one.c >> 26 & 1, "OSXSAVE");
	ok_eq(cr4 >> 16 & 1, seven.b & 1, "FSGSBASE");
	ok_eq(cr4 >> 20 & 1, seven.b >> 7 & 1, "SMEP");
	ok_eq(cr4 >> 21 & 1, seven.b >> 20 & 1, "SMAP");
	ok_eq(cr4 >> 11 & 1, seven.c >> 2 & 1, "UMIP");
	ok_eq(cr4 >> 22 & 1, seven.c >> 3 & 1, "PKE");
	ok_eq(cr4 & ~0x7f7fffULL, 0, "nothing unknown");
}

/* The highest index of a field that VMREAD knows. */
static void enumeration(void)
{
	uint64_t value, e = cap(MSR_VMX_VMCS_ENUM);
	uint32_t highest = 0;

	vmx_on();
	l2_init(NULL);
	for (uint32_t kind = 0; kind < 16; kind++)
		for (uint32_t index = 0; index < 512; index++)
			if (vmx_read((kind >> 2) << 13 | (kind & 3) << 10 | index << 1, &value) ==
				    VMX_OK &&
			    index > highest)
				highest = index;
	ok_eq(e & ~0x3feULL, 0, "IA32_VMX_VMCS_ENUM has only bits 9:1");
	ok(e >> 1 >= highest, "it covers index %u", highest);
	ok(e >= 0x2a, "and at least 0x2a");
	row("enum.exact", "%u", e >> 1 == highest);
}

void test_main(void)
{
	ok(vmx_offered(), "CPUID offers VMX");
	feature_control();
	collect(&mine);
	other_cpu();
	rows();
	basic();
	kinds();
	pairs();
	secondary();
	ept_and_vpid();
	misc();
	fixed_bits();
	enumeration();
}
