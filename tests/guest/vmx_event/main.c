// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// differs: external.sti_insn: with IF 0 Bochs has no exits for interrupts
// differs: nmi.self_exits: NMIs are blocked after the exit, not before
// differs: hlt.interrupt: an exit does not end the HLT state
// timeout: 15
//
// Events injected into L2, and what keeps them waiting.
#include "tests/guest/vmx_event/event_tests.h"

struct taken {
	unsigned int count, vector;
	unsigned long error, ip;
};

static struct taken taken;

/* In L2, whose IDT is L1's. */
static void take(struct trap_frame *f)
{
	taken.count++;
	taken.vector = (unsigned int)f->vector;
	taken.error = (unsigned long)f->error;
	taken.ip = (unsigned long)f->ip;
	/* A step is over with the first trap. */
	f->flags &= ~(uint64_t)RFLAGS_TF;
}

void inject(uint32_t info, uint32_t error, uint32_t length)
{
	vmwrite(ENTRY_INTR, INTR_VALID | info);
	vmwrite(ENTRY_ERROR_CODE, error);
	vmwrite(ENTRY_LENGTH, length);
}

static int add(char *text, int at, int size, const char *name, uint64_t value)
{
	return value ? at + format_to(text + at, (size_t)(size - at), " %s %llx", name,
				      (unsigned long long)value)
		     : at;
}

/* After an exit by an NMI, or in one's handler: the IRET that lets L1 have the next one. */
static void unblock_nmis(void)
{
	__asm__ volatile("mov %%rsp, %%rax\n\tpush $0x10\n\tpush %%rax\n\tpushf\n\tpush $0x18\n\t"
			 "push $1f\n\tiretq\n1:"
			 :
			 :
			 : "rax", "memory");
}

void event_row(const char *name, const char *code, const char *wanted)
{
	static char text[240];
	const int size = sizeof(text);
	int at, result;

	memset(&taken, 0, sizeof(taken));
	result = l2_run();
	at = format_to(text, sizeof(text), "%s", l2_text(result));
	if (result == VMX_OK && !(l2_exit.reason & ENTRY_FAILURE)) {
		at += format_to(text + at, (size_t)(size - at), " at %d",
				(int)(vmread(GUEST_RIP) - (uintptr_t)code));
		at = add(text, at, size, "blocked", vmread(INTERRUPTIBILITY));
		at = add(text, at, size, "activity", vmread(ACTIVITY));
		at = add(text, at, size, "pending", vmread(PENDING_DEBUG));
		at = add(text, at, size, "left", vmread(ENTRY_INTR) & INTR_VALID);
	}
	if (taken.count)
		format_to(text + at, (size_t)(size - at), " took %u error %lx at %d%s",
			  taken.vector, taken.error, (int)(taken.ip - (uintptr_t)code),
			  taken.count > 1 ? " and more" : "");
	unblock_nmis();
	if (wanted)
		row_is(name, text, wanted);
	else
		row(name, "%s", text);
}

void test_main(void)
{
	for (unsigned int i = 0; i < 20; i++)
		set_handler(i, take);
	set_handler(EXTERNAL, take);
	set_handler(SOFTWARE, take);
	vmx_on();
	apic_enable();
	test_injection();
	test_vectoring();
	test_debug();
	test_blocking();
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
