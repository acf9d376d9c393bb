// SPDX-License-Identifier: MIT
#include "core/panic.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/smp.h"
#include "arch/x86/cpu/traps.h"
#include "core/console.h"
#include "core/domain.h"
#include "core/lib/assert.h"
#include "core/lib/atomic.h"
#include "core/lib/printf.h"
#include "core/lib/symbols.h"
#include "core/trace.h"
#include "drivers/power.h"
#include "drivers/serial.h"
#include "drivers/video.h"

#define LINE_MAX      256
#define BACKTRACE_MAX 24
#define TRACE_LINES   16
#define NOBODY        ~0U

/* linker.ld */
extern const char image_start[], text_end[];

bool panic_noreboot;
static uint32_t panicking = NOBODY; /* id of the core */
static bool again;                  /* it panicked while it was at it */

static void out(const char *fmt, ...) printf_like(1, 2);

/* To the port itself: no ring, no lock. Each newline with its carriage return. */
static void out(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	xvsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (const char *c = line; *c; c++) {
		if (*c == '\n')
			serial_panic_write("\r", 1);
		serial_panic_write(c, 1);
	}
	if (!serial_present())
		video_write(line);
}

static bool in_text(uint64_t address)
{
	return address >= (uint64_t)image_start && address < (uint64_t)text_end;
}

void panic_print_address(uint64_t address, void (*print)(const char *fmt, ...))
{
	uint64_t offset;
	const char *name = in_text(address) ? symbols_lookup(address, &offset) : NULL;

	if (name)
		print("0x%016llx %s+0x%llx\n", (unsigned long long)address, name,
		      (unsigned long long)offset);
	else
		print("0x%016llx\n", (unsigned long long)address);
}

void panic_print_backtrace(uint64_t rip, uint64_t rbp, void (*print)(const char *fmt, ...))
{
	print("Backtrace:\n  ");
	panic_print_address(rip, print);
	for (unsigned int i = 0; i < BACKTRACE_MAX; i++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		/* A damaged stack must not fault here; frames lie one above the other. */
		if (rbp % sizeof(*frame) || !paging_mapped(frame) || !paging_mapped(frame + 1) ||
		    !in_text(frame[1]))
			return;
		print("  ");
		/* The call itself, not what follows it. */
		panic_print_address(frame[1] - 1, print);
		if (frame[0] <= rbp)
			return;
		rbp = frame[0];
	}
}

static void print_registers(const struct trap_frame *f)
{
	out("RIP ");
	panic_print_address(f->rip, out);
	out("CS %04llx SS %04llx RFLAGS %08llx vector %llu error 0x%llx\n",
	    (unsigned long long)f->cs, (unsigned long long)f->ss, (unsigned long long)f->rflags,
	    (unsigned long long)f->vector, (unsigned long long)f->error_code);
	out("RAX %016llx RBX %016llx RCX %016llx\n", (unsigned long long)f->rax,
	    (unsigned long long)f->rbx, (unsigned long long)f->rcx);
	out("RDX %016llx RSI %016llx RDI %016llx\n", (unsigned long long)f->rdx,
	    (unsigned long long)f->rsi, (unsigned long long)f->rdi);
	out("RBP %016llx RSP %016llx R8  %016llx\n", (unsigned long long)f->rbp,
	    (unsigned long long)f->rsp, (unsigned long long)f->r8);
	out("R9  %016llx R10 %016llx R11 %016llx\n", (unsigned long long)f->r9,
	    (unsigned long long)f->r10, (unsigned long long)f->r11);
	out("R12 %016llx R13 %016llx R14 %016llx\n", (unsigned long long)f->r12,
	    (unsigned long long)f->r13, (unsigned long long)f->r14);
	out("R15 %016llx\n", (unsigned long long)f->r15);
}

static void print_control_registers(void)
{
	out("CR0 %08llx CR2 %016llx CR3 %09llx CR4 %08llx\n", (unsigned long long)read_cr0(),
	    (unsigned long long)read_cr2(), (unsigned long long)read_cr3(),
	    (unsigned long long)read_cr4());
}

/* Where a core was and for whom; its stack is as the NMI found it. */
static void print_core(uint32_t id)
{
	const struct pcpu *cpu = pcpus[id];
	const struct trap_frame *f = smp_stopped_at(id);
	const struct vcpu *v = cpu->vcpu;

	out("Core %u (APIC %u): ", id, cpu->apic_id);
	if (id == panicking)
		out("panicked here");
	else if (!smp_stopped(id))
		out("does not answer");
	else
		out("%s", f ? "was in the hypervisor" : "was in a guest");
	if (v)
		out(", runs %s vCPU %u", v->domain->name, v->id);
	out(", section %s, NMIs %llu\n", cpu->shared.acc & 1 ? "open" : "closed",
	    (unsigned long long)cpu->nmi_count);
	if (f && id != panicking)
		panic_print_backtrace(f->rip, f->rbp, out);
	trace_print(id, TRACE_LINES, out);
}

static void finish(void) noreturn_fn;
static void finish(void)
{
	if (panic_noreboot) {
		out("Halted (noreboot).\n");
		halt_forever();
	}
	out("Rebooting.\n");
	machine_reboot();
}

/* The first core to panic goes on; another one stops, and the same one again gives up. */
static void begin(void)
{
	uint32_t nobody = NOBODY;
	uint32_t self = this_cpu()->id;

	irq_disable();
	if (!atomic_cmpxchg(&panicking, &nobody, self)) {
		if (nobody != self)
			halt_forever();
		if (again)
			halt_forever();
		again = true;
		out("\nPanic within the panic.\n");
		return;
	}
	smp_stop_others();
	serial_panic_begin();
	console_flush();
	out("\n*** Xenith panic on core %u: ", self);
}

static void print_rest(uint64_t rip, uint64_t rbp)
{
	uint32_t cores = load_relaxed(&core_count);

	print_control_registers();
	panic_print_backtrace(rip, rbp, out);
	for (uint32_t i = 0; i < cores; i++)
		print_core(i);
	finish();
}

void panic(const char *fmt, ...)
{
	char text[LINE_MAX];
	va_list ap;

	begin();
	va_start(ap, fmt);
	xvsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out("%s\n", text);
	if (again)
		finish();
	print_rest((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0));
	__builtin_unreachable();
}

static const char *const exception_names[] = {
	[EXC_DE] = "divide error",         [EXC_DB] = "debug exception",
	[EXC_BP] = "breakpoint",           [EXC_OF] = "overflow",
	[EXC_BR] = "bound range",          [EXC_UD] = "invalid opcode",
	[EXC_NM] = "device not available", [EXC_DF] = "double fault",
	[EXC_TS] = "invalid TSS",          [EXC_NP] = "segment not present",
	[EXC_SS] = "stack fault",          [EXC_GP] = "general protection",
	[EXC_PF] = "page fault",           [EXC_MF] = "x87 error",
	[EXC_AC] = "alignment check",      [EXC_MC] = "machine check",
	[EXC_XM] = "SIMD error",           [EXC_CP] = "control protection",
};

void panic_trap(const struct trap_frame *frame)
{
	uint64_t vector = frame->vector;
	const char *name = vector < array_size(exception_names) ? exception_names[vector] : NULL;
	uint32_t core;
	const char *place = percpu_describe(read_cr2(), &core);

	begin();
	out("%s\n", name ? name : "unknown exception");
	if (again)
		finish();
	if (place && (vector == EXC_PF || vector == EXC_DF))
		out("CR2 is in the area of core %u: %s\n", core, place);
	print_registers(frame);
	print_rest(frame->rip, frame->rbp);
	__builtin_unreachable();
}

void power_flush(void)
{
	console_flush();
}
