// SPDX-License-Identifier: MIT
/* All of a vCPU's state in lines. */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/exits.h"
#include "core/hooks.h"

struct field {
	union {
		struct vmcs32 f32;
		struct vmcs64 f64;
		struct vmcsn fn;
		uint32_t encoding; /* what each of them holds */
	};
	const char *name;
};

/* In pairs: two to a line. */
static const struct field fields[] = {
	{ .fn = VMCSN_GUEST_CR0, .name = "guest CR0" },
	{ .fn = VMCSN_CR0_SHADOW, .name = "CR0 read shadow" },
	{ .fn = VMCSN_GUEST_CR4, .name = "guest CR4" },
	{ .fn = VMCSN_CR4_SHADOW, .name = "CR4 read shadow" },
	{ .fn = VMCSN_CR0_MASK, .name = "CR0 mask" },
	{ .fn = VMCSN_CR4_MASK, .name = "CR4 mask" },
	{ .fn = VMCSN_GUEST_CR3, .name = "guest CR3" },
	{ .f64 = VMCS64_GUEST_EFER, .name = "guest EFER" },
	{ .f64 = VMCS64_GUEST_PDPTE(0), .name = "guest PDPTE0" },
	{ .f64 = VMCS64_GUEST_PDPTE(1), .name = "guest PDPTE1" },
	{ .f64 = VMCS64_GUEST_PDPTE(2), .name = "guest PDPTE2" },
	{ .f64 = VMCS64_GUEST_PDPTE(3), .name = "guest PDPTE3" },
	{ .fn = VMCSN_GUEST_DR7, .name = "guest DR7" },
	{ .f64 = VMCS64_GUEST_DEBUGCTL, .name = "guest DEBUGCTL" },
	{ .fn = VMCSN_GUEST_PENDING_DBG, .name = "pending debug" },
	{ .f64 = VMCS64_GUEST_PAT, .name = "guest PAT" },
	{ .fn = VMCSN_GUEST_GDTR_BASE, .name = "guest GDTR base" },
	{ .f32 = VMCS32_GUEST_GDTR_LIMIT, .name = "guest GDTR limit" },
	{ .fn = VMCSN_GUEST_IDTR_BASE, .name = "guest IDTR base" },
	{ .f32 = VMCS32_GUEST_IDTR_LIMIT, .name = "guest IDTR limit" },
	{ .fn = VMCSN_GUEST_SYSENTER_ESP, .name = "guest SYSENTER ESP" },
	{ .fn = VMCSN_GUEST_SYSENTER_EIP, .name = "guest SYSENTER EIP" },
	{ .f32 = VMCS32_INTERRUPTIBILITY, .name = "interruptibility" },
	{ .f32 = VMCS32_ACTIVITY, .name = "activity" },
	{ .f32 = VMCS32_EXIT_REASON, .name = "exit reason" },
	{ .fn = VMCSN_EXIT_QUALIFICATION, .name = "exit qualification" },
	{ .f32 = VMCS32_EXIT_INTR_INFO, .name = "exit interruption" },
	{ .f32 = VMCS32_EXIT_INTR_ERROR, .name = "exit error code" },
	{ .f32 = VMCS32_IDT_VECTORING_INFO, .name = "IDT vectoring" },
	{ .f32 = VMCS32_IDT_VECTORING_ERROR, .name = "IDT vectoring error" },
	{ .f32 = VMCS32_EXIT_INSN_LENGTH, .name = "exit insn length" },
	{ .f32 = VMCS32_EXIT_INSN_INFO, .name = "exit insn information" },
	{ .fn = VMCSN_GUEST_LINEAR, .name = "guest linear" },
	{ .f64 = VMCS64_GUEST_PHYSICAL, .name = "guest physical" },
	{ .f32 = VMCS32_ENTRY_INTR_INFO, .name = "entry interruption" },
	{ .f32 = VMCS32_ENTRY_ERROR_CODE, .name = "entry error code" },
	{ .f32 = VMCS32_ENTRY_CONTROLS, .name = "entry controls" },
	{ .f32 = VMCS32_EXIT_CONTROLS, .name = "exit controls" },
	{ .f32 = VMCS32_PIN_CONTROLS, .name = "pin controls" },
	{ .f32 = VMCS32_PROC_CONTROLS, .name = "processor controls" },
	{ .f32 = VMCS32_PROC2_CONTROLS, .name = "secondary controls" },
	{ .f32 = VMCS32_EXCEPTION_BITMAP, .name = "exception bitmap" },
	{ .f64 = VMCS64_EPTP, .name = "EPTP" },
	{ .f64 = VMCS64_MSR_BITMAP, .name = "MSR bitmap" },
	{ .f64 = VMCS64_TSC_OFFSET, .name = "TSC offset" },
	{ .f32 = VMCS32_PREEMPTION_TIMER, .name = "preemption timer" },
	{ .fn = VMCSN_HOST_CR0, .name = "host CR0" },
	{ .fn = VMCSN_HOST_CR3, .name = "host CR3" },
	{ .fn = VMCSN_HOST_CR4, .name = "host CR4" },
	{ .f64 = VMCS64_HOST_EFER, .name = "host EFER" },
	{ .fn = VMCSN_HOST_GS_BASE, .name = "host GS base" },
	{ .fn = VMCSN_HOST_TR_BASE, .name = "host TR base" },
	{ .fn = VMCSN_HOST_GDTR_BASE, .name = "host GDTR base" },
	{ .fn = VMCSN_HOST_IDTR_BASE, .name = "host IDTR base" },
	{ .fn = VMCSN_HOST_RSP, .name = "host RSP" },
	{ .fn = VMCSN_HOST_RIP, .name = "host RIP" },
};

static const char *const segment_names[VMX_SEG_COUNT] = {
	"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR",
};

typedef void (*print_fn)(const char *fmt, ...);

static void dump_registers(const struct vcpu_regs *r, print_fn print)
{
	print("  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
	print("  rsi %016lx  rdi %016lx  rbp %016lx", r->rsi, r->rdi, r->rbp);
	print("  r8  %016lx  r9  %016lx  r10 %016lx  r11 %016lx", r->r8, r->r9, r->r10, r->r11);
	print("  r12 %016lx  r13 %016lx  r14 %016lx  r15 %016lx", r->r12, r->r13, r->r14, r->r15);
}

static void dump_segments(struct vcpu *v, print_fn print)
{
	struct vmx_segment_state s;

	for (unsigned int i = 0; i < VMX_SEG_COUNT; i++) {
		vmx_get_segment(v, (enum vmx_segment)i, &s);
		print("  %-4s selector %04x  base %016lx  limit %08x  rights %05x",
		      segment_names[i], s.selector, s.base, s.limit, s.rights);
	}
}

static void dump_fields(print_fn print)
{
	uint64_t value[2];
	bool ok[2];

	for (size_t i = 0; i + 1 < array_size(fields); i += 2) {
		/* A field may not exist on this processor: shown as 0. */
		for (size_t j = 0; j < 2; j++) {
			ok[j] = vmread_encoding(fields[i + j].encoding, &value[j]);
			if (!ok[j])
				value[j] = 0;
		}
		print("  %-20s %016lx  %-20s %016lx", fields[i].name, value[0], fields[i + 1].name,
		      value[1]);
	}
}

static void dump_software(const struct vcpu *v, print_fn print)
{
	const struct vmx_vcpu *x = v->vmx;

	print("  state %u  core %u  attention %#lx  event prepared %#x  requeued %#x%s%s", v->state,
	      v->core, v->attn.all, x->entry_info, x->requeued,
	      x->nmi_pending ? "  NMI pending" : "", x->launched ? "" : "  not launched");
	print("  xcr0 %#lx  xss %#lx  dr6 %#lx%s", x->xcr0, x->xss, x->dr6,
	      x->debug_loaded ? " (debug registers loaded)" : "");
	if (x->nested)
		nested_dump(v, print);
}

static void dump_counters(const struct vmx_vcpu *x, print_fn print)
{
	for (uint32_t i = 0; i < VMX_EXIT_REASONS; i++) {
		const char *name = exits_name(i);

		if (x->exit_count[i])
			print("  exits: %-20s %lu", name ? name : "other", x->exit_count[i]);
	}
}

void vcpu_arch_dump(struct vcpu *v, print_fn print)
{
	print("%s: vCPU %u", v->domain->name, v->id);
	dump_software(v, print);
	dump_registers(&v->regs, print);
	if (v->vmx->loaded && v->core != this_cpu()->id) {
		print("  its VMCS is on core %u", v->core);
	} else {
		vcpu_vmcs_borrow(v);
		print("  rip %016lx  rsp %016lx  rflags %08lx  cr2 %016lx",
		      vmreadn(VMCSN_GUEST_RIP), vmreadn(VMCSN_GUEST_RSP),
		      vmreadn(VMCSN_GUEST_RFLAGS), v->vmx->loaded ? read_cr2() : v->vmx->cr2);
		dump_segments(v, print);
		dump_fields(print);
		vcpu_vmcs_return(v);
	}
	dump_counters(v->vmx, print);
}
