// SPDX-License-Identifier: MIT
/* The host-state area (SDM vol. 3, 24.5): what an exit loads. */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/exits.h"

void vmx_exit_stub(void); /* entry.asm */

struct packed_struct table_register {
	uint16_t limit;
	uint64_t base;
};

static uint16_t read_cs(void)
{
	uint16_t selector;

	__asm__("mov %%cs, %0" : "=r"(selector));
	return selector;
}

static uint16_t read_ss(void)
{
	uint16_t selector;

	__asm__("mov %%ss, %0" : "=r"(selector));
	return selector;
}

static uint16_t read_tr(void)
{
	uint16_t selector;

	__asm__("str %0" : "=r"(selector));
	return selector;
}

void host_write_common_state(struct vcpu *v)
{
	vmwrite16(VMCS16_HOST_CS, read_cs());
	vmwrite16(VMCS16_HOST_SS, read_ss());
	vmwrite16(VMCS16_HOST_DS, 0);
	vmwrite16(VMCS16_HOST_ES, 0);
	vmwrite16(VMCS16_HOST_FS, 0);
	vmwrite16(VMCS16_HOST_GS, 0);
	vmwriten(VMCSN_HOST_CR0, read_cr0());
	vmwriten(VMCSN_HOST_CR4, read_cr4());
	vmwrite64(VMCS64_HOST_PAT, rdmsr(MSR_PAT));
	vmwrite64(VMCS64_HOST_EFER, rdmsr(MSR_EFER));
	vmwriten(VMCSN_HOST_FS_BASE, 0);
	/* The hypervisor has no system calls: nothing enters by SYSENTER. */
	vmwrite32(VMCS32_HOST_SYSENTER_CS, 0);
	vmwriten(VMCSN_HOST_SYSENTER_ESP, 0);
	vmwriten(VMCSN_HOST_SYSENTER_EIP, 0);
	vmwriten(VMCSN_HOST_RIP, (uint64_t)vmx_exit_stub);
	/* An exit pushes the guest's registers where they belong (entry.asm). */
	vmwriten(VMCSN_HOST_RSP, (uint64_t)(&v->regs + 1));
}

void host_write_core_state(struct vcpu *v)
{
	struct table_register gdt, idt;
	struct pcpu *cpu = this_cpu();

	__asm__("sgdt %0" : "=m"(gdt));
	__asm__("sidt %0" : "=m"(idt));
	vmwriten(VMCSN_HOST_CR3, read_cr3());
	vmwriten(VMCSN_HOST_GS_BASE, (uint64_t)cpu);
	vmwrite16(VMCS16_HOST_TR, read_tr());
	vmwriten(VMCSN_HOST_TR_BASE, (uint64_t)cpu->tss);
	vmwriten(VMCSN_HOST_GDTR_BASE, gdt.base);
	vmwriten(VMCSN_HOST_IDTR_BASE, idt.base);
	v->vmx->host_core = cpu->id;
}
