// SPDX-License-Identifier: MIT
/*
 * L2's program: a list of pieces of code with two operands, each followed by the jump to the next.
 * R15 points to the next one, R14 gathers what was read.
 */
#include "tests/guest/vmx_random/random.h"

#define STEPS 10

struct step {
	uint64_t code, bx, cx;
};

static struct step steps[STEPS + 1];

__asm__(".globl program");
L2_CODE(program_end, "nop");
/* A software event that is injected comes back behind as many bytes as its instruction has. */
L2_CODE(program,
	".fill 16, 1, 0x90\n mov (%r15), %rax\n mov 8(%r15), %rbx\n mov 16(%r15), %rcx\n add $24, %r15\n"
	"mov %rcx, %rdx\n jmp *%rax");

#define PIECE(name, text)                                                                          \
	extern const char name[];                                                                  \
	__asm__(".pushsection .text\n" #name ":\n" text "\njmp program\n.popsection\n")

PIECE(do_read, "add (%rbx), %r14");
PIECE(do_write, "shl $8, %rcx\n mov $0xc3, %cl\n mov %rcx, (%rbx)");
PIECE(do_add, "addq $0x100, (%rbx)");
PIECE(do_locked, "lock addq $0x100, (%rbx)");
PIECE(do_fetch, "call *%rbx");
PIECE(do_rdmsr, "rdmsr\n add %rax, %r14\n add %rdx, %r14");
PIECE(do_wrmsr, "mov %ebx, %eax\n mov %rbx, %rdx\n shr $32, %rdx\n wrmsr");
PIECE(do_inb, "in %dx, %al");
PIECE(do_inw, "in %dx, %ax");
PIECE(do_inl, "in %dx, %eax");
PIECE(do_vmfunc, "mov %ebx, %eax\n vmfunc");
PIECE(do_read_cr8, "mov %cr8, %rax\n add %rax, %r14");
PIECE(do_write_cr8, "and $15, %ecx\n mov %rcx, %cr8");
PIECE(do_vmread, "xor %eax, %eax\n vmread %rcx, %rax\n add %rax, %r14");
PIECE(do_vmwrite, "vmwrite %rbx, %rcx");
PIECE(do_cr0, "mov %cr0, %rax\n mov %rax, %cr0\n clts");
PIECE(do_cr3, "mov %cr3, %rax\n mov %rax, %cr3");
PIECE(do_cr4, "mov %cr4, %rax");
PIECE(do_invlpg, "invlpg (%rbx)");
PIECE(do_tables, "sub $16, %rsp\n sgdt (%rsp)\n sidt (%rsp)\n str %ax\n sldt %ax\n add $16, %rsp");
PIECE(do_cpuid, "xor %eax, %eax\n cpuid");
PIECE(do_wbinvd, "wbinvd");
PIECE(do_pause, "pause");
PIECE(do_rdtscp, "rdtsc\n rdtscp");
PIECE(do_rdrand, "rdrand %eax\n rdseed %eax");
PIECE(do_ud2, "ud2");
PIECE(do_int, "int $0x42");
PIECE(do_sti, "sti\n nop\n cli");

static const char *const plain[] = { do_cr0,   do_cr3,    do_cr4,   do_invlpg, do_tables,
				     do_cpuid, do_wbinvd, do_pause, do_rdtscp, do_rdrand,
				     do_ud2,   do_int,    do_sti };

static const uint32_t msrs[] = { MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, 0xc0000081,
				 0xc0000082,      0xc0000084,       0xc0000102,       MSR_FS_BASE,
				 MSR_GS_BASE,     MSR_PAT,          MSR_EFER,         0xc0002000,
				 0x2000 };
#define WRITABLE 7

static const uint16_t ports[] = { 0x80, 0x84, 0xed, 0x7ffd, 0x7fff, 0x8000, 0xfffd, 0xffff };
static const uint16_t fields[] = { GUEST_RIP, GUEST_RSP,       HOST_RIP, VPID,   EXIT_REASON,
				   GUEST_CR3, GUEST_LIMIT(CS), EPTP,     0x1234, 0x6832 };

static bool has_ept(void)
{
	return (vmread(PROC) & PROC_SECONDARY) && (vmread(PROC2) & PROC2_EPT);
}

static struct step memory_step(void)
{
	static const char *const code[] = { do_read, do_read,   do_write, do_write,
					    do_add,  do_locked, do_fetch, do_fetch };
	struct step s = { .cx = random_below(0x10000) | 0x10 };

	/* Without EPT there is nothing to execute. */
	s.code = (uintptr_t)code[random_below(has_ept() ? 8 : 6)];
	s.bx = random_address();
	return s;
}

static struct step msr_step(void)
{
	struct step s = { .code = (uintptr_t)do_rdmsr };

	s.cx = msrs[random_below(array_size(msrs))];
	if (random_below(2))
		return s;
	s.code = (uintptr_t)do_wrmsr;
	s.cx = msrs[random_below(WRITABLE)];
	s.bx = random_below(8) ? random_below(0x10000) : random_next();
	return s;
}

static struct step port_step(void)
{
	static const char *const code[] = { do_inb, do_inw, do_inl };
	struct step s = { .code = (uintptr_t)code[random_below(3)] };

	s.cx = ports[random_below(array_size(ports))];
	return s;
}

static struct step vmx_step(void)
{
	static const char *const code[] = { do_vmread, do_vmwrite, do_vmfunc, do_vmfunc };
	struct step s = { .code = (uintptr_t)code[random_below(4)] };

	s.cx = fields[random_below(array_size(fields))];
	s.bx = random_below(0x10000);
	if (s.code == (uintptr_t)do_vmfunc) {
		s.bx = random_below(8) ? 0 : random_below(64);
		s.cx = random_below(8) ? random_below(4) : random_below(600);
	}
	return s;
}

static struct step apic_step(void)
{
	static const char *const code[] = { do_read_cr8, do_write_cr8, do_read };
	static const uint16_t registers[] = { APIC_ID, APIC_TPR, APIC_LDR, 0x3f0 };
	struct step s = { .code = (uintptr_t)code[random_below(3)] };

	s.cx = random_below(16);
	s.bx = OTHERS + registers[random_below(array_size(registers))];
	return s;
}

void random_program(void)
{
	for (unsigned int i = 0; i < STEPS; i++) {
		switch (random_below(10)) {
		case 0: steps[i] = msr_step(); break;
		case 1: steps[i] = port_step(); break;
		case 2: steps[i] = vmx_step(); break;
		case 3: steps[i] = apic_step(); break;
		case 4:
		case 5:
			steps[i] = (struct step){
				.code = (uintptr_t)plain[random_below(array_size(plain))]
			};
			break;
		default: steps[i] = memory_step(); break;
		}
	}
	steps[STEPS] = (struct step){ .code = (uintptr_t)program_end };
	l2_regs.r15 = (uintptr_t)steps;
	l2_regs.r14 = 0;
}
