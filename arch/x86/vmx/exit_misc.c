// SPDX-License-Identifier: MIT
/* Small exits. */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/traps.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/vlapic.h"
#include "core/hooks.h"
#include "core/lib/log.h"
#include "core/lib/printf.h"
#include "core/sched.h"

/* The vCPU has stopped, or is about to at its next return to the scheduler. */
static bool is_down(const struct vcpu *v)
{
	/* Halted for good while a SIPI was on its way. First: when it is served, it is online. */
	if (vlapic_starting(v))
		return false;
	/* In this order: the scheduler sets OFFLINE before it clears the mark. */
	return load_acquire(&v->going_offline) || load_acquire(&v->state) == VCPU_OFFLINE;
}

static bool all_down(const struct domain *d)
{
	for (uint32_t i = 0; i < d->vcpu_count; i++) {
		if (!is_down(d->vcpus[i]))
			return false;
	}
	return true;
}

/*
 * HLT with interrupts off is how a vCPU says that it is down for good, and the last one that the
 * guest is (as in Xen).
 */
void exit_hlt(struct vcpu *v)
{
	vmx_skip_instruction(v);
	if (inject_wakes(v))
		return;
	if (vmx_get_rflags(v) & RFLAGS_IF) {
		sched_block(v);
		return;
	}
	sched_offline(v);
	if (all_down(v->domain))
		domain_shutdown(v->domain, END_POWEROFF);
}

void exit_pause(struct vcpu *v)
{
	vmx_skip_instruction(v);
	(void)sched_yield(v);
}

void exit_xsetbv(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;
	uint64_t value = (v->regs.rdx << 32) | (uint32_t)v->regs.rax;

	if ((uint32_t)v->regs.rcx != 0 || vcpu_arch_cpl(v) != 0 ||
	    !cpuid_policy_xcr0_ok(v, value) || !xsetbv_safe(0, value)) {
		exit_general_protection(v);
		return;
	}
	x->xcr0 = value;
	vmx_skip_instruction(v);
}

/* No device of the guest's reads memory behind the caches: nothing needs writing back. */
void exit_invd(struct vcpu *v)
{
	vmx_skip_instruction(v);
}

void exit_general_protection(struct vcpu *v)
{
	vmx_inject_exception(v, EXC_GP, true, 0);
}

void exit_undefined(struct vcpu *v)
{
	vmx_inject_exception(v, EXC_UD, false, 0);
}

static void log_line(const char *fmt, ...)
{
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	(void)xvsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_info("%s", line);
}

/* A processor that shuts down resets the machine: Xen's default, SHUTDOWN_reboot. */
void exit_triple_fault(struct vcpu *v)
{
	if (v->vmx->in_l2) {
		nested_triple_fault(v);
		return;
	}
	log_warning("%s: vCPU %u: triple fault", v->domain->name, v->id);
	vcpu_arch_dump(v, log_line);
	domain_shutdown(v->domain, END_REBOOT);
}

/* INIT to a core that runs a guest: none is sent by us, and there is nobody to obey. */
void exit_init_signal(struct vcpu *v)
{
	log_warning("INIT signal on core %u", v->core);
}

void exit_task_switch(struct vcpu *v)
{
	domain_crash(v, "hardware task switch, qualification %#lx", vmx_get_qualification(v));
}
