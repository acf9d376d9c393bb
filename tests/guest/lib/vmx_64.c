// SPDX-License-Identifier: MIT
/* VMX instructions and capabilities, as a hypervisor in a guest uses them. */
#include "tests/guest/lib/vmx.h"

#define CR4_VMXE           (1UL << 13)
#define FEATURE_LOCKED_VMX 5

struct vmcs_page vmxon_page page_aligned, vmcs_page page_aligned;

int vmx_status(bool cf, bool zf)
{
	uint64_t number = 0;

	if (fault_vector >= 0)
		return VMX_FAULT(fault_vector);
	if (cf)
		return VMX_INVALID;
	if (!zf)
		return VMX_OK;
	(void)vmx_read(INSN_ERROR, &number);
	return (int)number;
}

const char *vmx_text(int result)
{
	static const char *const names[] = { "DE", "DB", "NMI", "BP", "OF", "BR", "UD",
					     "NM", "DF", "9",   "TS", "NP", "SS", "GP",
					     "PF", "15", "MF",  "AC", "MC", "XM" };
	static char texts[3][32];
	static unsigned int next;
	char *text = texts[next++ % 3];
	int vector = -result - 0x100;

	if (result == VMX_OK)
		return "ok";
	if (result == VMX_INVALID)
		return "invalid";
	if (result > 0)
		format_to(text, sizeof(texts[0]), "fail %d", result);
	else if (vector == 13 || vector == 14 || vector == 12 || vector == 17)
		format_to(text, sizeof(texts[0]), "#%s(%lx)", names[vector], fault_error);
	else
		format_to(text, sizeof(texts[0]), "#%s", vector < 20 ? names[vector] : "?");
	return text;
}

int vmx_vmxon(uint64_t pa)
{
	return VMX_INSN("vmxon %2", "m"(pa));
}

int vmx_vmxoff(void)
{
	return VMX_INSN("vmxoff", "i"(0));
}

int vmx_vmclear(uint64_t pa)
{
	return VMX_INSN("vmclear %2", "m"(pa));
}

int vmx_vmptrld(uint64_t pa)
{
	return VMX_INSN("vmptrld %2", "m"(pa));
}

int vmx_vmptrst(uint64_t *pa)
{
	return VMX_INSN("vmptrst (%2)", "r"(pa));
}

int vmx_read(uint64_t field, uint64_t *value)
{
	uint64_t got = *value;
	bool cf, zf;

	fault_vector = -1;
	__asm__ volatile(FIXUP("vmread %3, %2")
			 : "=@ccc"(cf), "=@ccz"(zf), "+r"(got)
			 : "r"(field)
			 : "memory");
	*value = got;
	/* The number of a failed VMREAD is itself read by VMREAD. */
	return field == INSN_ERROR && zf ? VMX_INVALID : vmx_status(cf, zf);
}

int vmx_write(uint64_t field, uint64_t value)
{
	return VMX_INSN("vmwrite %2, %3", "r"(value), "r"(field));
}

int vmx_invept(uint64_t type, uint64_t eptp, uint64_t zero)
{
	uint64_t descriptor[2] = { eptp, zero };

	return VMX_INSN("invept %2, %3", "m"(descriptor), "r"(type));
}

int vmx_invvpid(uint64_t type, uint64_t vpid, uint64_t linear)
{
	uint64_t descriptor[2] = { vpid, linear };

	return VMX_INSN("invvpid %2, %3", "m"(descriptor), "r"(type));
}

uint64_t vmread(uint32_t field)
{
	uint64_t value = 0;
	int result = vmx_read(field, &value);

	if (result != VMX_OK) {
		ok(false, "VMREAD of 0x%x: %s", field, vmx_text(result));
		finish(SHUTDOWN_poweroff);
	}
	return value;
}

void vmwrite(uint32_t field, uint64_t value)
{
	int result = vmx_write(field, value);

	if (result != VMX_OK) {
		ok(false, "VMWRITE of 0x%x: %s", field, vmx_text(result));
		finish(SHUTDOWN_poweroff);
	}
}

bool vmx_offered(void)
{
	return cpuid(1, 0).c & 1 << 5;
}

/* The capability MSR of a control field: low half must be 1, high half may be. */
static uint64_t controls(uint32_t field)
{
	bool with_true = rdmsr(MSR_VMX_BASIC) >> 55 & 1;

	switch (field) {
	case PIN: return rdmsr(with_true ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN);
	case PROC: return rdmsr(with_true ? MSR_VMX_TRUE_PROC : MSR_VMX_PROC);
	case EXIT: return rdmsr(with_true ? MSR_VMX_TRUE_EXIT : MSR_VMX_EXIT);
	case ENTRY: return rdmsr(with_true ? MSR_VMX_TRUE_ENTRY : MSR_VMX_ENTRY);
	case PROC2: return vmx_may(PROC, PROC_SECONDARY) ? rdmsr(MSR_VMX_PROC2) : 0;
	default: return ~0ULL << 32;
	}
}

bool vmx_may(uint32_t field, uint64_t bits)
{
	return !(bits & ~(controls(field) >> 32));
}

uint32_t vmx_must(uint32_t field)
{
	return (uint32_t)controls(field);
}

unsigned int physical_bits(void)
{
	return cpuid(0x80000008, 0).a & 0xff;
}

void vmcs_page_init(struct vmcs_page *p)
{
	memset(p, 0, sizeof(*p));
	p->revision = (uint32_t)rdmsr(MSR_VMX_BASIC) & 0x7fffffff;
}

void vmx_on(void)
{
	vmx_on_with(&vmxon_page);
}

void vmx_on_with(struct vmcs_page *page)
{
	int result;

	if (!vmx_offered()) {
		ok(false, "CPUID offers VMX");
		finish(SHUTDOWN_poweroff);
	}
	if (!(rdmsr(MSR_FEATURE_CONTROL) & 1))
		wrmsr(MSR_FEATURE_CONTROL, FEATURE_LOCKED_VMX);
	write_cr0(read_cr0() | 0x20); /* NE */
	write_cr4(read_cr4() | CR4_VMXE);
	vmcs_page_init(page);
	result = vmx_vmxon((uintptr_t)page);
	if (result != VMX_OK) {
		ok(false, "VMXON: %s", vmx_text(result));
		finish(SHUTDOWN_poweroff);
	}
}
