// SPDX-License-Identifier: MIT
/* Fields that an entry refuses, the host-state area, and L1's own state between two entries. */
#include "tests/guest/vmx_change/change_tests.h"

/* A field that has become bad, in an L2 that was good. */
static void refused(const char *name, uint32_t field, uint64_t value, const char *wanted)
{
	uint64_t good;

	warm_up(looks, 0);
	good = vmread(field);
	vmwrite(field, value);
	row_is(name, l2_text(l2_run()), wanted);
	row_is(name, l2_text(l2_run()), wanted);
	vmwrite(field, good);
	again();
	again();
}

void test_refusals(void)
{
	refused("bad.pin", PIN, 0, "fail 7");
	refused("bad.event", ENTRY_INTR, 0x80000100, "fail 7");
	refused("bad.host_cr3", HOST_CR3, ~0ULL, "fail 8");
	refused("bad.host_fs_base", HOST_FS_BASE, 1ULL << 63, "fail 8");
	refused("bad.host_rip", HOST_RIP, 1ULL << 63, "fail 8");
	refused("bad.cr0", GUEST_CR0, 0, "exit 33 entry failure qual 0");
	refused("bad.cr3", GUEST_CR3, ~0ULL, "exit 33 entry failure qual 0");
	refused("bad.rflags", GUEST_RFLAGS, 0, "exit 33 entry failure qual 0");
	refused("bad.tr", GUEST_RIGHTS(TR), 0x10000, "exit 33 entry failure qual 0");
	refused("bad.fs_base", GUEST_BASE(FS), 1ULL << 63, "exit 33 entry failure qual 0");
	refused("bad.link", LINK_POINTER, 1, "exit 33 entry failure qual 4");
	refused("bad.activity", ACTIVITY, 7, "exit 33 entry failure qual 0");
	refused("bad.blocking", INTERRUPTIBILITY, 3, "exit 33 entry failure qual 0");
	refused("bad.pending", PENDING_DEBUG, 1 << 5, "exit 33 entry failure qual 0");
}

struct change {
	const char *name;
	uint32_t field;
	uint64_t set;
	enum seen place;
};

static const struct change changes[] = {
	{ "host.cr0", HOST_CR0, CR0_AM, SEEN_CR0 },
	{ "host.cr3", HOST_CR3, CR3_PWT, SEEN_CR3 },
	{ "host.cr4", HOST_CR4, CR4_TSD, SEEN_CR4 },
	{ "host.tr", HOST_SELECTOR(HOST_TR), 0x78, SEEN_TR },
	{ "host.gdtr_base", HOST_GDTR_BASE, 0x80000, SEEN_GDTR_BASE },
	{ "host.idtr_base", HOST_IDTR_BASE, 0x80000, SEEN_IDTR_BASE },
	{ "host.fs", HOST_SELECTOR(FS), 0x10, SEEN_FS },
	{ "host.fs_base", HOST_FS_BASE, 0x1000, SEEN_FS_BASE },
	{ "host.gs_base", HOST_GS_BASE, 0x2000, SEEN_GS_BASE },
	{ "host.sysenter_cs", HOST_SYSENTER_CS, 0x18, SEEN_SYSENTER_CS },
	{ "host.sysenter_esp", HOST_SYSENTER_ESP, 0x12345, SEEN_SYSENTER_ESP },
	{ "host.sysenter_eip", HOST_SYSENTER_EIP, 0x54321, SEEN_SYSENTER_EIP },
	{ "host.pat", HOST_PAT, 6, SEEN_PAT },
	{ "host.efer", HOST_EFER, EFER_SCE, SEEN_EFER },
};

/* The limits are 0xffff after an exit, and L1 does not look at them. */
static void one(const struct change *c)
{
	uint64_t field, before;

	warm_up(looks, WANT_EXIT_LOADS);
	look();
	before = seen[c->place];
	field = vmread(c->field);
	vmwrite(c->field, field ^ c->set);
	again();
	look();
	ok_eq(seen[c->place] ^ before, c->set, "%s: L1 sees the change", c->name);
	vmwrite(c->field, field);
	again();
	look();
	ok_eq(seen[c->place], before, "%s: all is as it was", c->name);
}

static void set_cr4(uint64_t cr4)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
}

static void set_cr0(uint64_t cr0)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
}

static void set_dr7(uint64_t dr7)
{
	__asm__ volatile("mov %0, %%dr7" : : "r"(dr7));
}

/* What L1 changes of its own is undone by the exit. */
static void test_own_state(void)
{
	uint64_t before[SEEN_COUNT];

	warm_up(looks, WANT_EXIT_LOADS);
	look();
	memcpy(before, seen, sizeof(before));
	set_cr0(read_cr0() ^ CR0_AM);
	set_cr4(read_cr4() ^ CR4_TSD);
	set_dr7(0x404);
	__asm__ volatile("mov %0, %%fs\n\tmov %0, %%gs" : : "r"(0x10));
	wrmsr(MSR_FS_BASE, 0x3000);
	wrmsr(MSR_GS_BASE, 0x4000);
	wrmsr(MSR_SYSENTER_CS, 0x28);
	wrmsr(MSR_SYSENTER_ESP, 1);
	wrmsr(MSR_SYSENTER_EIP, 2);
	wrmsr(MSR_PAT, PAT_OTHER);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) ^ EFER_SCE);
	again();
	look();
	for (unsigned int i = 0; i < SEEN_TSC; i++)
		if (i != SEEN_RSP && i != SEEN_RFLAGS)
			ok_eq(seen[i], before[i], "L1's own state %u", i);
}

void test_host_fields(void)
{
	for (unsigned int i = 0; i < array_size(changes); i++)
		one(&changes[i]);
	test_own_state();
}

/* What no entry loads L2 has from L1. */
void test_inheritance(void)
{
	uint64_t efer = rdmsr(MSR_EFER), cr0 = read_cr0();

	warm_up(looks, 0);
	ok_eq(seen[SEEN_EFER], efer, "L2 has L1's EFER");
	wrmsr(MSR_EFER, efer ^ EFER_SCE);
	again();
	ok_eq(seen[SEEN_EFER], efer ^ EFER_SCE, "which L1 has changed");
	wrmsr(MSR_EFER, efer);
	again();
	ok_eq(seen[SEEN_EFER], efer, "and again");
	wrmsr(MSR_PAT, PAT_OTHER);
	again();
	ok_eq(seen[SEEN_PAT], PAT_OTHER, "and PAT");
	wrmsr(MSR_PAT, PAT_DEFAULT);
	again();
	ok_eq(seen[SEEN_PAT], PAT_DEFAULT, "and again");
	set_dr7(0x404);
	again();
	ok_eq(seen[SEEN_DR7], 0x404, "and DR7");
	again();
	ok_eq(seen[SEEN_DR7], 0x400, "which the exit has reset");
	set_cr0(cr0 | CR0_CD);
	again();
	ok_eq(seen[SEEN_CR0] & CR0_CD, CR0_CD, "CR0.CD stays as it is over an entry");
	ok_eq(read_cr0() & CR0_CD, CR0_CD, "and over an exit");
	set_cr0(cr0);
	again();
	ok_eq(seen[SEEN_CR0] & CR0_CD, 0, "and clear");
	vmwrite(CR0_MASK, CR0_CD);
	vmwrite(CR0_SHADOW, CR0_CD);
	again();
	ok_eq(seen[SEEN_CR0] & CR0_CD, CR0_CD, "L1 shows it to L2 as set");
	ok_eq(read_cr0() & CR0_CD, 0, "which does not make it so for L1");
}
