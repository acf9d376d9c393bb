// SPDX-License-Identifier: MIT
/* Fields of the guest-state area and controls, as L2 sees what comes of them. */
#include "tests/guest/vmx_change/change_tests.h"

struct change {
	const char *name;
	uint32_t field, extra;
	uint64_t set; /* bits that are turned around */
	enum seen place;
	uint64_t flips; /* bits that L2 then finds turned around */
};

/* A field that L2 sees as it is. */
#define SAME(name, field, extra, set, place)                                                       \
	{                                                                                          \
		name, field, extra, set, place, set                                                \
	}

static const struct change changes[] = {
	SAME("cr0", GUEST_CR0, 0, CR0_AM, SEEN_CR0),
	{ "cr0_shadow", CR0_SHADOW, 0, CR0_AM, SEEN_CR0, 0 },
	SAME("cr3", GUEST_CR3, 0, CR3_PWT, SEEN_CR3),
	SAME("cr4", GUEST_CR4, 0, CR4_TSD, SEEN_CR4),
	SAME("rsp", GUEST_RSP, 0, 0x40, SEEN_RSP),
	SAME("rflags", GUEST_RFLAGS, 0, RFLAGS_ID, SEEN_RFLAGS),
	SAME("dr7", GUEST_DR7, WANT_ENTRY_LOADS, 1, SEEN_DR7),
	SAME("pat", GUEST_PAT, WANT_ENTRY_LOADS, 6, SEEN_PAT),
	SAME("efer", GUEST_EFER, WANT_ENTRY_LOADS, EFER_SCE, SEEN_EFER),
	SAME("saved.dr7", GUEST_DR7, WANT_ENTRY_LOADS | WANT_EXIT_SAVES, 1, SEEN_DR7),
	SAME("saved.pat", GUEST_PAT, WANT_ENTRY_LOADS | WANT_EXIT_SAVES, 6, SEEN_PAT),
	SAME("saved.efer", GUEST_EFER, WANT_ENTRY_LOADS | WANT_EXIT_SAVES, EFER_SCE, SEEN_EFER),
	SAME("sysenter_cs", GUEST_SYSENTER_CS, 0, 0x18, SEEN_SYSENTER_CS),
	SAME("sysenter_esp", GUEST_SYSENTER_ESP, 0, 0x12345, SEEN_SYSENTER_ESP),
	SAME("sysenter_eip", GUEST_SYSENTER_EIP, 0, 0x54321, SEEN_SYSENTER_EIP),
	SAME("fs", GUEST_SELECTOR(FS), 0, 0x10, SEEN_FS),
	SAME("ldtr", GUEST_SELECTOR(LDTR), 0, 0x20, SEEN_LDTR),
	SAME("tr", GUEST_SELECTOR(TR), 0, 0x70, SEEN_TR),
	SAME("fs_base", GUEST_BASE(FS), 0, 0x1000, SEEN_FS_BASE),
	SAME("gs_base", GUEST_BASE(GS), 0, 0x2000, SEEN_GS_BASE),
	SAME("gdtr_limit", GUEST_GDTR_LIMIT, 0, 0x8000, SEEN_GDTR_LIMIT),
	SAME("gdtr_base", GUEST_GDTR_BASE, 0, 0x80000, SEEN_GDTR_BASE),
	SAME("idtr_limit", GUEST_IDTR_LIMIT, 0, 0x8000, SEEN_IDTR_LIMIT),
	SAME("idtr_base", GUEST_IDTR_BASE, 0, 0x80000, SEEN_IDTR_BASE),
	{ "tsc_offset", TSC_OFFSET, WANT_TSC, 1ULL << 50, SEEN_TSC, 1ULL << 10 },
};

static void one(const struct change *c)
{
	uint64_t field, before;

	warm_up(looks, c->extra);
	before = seen[c->place];
	field = vmread(c->field);
	vmwrite(c->field, field ^ c->set);
	again();
	ok_eq(seen[c->place] ^ before, c->flips, "%s: L2 sees the change", c->name);
	again();
	ok_eq(seen[c->place] ^ before, c->flips, "%s: and once more", c->name);
	ok_eq(vmread(c->field), field ^ c->set, "%s: the field keeps it", c->name);
	vmwrite(c->field, field);
	again();
	ok_eq(seen[c->place], before, "%s: all is as it was", c->name);
}

/* L2 cannot look at it where the machine has no such MSR, but an exit saves what an entry has loaded. */
static void test_debugctl(void)
{
	warm_up(looks, WANT_ENTRY_LOADS | WANT_EXIT_SAVES);
	vmwrite(GUEST_DEBUGCTL, DEBUGCTL_BTF);
	again();
	again();
	row("debugctl.set", "%llx", (unsigned long long)vmread(GUEST_DEBUGCTL));
	vmwrite(GUEST_DEBUGCTL, 0);
	again();
	row("debugctl.clear", "%llx", (unsigned long long)vmread(GUEST_DEBUGCTL));
}

static void test_masks(void)
{
	warm_up(looks, 0);
	vmwrite(CR0_MASK, CR0_AM);
	again();
	ok_eq(seen[SEEN_CR0] & CR0_AM, 0, "a bit of CR0 is L1's, whose shadow has it clear");
	vmwrite(CR0_SHADOW, CR0_AM);
	again();
	ok_eq(seen[SEEN_CR0] & CR0_AM, CR0_AM, "the shadow has it set");
	vmwrite(CR4_MASK, CR4_TSD);
	vmwrite(CR4_SHADOW, CR4_TSD);
	again();
	ok_eq(seen[SEEN_CR4] & CR4_TSD, CR4_TSD, "the same of CR4");
	vmwrite(CR4_SHADOW, 0);
	again();
	ok_eq(seen[SEEN_CR4] & CR4_TSD, 0, "and clear again");
}

/* What makes an exit instead of the VMCALL, and then no more. */
static void exits(const char *name, uint32_t field, uint64_t bits, const char *wanted)
{
	warm_up(looks, 0);
	l2_set(field, bits, 0);
	row_is(name, l2_text(l2_run()), wanted);
	l2_set(field, 0, bits);
	again();
}

static void test_controls(void)
{
	uint8_t *bitmap;

	exits("control.rdtsc", PROC, PROC_RDTSC, "exit 16 qual 0 len 2");
	exits("control.cr3_store", PROC, PROC_CR3_STORE, "exit 28 qual 13 len 3");
	warm_up(looks, 0);
	bitmap = l2_msr_bitmap();
	again();
	bitmap[MSR_SYSENTER_ESP / 8] |= 1 << MSR_SYSENTER_ESP % 8;
	row_is("bitmap.set", l2_text(l2_run()), "exit 31 qual 0 len 2");
	bitmap[MSR_SYSENTER_ESP / 8] = 0;
	again();
	again();
	if (vmx_may(PIN, PIN_TIMER)) {
		vmwrite(PREEMPTION_TIMER, 0);
		exits("control.timer", PIN, PIN_TIMER, "exit 52 qual 0");
	}
}

/* What an entry loads from memory, or not. */
static void test_msr_list(void)
{
	static struct {
		uint32_t msr, zero;
		uint64_t value;
	} list[2] __attribute__((aligned(16)));

	warm_up(looks, WANT_ENTRY_LOADS);
	list[0].msr = MSR_PAT;
	list[0].value = PAT_OTHER;
	vmwrite(ENTRY_MSR_LOAD, (uintptr_t)list);
	vmwrite(ENTRY_MSR_LOADS, 1);
	again();
	ok_eq(seen[SEEN_PAT], PAT_OTHER, "PAT from a list of MSRs");
	list[0].value = PAT_DEFAULT;
	again();
	ok_eq(seen[SEEN_PAT], PAT_DEFAULT, "whose value has changed");
	list[0].msr = MSR_SYSENTER_ESP;
	list[0].value = 0x1111;
	again();
	ok_eq(seen[SEEN_SYSENTER_ESP], 0x1111, "and whose MSR has");
	ok_eq(vmread(GUEST_SYSENTER_ESP), 0x1111, "which every exit saves");
	list[0].zero = 1;
	row_is("list.refused", l2_text(l2_run()), "exit 34 entry failure qual 1");
	list[0].zero = 0;
	list[1].msr = MSR_PAT;
	list[1].value = PAT_DEFAULT;
	vmwrite(ENTRY_MSR_LOADS, 2);
	again();
	/* Nothing is written to the VMCS, and nothing of the kind read. */
	list[0].value = 0x2222;
	list[1].zero = 1;
	row_is("list.refused_second", l2_text(l2_run()), "exit 34 entry failure qual 2");
	vmwrite(ENTRY_MSR_LOADS, 0);
	again();
	ok_eq(seen[SEEN_SYSENTER_ESP], 0x1111, "after an entry that failed for its list");
}

/* L2 changes what an entry loads and no exit saves. */
L2_CODE(own_way, "1: call look_around\n"
		 "mov $0x277, %ecx\n mov $0x00070400, %eax\n mov $0x00070406, %edx\n wrmsr\n"
		 "mov $0xc0000080, %ecx\n rdmsr\n xor $1, %eax\n wrmsr\n"
		 "mov $0x402, %eax\n mov %rax, %dr7\n"
		 "vmcall\n jmp 1b");

static void test_own(void)
{
	uint64_t efer = rdmsr(MSR_EFER);

	warm_up(own_way, WANT_ENTRY_LOADS | WANT_EXIT_LOADS);
	ok_eq(seen[SEEN_PAT], PAT_DEFAULT, "L2's PAT is loaded again");
	ok_eq(seen[SEEN_EFER], efer, "and its EFER");
	ok_eq(seen[SEEN_DR7], 0x400, "and its DR7");
	ok_eq(vmread(GUEST_PAT), PAT_DEFAULT, "since it is not saved");
	warm_up(own_way, WANT_ENTRY_LOADS | WANT_EXIT_LOADS | WANT_EXIT_SAVES);
	ok_eq(seen[SEEN_PAT], 0x0007040600070400, "L2 keeps its PAT where it is saved");
	ok_eq(seen[SEEN_EFER], efer, "and its EFER, turned around twice");
	ok_eq(seen[SEEN_DR7], 0x402, "and its DR7");
	ok_eq(vmread(GUEST_EFER), efer ^ EFER_SCE, "and three times");
}

void test_guest_fields(void)
{
	for (unsigned int i = 0; i < array_size(changes); i++)
		one(&changes[i]);
	test_debugctl();
	test_masks();
	test_controls();
	test_msr_list();
	test_own();
}
