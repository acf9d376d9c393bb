// SPDX-License-Identifier: MIT
/*
 * Debug registers (SDM vol. 3 ch. 17). DR7 is switched by the VMCS. DR0-3 and DR6 are not, and the
 * hypervisor never uses them: a vCPU's values are loaded at its first MOV DR after it came to the
 * core, or at once when DR7 has breakpoints armed.
 */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/exits.h"

#define DR7_ENABLED     0xffULL /* L0-3, G0-3 */
#define QUALIFICATION_B 0xfULL
#define DEBUGCTL_LBR    BIT(0)
#define DEBUGCTL_BTF    BIT(1)
#define PENDING_BS      BIT(14) /* 24.4.2 */

#define DEFINE_DR(n)                                                                               \
	static uint64_t read_dr##n(void)                                                           \
	{                                                                                          \
		uint64_t value;                                                                    \
                                                                                                   \
		__asm__ volatile("mov %%db" #n ", %0" : "=r"(value));                              \
		return value;                                                                      \
	}                                                                                          \
                                                                                                   \
	static void write_dr##n(uint64_t value)                                                    \
	{                                                                                          \
		__asm__ volatile("mov %0, %%db" #n : : "r"(value));                                \
	}

DEFINE_DR(0)
DEFINE_DR(1)
DEFINE_DR(2)
DEFINE_DR(3)
DEFINE_DR(6)
#undef DEFINE_DR

void debug_regs_load(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	write_dr0(x->dr[0]);
	write_dr1(x->dr[1]);
	write_dr2(x->dr[2]);
	write_dr3(x->dr[3]);
	write_dr6(x->dr6);
	x->debug_loaded = true;
	if (!x->in_l2 || !(nested_wishes(v) & PROC_MOV_DR))
		vmx_set_proc_controls(v, x->proc_controls & ~(uint32_t)PROC_MOV_DR);
}

void debug_regs_save(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	if (!x->debug_loaded)
		return;
	x->dr[0] = read_dr0();
	x->dr[1] = read_dr1();
	x->dr[2] = read_dr2();
	x->dr[3] = read_dr3();
	x->dr6 = read_dr6();
	x->debug_loaded = false;
	/* With breakpoints armed MOV DR stays without exits: debug_regs_restore() is eager then. */
	if (!(vmreadn(VMCSN_GUEST_DR7) & DR7_ENABLED))
		vmx_set_proc_controls(v, x->proc_controls | (uint32_t)PROC_MOV_DR);
}

void debug_regs_restore(struct vcpu *v)
{
	/* In L2 the bit may be its L1's, which has loaded them for it. */
	if (v->vmx->in_l2 || !(v->vmx->proc_controls & PROC_MOV_DR))
		debug_regs_load(v);
}

void debug_regs_trap(struct vcpu *v, uint64_t qualification)
{
	struct vmx_vcpu *x = v->vmx;
	uint64_t dr6 = x->debug_loaded ? read_dr6() : x->dr6;

	/* The exit left them as they were before the exception (27.1). B0-3 are set anew, BD and
	 * BS only added. */
	dr6 = (dr6 & ~QUALIFICATION_B) | (qualification & (QUALIFICATION_B | DR6_BD | DR6_BS));
	if (x->debug_loaded)
		write_dr6(dr6);
	else
		x->dr6 = dr6;
	vmwriten(VMCSN_GUEST_DR7, vmreadn(VMCSN_GUEST_DR7) & ~DR7_GD);
	vmwrite64(VMCS64_GUEST_DEBUGCTL, vmread64(VMCS64_GUEST_DEBUGCTL) & ~DEBUGCTL_LBR);
}

void debug_regs_single_step(void)
{
	/* With BTF only branches trap, and no emulated instruction is one. */
	if (!(vmread64(VMCS64_GUEST_DEBUGCTL) & DEBUGCTL_BTF))
		vmwriten(VMCSN_GUEST_PENDING_DBG, vmreadn(VMCSN_GUEST_PENDING_DBG) | PENDING_BS);
}

void debug_regs_reset(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	for (unsigned int i = 0; i < array_size(x->dr); i++)
		x->dr[i] = 0;
	x->dr6 = DR6_INIT;
	x->debug_loaded = false;
	vmwriten(VMCSN_GUEST_DR7, DR7_INIT);
	vmx_set_proc_controls(v, x->proc_controls | (uint32_t)PROC_MOV_DR);
}

void exit_dr_access(struct vcpu *v)
{
	debug_regs_load(v); /* and the instruction is executed again */
}
