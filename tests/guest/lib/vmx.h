// SPDX-License-Identifier: MIT
/*
 * A guest that is a hypervisor (L1), and its guest (L2): 64-bit code of the same image, on L1's page
 * tables, descriptor tables and CPU state, until a test changes a field. 64-bit guests only.
 *
 *	l2_init(code);                 VMCLEAR, VMPTRLD, every field as for a plain L2
 *	l2_set(PROC, PROC_HLT, 0);     more controls
 *	l2_run();                      VMLAUNCH or VMRESUME; what came is in l2_exit
 *
 * Numbers are of the SDM, vol. 3, appendices B and C.
 */
#ifndef TESTS_GUEST_LIB_VMX_H
#define TESTS_GUEST_LIB_VMX_H

#include "tests/guest/lib/guest.h"
#include "tests/guest/lib/vmx_fields.h"

/* --- instructions --- */

/* What an instruction came to: VMsucceed, VMfailInvalid, VMfail with its number, or a fault. */
#define VMX_OK       0
#define VMX_INVALID  (-1)
#define VMX_FAULT(v) (-0x100 - (v))

int vmx_status(bool cf, bool zf);
/* "ok", "invalid", "fail 7", "#GP(0)"; good until the third next call. */
const char *vmx_text(int result);

/* insn with operands as of asm; its result as above. */
#define VMX_INSN(insn, ...)                                                                        \
	({                                                                                         \
		bool vmx_cf, vmx_zf;                                                               \
                                                                                                   \
		fault_vector = -1;                                                                 \
		__asm__ volatile(FIXUP(insn)                                                       \
				 : "=@ccc"(vmx_cf), "=@ccz"(vmx_zf)                                \
				 : __VA_ARGS__                                                     \
				 : "cc", "memory");                                                \
		vmx_status(vmx_cf, vmx_zf);                                                        \
	})

int vmx_vmxon(uint64_t pa);
int vmx_vmxoff(void);
int vmx_vmclear(uint64_t pa);
int vmx_vmptrld(uint64_t pa);
int vmx_vmptrst(uint64_t *pa);
int vmx_read(uint64_t field, uint64_t *value);
int vmx_write(uint64_t field, uint64_t value);
int vmx_invept(uint64_t type, uint64_t eptp, uint64_t zero);
int vmx_invvpid(uint64_t type, uint64_t vpid, uint64_t linear);

/* Where the field must be there: else the test ends. */
uint64_t vmread(uint32_t field);
void vmwrite(uint32_t field, uint64_t value);

/* --- capabilities --- */

#define MSR_FEATURE_CONTROL 0x3a
#define MSR_SYSENTER_CS     0x174
#define MSR_SYSENTER_ESP    0x175
#define MSR_SYSENTER_EIP    0x176
#define MSR_PAT             0x277
#define MSR_EFER            0xc0000080
#define MSR_FS_BASE         0xc0000100
#define MSR_GS_BASE         0xc0000101
#define MSR_VMX_BASIC       0x480
#define MSR_VMX_PIN         0x481
#define MSR_VMX_PROC        0x482
#define MSR_VMX_EXIT        0x483
#define MSR_VMX_ENTRY       0x484
#define MSR_VMX_MISC        0x485
#define MSR_VMX_CR0_FIXED0  0x486
#define MSR_VMX_CR4_FIXED0  0x488
#define MSR_VMX_VMCS_ENUM   0x48a
#define MSR_VMX_PROC2       0x48b
#define MSR_VMX_EPT_VPID    0x48c
#define MSR_VMX_TRUE_PIN    0x48d
#define MSR_VMX_TRUE_PROC   0x48e
#define MSR_VMX_TRUE_EXIT   0x48f
#define MSR_VMX_TRUE_ENTRY  0x490
#define MSR_VMX_VMFUNC      0x491

/* CPUID says that there is VMX. */
bool vmx_offered(void);
/* Whether all these bits of a control field may be 1. */
bool vmx_may(uint32_t field, uint64_t bits);
/* What must be 1 in it. */
uint32_t vmx_must(uint32_t field);
unsigned int physical_bits(void);

/* --- VMX operation --- */

struct vmcs_page {
	uint32_t revision, abort;
	uint8_t data[4088];
};

#define vmcs_storage static struct vmcs_page page_aligned
extern struct vmcs_page vmxon_page, vmcs_page;
void vmcs_page_init(struct vmcs_page *p);
/* CR4.VMXE, IA32_FEATURE_CONTROL if it is open, VMXON with vmxon_page. Ends the test on failure. */
void vmx_on(void);
/* The same with a page of the vCPU's own. */
void vmx_on_with(struct vmcs_page *page);

/* --- L2 --- */

struct l2_regs {
	uint64_t ax, cx, dx, bx, bp, si, di, r8, r9, r10, r11, r12, r13, r14, r15;
};

struct l2_exit {
	uint32_t reason, length, info, intr, intr_error, idt, idt_error;
	uint64_t qualification, linear, physical;
};

extern struct l2_regs l2_regs;
extern struct l2_exit l2_exit;
extern uint8_t l2_stack[4096];
/* VMLAUNCH is next, else VMRESUME: as l2_run() keeps it. */
extern bool l2_launched;

/* A piece of L2's code, which ends with VMCALL. */
#define L2_CODE(name, text)                                                                        \
	extern const char name[];                                                                  \
	__asm__(".pushsection .text\n" #name ":\n" text "\nvmcall\n1: jmp 1b\n.popsection\n")

void l2_init(const char *code);
/* The VMCS that it works on: vmcs_page, until a test has another one. */
extern struct vmcs_page *l2_vmcs;
/* Change bits of a field. */
void l2_set(uint32_t field, uint64_t set, uint64_t clear);
/* Secondary controls, too; false when they are not offered. */
bool l2_set_proc2(uint64_t set);
/* VMX_OK when L2 exited (or failed to be entered: bit 31 of the reason), else what VMLAUNCH or
 * VMRESUME came to. */
int l2_run(void);
/* The switch alone, for a vCPU that has registers of its own: 0 after an exit, 1 VMfailInvalid, 2
 * VMfail. */
int l2_switch(struct l2_regs *regs, bool resume);
/* The same, where nothing but an exit can be. */
uint32_t l2_go(void);
/* Behind the instruction that exited. */
void l2_skip(void);
/* "exit 10 qual 0x0 len 2", with what is defined for the reason; or vmx_text(result). */
const char *l2_text(int result);

/* A page of MSR bitmaps where nothing exits; and the control. */
uint8_t *l2_msr_bitmap(void);
/* EPT, 1:1 with 2M pages below 4 GiB; false when it is not offered. */
bool l2_ept(void);
/* The tables of l2_ept(): the entry of the 2M page of gpa. */
uint64_t *ept_entry(uint64_t gpa);
uint64_t ept_pointer(void);

#endif
