// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/caps.h"

#include "arch/x86/cpu/msr.h"
#include "core/lib/printf.h"

/* A bit of a control word that we set when we can: without a text it is optional. */
struct control_bit {
	uint64_t bit;
	const char *missing; /* what to say when it is required and cannot be set */
	const char *used;    /* what to say when it is optional and set */
};

static const struct control_bit pin_bits[] = {
	{ PIN_EXTERNAL_INTERRUPT, "VMX external-interrupt exiting", NULL },
	{ PIN_NMI, "VMX NMI exiting", NULL },
	{ PIN_VIRTUAL_NMI, "VMX virtual NMIs", NULL },
	{ PIN_PREEMPTION_TIMER, NULL, "preemption timer" },
};

/* INTERRUPT_WINDOW, NMI_WINDOW and TSC_OFFSET are set later, when needed. */
static const struct control_bit proc_bits[] = {
	{ PROC_HLT, "VMX HLT exiting", NULL },
	{ PROC_MWAIT, "VMX MWAIT exiting", NULL },
	{ PROC_RDPMC, "VMX RDPMC exiting", NULL },
	{ PROC_CR8_LOAD, "VMX CR8-load exiting", NULL },
	{ PROC_CR8_STORE, "VMX CR8-store exiting", NULL },
	{ PROC_MOV_DR, "VMX MOV-DR exiting", NULL },
	{ PROC_UNCOND_IO, "VMX unconditional I/O exiting", NULL },
	{ PROC_MSR_BITMAPS, "VMX MSR bitmaps", NULL },
	{ PROC_MONITOR, "VMX MONITOR exiting", NULL },
	{ PROC_SECONDARY, "VMX secondary controls", NULL },
};

#define PROC_LATER (PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW | PROC_TSC_OFFSET)

static const struct control_bit proc2_bits[] = {
	{ PROC2_EPT, "EPT (extended page tables)", NULL },
	{ PROC2_UNRESTRICTED, "VMX unrestricted guest", NULL },
	{ PROC2_VPID, NULL, "VPID" },
	{ PROC2_RDTSCP, NULL, "RDTSCP" },
	{ PROC2_WBINVD, NULL, "WBINVD exiting" },
	{ PROC2_PAUSE_LOOP, NULL, "PAUSE-loop exiting" },
	{ PROC2_INVPCID, NULL, "INVPCID" },
	{ PROC2_ENCLS, NULL, "ENCLS exiting" },
	{ PROC2_XSAVES, NULL, "XSAVES" },
};

static const struct control_bit exit_bits[] = {
	{ EXIT_SAVE_DEBUG, "VMX save debug controls", NULL },
	{ EXIT_HOST_64BIT, "VMX 64-bit host", NULL },
	{ EXIT_ACK_INTERRUPT, "VMX acknowledge interrupt on exit", NULL },
	{ EXIT_SAVE_PAT, "VMX save IA32_PAT", NULL },
	{ EXIT_LOAD_PAT, "VMX load host IA32_PAT", NULL },
	{ EXIT_SAVE_EFER, "VMX save IA32_EFER", NULL },
	{ EXIT_LOAD_EFER, "VMX load host IA32_EFER", NULL },
	{ EXIT_SAVE_TIMER, NULL, "saved preemption timer" },
};

static const struct control_bit entry_bits[] = {
	{ ENTRY_LOAD_DEBUG, "VMX load debug controls", NULL },
	{ ENTRY_LOAD_PAT, "VMX load guest IA32_PAT", NULL },
	{ ENTRY_LOAD_EFER, "VMX load guest IA32_EFER", NULL },
};

/* What must not be forced on: it would make exits, or effects, that nothing here handles. */
#define PROC_NEVER                                                                                 \
	(PROC_INVLPG | PROC_RDTSC | PROC_CR3_LOAD | PROC_CR3_STORE | PROC_TPR_SHADOW |             \
	 PROC_IO_BITMAPS | PROC_TRAP_FLAG)
#define PROC2_NEVER                                                                                \
	(PROC2_APIC_ACCESS | PROC2_DESC_TABLE | PROC2_X2APIC | PROC2_VMFUNC | PROC2_SHADOW_VMCS |  \
	 PROC2_PML | PROC2_EPT_VE | PROC2_TSC_SCALING)

struct missing {
	const char **names;
	unsigned int count, max;
};

static void lacks(struct missing *m, const char *name)
{
	if (m->count < m->max)
		m->names[m->count] = name;
	m->count++;
}

static uint32_t choose(uint64_t allowed, const struct control_bit *bits, size_t count,
		       struct missing *m)
{
	uint32_t may = (uint32_t)(allowed >> 32);
	uint32_t word = (uint32_t)allowed;

	for (size_t i = 0; i < count; i++) {
		if (may & bits[i].bit)
			word |= (uint32_t)bits[i].bit;
		else if (bits[i].missing)
			lacks(m, bits[i].missing);
	}
	return word;
}

#define CHOOSE(field, m) choose(cap->field, field##_bits, array_size(field##_bits), m)

static void check_ept(const struct vmx_capabilities *cap, struct missing *m)
{
	if (!(cap->proc2 >> 32 & PROC2_EPT))
		return; /* named already */
	if (!(cap->ept_vpid & EPT_CAP_WALK4))
		lacks(m, "EPT with four levels");
	if (!(cap->ept_vpid & EPT_CAP_WB))
		lacks(m, "EPT tables in write-back memory");
	if (!(cap->ept_vpid & EPT_CAP_2M))
		lacks(m, "EPT with 2 MiB pages");
	if (!(cap->ept_vpid & EPT_CAP_INVEPT) ||
	    !(cap->ept_vpid & (EPT_CAP_INVEPT_SINGLE | EPT_CAP_INVEPT_ALL)))
		lacks(m, "INVEPT");
}

static void check_basic(const struct vmx_capabilities *cap, const struct vmx_controls *c,
			struct missing *m)
{
	if (!(cap->basic & VMX_BASIC_TRUE_CONTROLS) || (c->proc & PROC_NEVER))
		lacks(m, "VMX controls without forced CR3 exits (IA32_VMX_BASIC bit 55)");
	if ((cap->proc >> 32 & PROC_LATER) != PROC_LATER)
		lacks(m, "VMX interrupt window, NMI window and TSC offsetting");
	if (c->proc2 & PROC2_NEVER)
		lacks(m, "VMX secondary controls that may be off");
	if ((cap->basic & VMX_BASIC_MEMORY_TYPE) != VMX_BASIC_MEMORY_TYPE_WB)
		lacks(m, "VMCS in write-back memory");
	if (!(cap->misc & VMX_MISC_STORE_LMA))
		lacks(m, "VMX store of EFER.LMA on exit");
}

static void disable_without_invvpid(const struct vmx_capabilities *cap, struct vmx_controls *c)
{
	bool usable = (cap->ept_vpid & VPID_CAP_INVVPID) &&
		      (cap->ept_vpid & (VPID_CAP_SINGLE | VPID_CAP_ALL));

	if (!usable)
		c->proc2 &= ~(uint32_t)PROC2_VPID;
}

unsigned int vmx_controls_decide(const struct vmx_capabilities *cap, struct vmx_controls *out,
				 const char *names[], unsigned int max)
{
	struct missing m = { names, 0, max };

	out->pin = CHOOSE(pin, &m);
	out->proc = CHOOSE(proc, &m);
	out->proc2 = CHOOSE(proc2, &m);
	out->exit = CHOOSE(exit, &m);
	out->entry = CHOOSE(entry, &m);
	check_ept(cap, &m);
	check_basic(cap, out, &m);
	disable_without_invvpid(cap, out);
	/* "Save" without the timer itself is refused at entry (SDM vol. 3, 26.2.1.2). */
	if (!(out->pin & PIN_PREEMPTION_TIMER))
		out->exit &= ~(uint32_t)EXIT_SAVE_TIMER;
	out->revision = (uint32_t)(cap->basic & VMX_BASIC_REVISION);
	out->cr0_fixed = cap->cr0_fixed0 & ~0x80000001ULL; /* PG and PE: unrestricted guest */
	out->cr4_fixed = cap->cr4_fixed0;
	out->timer_shift = (unsigned int)(cap->misc & VMX_MISC_TIMER_SHIFT);
	out->invept_single = cap->ept_vpid & EPT_CAP_INVEPT_SINGLE;
	out->invvpid_single = cap->ept_vpid & VPID_CAP_SINGLE;
	return m.count;
}

struct text {
	char *buf;
	size_t size, len;
};

static void describe(struct text *t, uint32_t word, const struct control_bit *bits, size_t count)
{
	for (size_t i = 0; i < count && t->len < t->size; i++) {
		if (bits[i].used && (word & bits[i].bit))
			t->len += (size_t)xsnprintf(t->buf + t->len, t->size - t->len, "%s%s",
						    t->len ? ", " : "", bits[i].used);
	}
}

void vmx_controls_describe(const struct vmx_controls *c, char *buf, size_t size)
{
	struct text t = { buf, size, 0 };

	buf[0] = '\0';
	describe(&t, c->pin, pin_bits, array_size(pin_bits));
	describe(&t, c->exit, exit_bits, array_size(exit_bits));
	describe(&t, c->proc2, proc2_bits, array_size(proc2_bits));
}
