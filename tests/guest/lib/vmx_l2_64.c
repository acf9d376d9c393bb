// SPDX-License-Identifier: MIT
/* A plain L2: its VMCS, running it, and what its exits say. */
#include "tests/guest/lib/vmx.h"

#define SEL_CODE 0x18
#define SEL_DATA 0x10
#define SEL_TSS  0x48
#define EPT_RWX  7ULL
#define EPT_WB   (6ULL << 3)
#define EPT_2M   (1ULL << 7)

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern const char l2_host_rip[];

struct l2_regs l2_regs;
struct l2_exit l2_exit;
struct vmcs_page *l2_vmcs = &vmcs_page;
uint8_t l2_stack[4096] __attribute__((aligned(16)));
bool l2_launched;

static uint8_t msr_bitmap[4096] page_aligned;
static uint64_t ept[6][512] page_aligned;

static uint64_t tss_base(const uint8_t *gdt)
{
	uint64_t low, high;

	memcpy(&low, gdt + SEL_TSS, 8);
	memcpy(&high, gdt + SEL_TSS + 8, 8);
	return (low >> 16 & 0xffffff) | (low >> 32 & 0xff000000) | high << 32;
}

static void init_host(const struct table_pointer *gdt, const struct table_pointer *idt)
{
	static const uint16_t selectors[] = {
		SEL_DATA, SEL_CODE, SEL_DATA, SEL_DATA, 0, 0, SEL_TSS
	};

	for (unsigned int i = 0; i < array_size(selectors); i++)
		vmwrite(HOST_SELECTOR(i), selectors[i]);
	vmwrite(HOST_CR0, read_cr0());
	vmwrite(HOST_CR3, read_cr3());
	vmwrite(HOST_CR4, read_cr4());
	vmwrite(HOST_FS_BASE, rdmsr(MSR_FS_BASE));
	vmwrite(HOST_GS_BASE, rdmsr(MSR_GS_BASE));
	vmwrite(HOST_TR_BASE, tss_base((const uint8_t *)gdt->base));
	vmwrite(HOST_GDTR_BASE, gdt->base);
	vmwrite(HOST_IDTR_BASE, idt->base);
	vmwrite(HOST_SYSENTER_CS, 0);
	vmwrite(HOST_SYSENTER_ESP, 0);
	vmwrite(HOST_SYSENTER_EIP, 0);
	vmwrite(HOST_RIP, (uintptr_t)l2_host_rip);
	vmwrite(HOST_RSP, 0);
}

static void init_segments(const struct table_pointer *gdt, const struct table_pointer *idt)
{
	for (unsigned int i = ES; i <= TR; i++) {
		bool used = i <= DS;

		vmwrite(GUEST_SELECTOR(i), used ? SEL_DATA : 0);
		vmwrite(GUEST_BASE(i), 0);
		vmwrite(GUEST_LIMIT(i), 0xffffffff);
		vmwrite(GUEST_RIGHTS(i), used ? 0xc093 : 0x10000);
	}
	vmwrite(GUEST_SELECTOR(CS), SEL_CODE);
	vmwrite(GUEST_RIGHTS(CS), 0xa09b);
	vmwrite(GUEST_SELECTOR(TR), SEL_TSS);
	vmwrite(GUEST_BASE(TR), tss_base((const uint8_t *)gdt->base));
	vmwrite(GUEST_LIMIT(TR), 103);
	vmwrite(GUEST_RIGHTS(TR), 0x8b);
	vmwrite(GUEST_GDTR_BASE, gdt->base);
	vmwrite(GUEST_GDTR_LIMIT, gdt->limit);
	vmwrite(GUEST_IDTR_BASE, idt->base);
	vmwrite(GUEST_IDTR_LIMIT, idt->limit);
}

static void init_guest(const char *code)
{
	vmwrite(GUEST_CR0, read_cr0());
	vmwrite(GUEST_CR3, read_cr3());
	vmwrite(GUEST_CR4, read_cr4());
	vmwrite(GUEST_DR7, 0x400);
	vmwrite(GUEST_RSP, (uintptr_t)l2_stack + sizeof(l2_stack) - 64);
	vmwrite(GUEST_RIP, (uintptr_t)code);
	vmwrite(GUEST_RFLAGS, 2);
	vmwrite(GUEST_DEBUGCTL, 0);
	vmwrite(GUEST_SYSENTER_CS, 0);
	vmwrite(GUEST_SYSENTER_ESP, 0);
	vmwrite(GUEST_SYSENTER_EIP, 0);
	vmwrite(LINK_POINTER, ~0ULL);
	vmwrite(INTERRUPTIBILITY, 0);
	vmwrite(ACTIVITY, 0);
	vmwrite(PENDING_DEBUG, 0);
}

static void init_controls(void)
{
	static const uint16_t zero[] = { EXCEPTION_BITMAP, PF_MASK,         PF_MATCH,
					 CR3_TARGET_COUNT, EXIT_MSR_STORES, EXIT_MSR_LOADS,
					 ENTRY_MSR_LOADS,  ENTRY_INTR,      ENTRY_ERROR_CODE,
					 ENTRY_LENGTH,     CR0_MASK,        CR4_MASK,
					 CR0_SHADOW,       CR4_SHADOW,      TSC_OFFSET,
					 IO_BITMAP_A,      IO_BITMAP_B,     EXIT_MSR_STORE,
					 EXIT_MSR_LOAD,    ENTRY_MSR_LOAD };

	for (unsigned int i = 0; i < array_size(zero); i++)
		vmwrite(zero[i], 0);
	for (unsigned int i = 0; i < 4; i++)
		vmwrite(CR3_TARGET(i), 0);
	vmwrite(PIN, vmx_must(PIN));
	vmwrite(PROC, vmx_must(PROC));
	if (vmx_may(PROC, PROC_SECONDARY))
		vmwrite(PROC2, 0);
	vmwrite(EXIT, vmx_must(EXIT) | EXIT_HOST_64);
	vmwrite(ENTRY, vmx_must(ENTRY) | ENTRY_IA32E);
}

void l2_init(const char *code)
{
	struct table_pointer gdt, idt;
	int result;

	vmcs_page_init(l2_vmcs);
	result = vmx_vmclear((uintptr_t)l2_vmcs);
	if (result == VMX_OK)
		result = vmx_vmptrld((uintptr_t)l2_vmcs);
	if (result != VMX_OK) {
		ok(false, "a fresh VMCS: %s", vmx_text(result));
		finish(SHUTDOWN_poweroff);
	}
	__asm__ volatile("sgdt %0\n\tsidt %1" : "=m"(gdt), "=m"(idt));
	init_controls();
	init_host(&gdt, &idt);
	init_segments(&gdt, &idt);
	init_guest(code);
	memset(&l2_regs, 0, sizeof(l2_regs));
	l2_launched = false;
}

void l2_set(uint32_t field, uint64_t set, uint64_t clear)
{
	vmwrite(field, (vmread(field) & ~clear) | set);
}

bool l2_set_proc2(uint64_t set)
{
	if (!vmx_may(PROC2, set))
		return false;
	l2_set(PROC, PROC_SECONDARY, 0);
	l2_set(PROC2, set, 0);
	return true;
}

static void read_exit(void)
{
	l2_exit.reason = (uint32_t)vmread(EXIT_REASON);
	l2_exit.qualification = vmread(EXIT_QUALIFICATION);
	l2_exit.length = (uint32_t)vmread(EXIT_LENGTH);
	l2_exit.info = (uint32_t)vmread(EXIT_INFO);
	l2_exit.intr = (uint32_t)vmread(EXIT_INTR);
	l2_exit.intr_error = (uint32_t)vmread(EXIT_INTR_ERROR);
	l2_exit.idt = (uint32_t)vmread(IDT_INFO);
	l2_exit.idt_error = (uint32_t)vmread(IDT_ERROR);
	l2_exit.linear = vmread(GUEST_LINEAR);
	l2_exit.physical = vmx_may(PROC2, PROC2_EPT) ? vmread(GUEST_PHYSICAL) : 0;
}

int l2_run(void)
{
	int result = l2_switch(&l2_regs, l2_launched);

	fault_vector = -1;
	if (result)
		return vmx_status(result == 1, result == 2);
	read_exit();
	l2_launched |= !(l2_exit.reason & ENTRY_FAILURE);
	return VMX_OK;
}

uint32_t l2_go(void)
{
	int result = l2_run();

	if (result != VMX_OK) {
		ok(false, "entry to L2: %s", vmx_text(result));
		finish(SHUTDOWN_poweroff);
	}
	return l2_exit.reason;
}

void l2_skip(void)
{
	vmwrite(GUEST_RIP, vmread(GUEST_RIP) + vmread(EXIT_LENGTH));
}

#define ONE(reason) (1ULL << (reason))
/* Exits because of an instruction; of these the length is defined, and of some the information. */
#define WITH_LENGTH                                                                                \
	(ONE(R_TASK) | ONE(R_CPUID) | ONE(R_HLT) | ONE(R_INVD) | ONE(R_INVLPG) | ONE(R_RDPMC) |    \
	 ONE(R_RDTSC) | 0x3ffULL << R_VMCALL | ONE(R_CR) | ONE(R_DR) | ONE(R_IO) | ONE(R_RDMSR) |  \
	 ONE(R_WRMSR) | ONE(R_MWAIT) | ONE(R_MONITOR) | ONE(R_PAUSE) | ONE(R_GDTR) | ONE(R_LDTR) | \
	 ONE(R_INVEPT) | ONE(R_RDTSCP) | ONE(R_INVVPID) | ONE(R_WBINVD) | ONE(R_XSETBV) |          \
	 ONE(R_RDRAND) | ONE(R_INVPCID) | ONE(R_VMFUNC) | ONE(R_RDSEED) | ONE(R_XSAVES))
#define WITH_INFO                                                                                  \
	(ONE(19) | ONE(21) | ONE(22) | ONE(23) | ONE(25) | ONE(27) | ONE(R_GDTR) | ONE(R_LDTR) |   \
	 ONE(R_INVEPT) | ONE(R_INVVPID) | ONE(R_RDRAND) | ONE(R_INVPCID) | ONE(R_RDSEED) |         \
	 ONE(R_XSAVES))
#define WITH_ADDRESS (ONE(R_EPT) | ONE(R_EPT_CONFIG))

static int add(char *text, int at, int size, const char *name, uint64_t value)
{
	return at + format_to(text + at, (size_t)(size - at), " %s %llx", name,
			      (unsigned long long)value);
}

const char *l2_text(int result)
{
	static char text[200];
	uint32_t basic = l2_exit.reason & 0xffff;
	uint64_t one = basic < 64 ? ONE(basic) : 0;
	const int size = sizeof(text);
	int at;

	if (result != VMX_OK)
		return vmx_text(result);
	at = format_to(text, sizeof(text), "exit %u%s qual %llx", basic,
		       l2_exit.reason & ENTRY_FAILURE ? " entry failure" : "",
		       (unsigned long long)l2_exit.qualification);
	if (l2_exit.reason & ENTRY_FAILURE)
		return text;
	if (one & WITH_LENGTH)
		at = add(text, at, size, "len", l2_exit.length);
	if (one & WITH_INFO)
		at = add(text, at, size, "info", l2_exit.info);
	if (one & WITH_ADDRESS)
		at = add(text, at, size, "gpa", l2_exit.physical);
	if (basic == R_EXCEPTION || basic == R_EXTERNAL)
		at = add(text, at, size, "intr", l2_exit.intr);
	if ((basic == R_EXCEPTION || basic == R_EXTERNAL) && (l2_exit.intr & INTR_HAS_ERROR))
		at = add(text, at, size, "error", l2_exit.intr_error);
	if (l2_exit.idt & INTR_VALID)
		at = add(text, at, size, "idt", l2_exit.idt);
	if ((l2_exit.idt & INTR_VALID) && (l2_exit.idt & INTR_HAS_ERROR))
		at = add(text, at, size, "idt error", l2_exit.idt_error);
	return text;
}

uint8_t *l2_msr_bitmap(void)
{
	memset(msr_bitmap, 0, sizeof(msr_bitmap));
	vmwrite(MSR_BITMAP, (uintptr_t)msr_bitmap);
	l2_set(PROC, PROC_MSR_BITMAPS, 0);
	return msr_bitmap;
}

uint64_t *ept_entry(uint64_t gpa)
{
	return &ept[2 + (gpa >> 30 & 3)][gpa >> 21 & 511];
}

/* Write-back where it is offered, 4 levels. */
uint64_t ept_pointer(void)
{
	return (uintptr_t)ept[0] | 3 << 3 | (rdmsr(MSR_VMX_EPT_VPID) & 1 << 14 ? 6 : 0);
}

bool l2_ept(void)
{
	if (!l2_set_proc2(PROC2_EPT))
		return false;
	memset(ept, 0, sizeof(ept));
	ept[0][0] = (uintptr_t)ept[1] | EPT_RWX;
	for (unsigned int i = 0; i < 4; i++)
		ept[1][i] = (uintptr_t)ept[2 + i] | EPT_RWX;
	for (uint64_t gpa = 0; gpa < 1ULL << 32; gpa += 1 << 21)
		*ept_entry(gpa) = gpa | EPT_RWX | EPT_WB | EPT_2M;
	vmwrite(EPTP, ept_pointer());
	return true;
}
