// SPDX-License-Identifier: MIT
// variants: 64
// nested: yes
// vcpus: 3
// cores: 2
// timeout: 60
//
// A guest that is Xen's and a hypervisor at the same time: upcalls that come while its L2 runs are
// external interrupts, so its controls decide who gets them; and its runstates count L2's time.
#include "tests/guest/lib/vmx.h"

#define APIC_MMIO   0xfee00000UL
#define APIC_VECTOR 0xa3
#define RFLAGS_IF   0x200
#define SPIN_NS     (2 * NS_PER_MS)
#define STOLEN_NS   (60 * NS_PER_MS)

/* RBX: a word that says go on; RDI: a counter. */
L2_CODE(spins, "1: incq (%rdi)\n"
	       "pause\n"
	       "cmpq $0, (%rbx)\n"
	       "je 1b");
/* The same with interrupts off for 10000 turns. */
L2_CODE(holds, "mov $10000, %ecx\n"
	       "1: dec %ecx\n"
	       "jnz 1b\n"
	       "mov (%rbx), %r8\n"
	       "sti\n"
	       "nop\n"
	       "cli\n"
	       "mov (%rbx), %r9");
L2_CODE(halts, "hlt");

static volatile uint64_t taken, turns;
static volatile unsigned int calls;
static volatile uint64_t taken_at;
static volatile unsigned int wanted, sent; /* events of the second vCPU */
static volatile bool quiet;
static evtchn_port_t timer_port, far_port;
static volatile struct vcpu_runstate_info runstate;
static bool by_apic;

static void clear_events(void)
{
	struct vcpu_info *v = vcpu_info(0);

	WRITE_ONCE(v->evtchn_upcall_pending, 0);
	WRITE_ONCE(v->evtchn_pending_sel, 0);
	clear_pending(timer_port);
	clear_pending(far_port);
}

/* In L1 and in L2, which must not use CPUID to find its vcpu_info or its APIC. */
static void take(struct trap_frame *f)
{
	calls++;
	taken_at = f->ip;
	clear_events();
	taken = 1;
	if (by_apic)
		*(volatile uint32_t *)(APIC_MMIO + APIC_EOI) = 0;
}

static void timer_in(uint64_t ns)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = system_time() + ns };

	(void)vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
}

static void prepare(const char *code)
{
	l2_init(code);
	l2_regs.bx = (uintptr_t)&taken;
	l2_regs.di = (uintptr_t)&turns;
	taken = 0;
	turns = 0;
	calls = 0;
}

/* An event of the timer, or of the other vCPU, for an L2 that runs already. */
static void event_soon(bool far)
{
	if (far)
		wanted++;
	else
		timer_in(NS_PER_MS / 2);
}

static void is_text(const char *how, const char *got, const char *should)
{
	ok(strcmp(got, should) == 0, "%s: %s", how, got);
}

/* L1 wants external interrupts: L2 is left, and L1 takes the upcall when it lets it in. */
static void exits(const char *how, bool far)
{
	prepare(spins);
	l2_set(PIN, PIN_EXTERNAL, 0);
	event_soon(far);
	is_text(how, l2_text(l2_run()), "exit 1 qual 0 intr 0");
	ok(turns > 0, "%s: L2 was running", how);
	ok_eq(calls, 0, "%s: nobody has taken it", how);
	irq_window();
	ok_eq(calls, 1, "%s: L1 takes it", how);
	irq_window();
	ok_eq(calls, 1, "%s: once", how);
}

/* With an acknowledgement at the exit the vector is in its information. What is a level stays until
 * it is taken; the local APIC's interrupt is in service and over with its EOI. */
static void acknowledged(const char *how, bool far, const char *should)
{
	prepare(spins);
	l2_set(PIN, PIN_EXTERNAL, 0);
	l2_set(EXIT, EXIT_ACK, 0);
	event_soon(far);
	is_text(how, l2_text(l2_run()), should);
	ok_eq(calls, 0, "%s: nobody has taken it", how);
	ok(vcpu_info(0)->evtchn_upcall_pending, "%s: the event is pending", how);
	if (by_apic)
		apic_eoi();
	irq_window();
	ok_eq(calls, by_apic ? 0 : 1, "%s: as upcalls of its kind do", how);
	clear_events();
}

/* L1 does not want them: L2's IDT, which is L1's. */
static void straight(const char *how, bool far)
{
	prepare(spins);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	event_soon(far);
	ok_eq(l2_go(), R_VMCALL, "%s: L2 goes on until it has taken it", how);
	ok_eq(calls, 1, "%s: once", how);
	ok(taken_at >= (uintptr_t)spins && taken_at < (uintptr_t)spins + 32, "%s: in L2 (%llx)",
	   how, (unsigned long long)taken_at);
}

/* It waits until L2 takes interrupts. */
static void held(const char *how)
{
	prepare(holds);
	(void)send_port(far_port);
	ok_eq(l2_go(), R_VMCALL, "%s: L2 runs to its end", how);
	ok_eq(l2_regs.r8, 0, "%s: not while it has interrupts off", how);
	ok_eq(l2_regs.r9, 1, "%s: but then", how);
	ok_eq(calls, 1, "%s: once", how);
}

/* L2's HLT blocks the vCPU, and the event ends it. */
static void halted(const char *how, bool wish)
{
	uint64_t blocked, ran;

	prepare(halts);
	if (wish)
		l2_set(PIN, PIN_EXTERNAL, 0);
	else
		vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	blocked = runstate.time[RUNSTATE_blocked];
	ran = system_time();
	timer_in(SPIN_NS);
	is_text(how, l2_text(l2_run()), wish ? "exit 1 qual 0 intr 0" : "exit 18 qual 0 len 3");
	ran = system_time() - ran;
	blocked = runstate.time[RUNSTATE_blocked] - blocked;
	ok_eq(calls, wish ? 0 : 1, "%s: taken in L2 or not", how);
	ok(blocked > SPIN_NS / 2 && blocked <= ran, "%s: blocked for %llu ns of %llu", how,
	   (unsigned long long)blocked, (unsigned long long)ran);
	irq_window();
	ok_eq(calls, 1, "%s: and once", how);
}

static void each_kind(const char *kind, const char *information)
{
	char name[64];

	for (unsigned int far = 0; far < 2; far++) {
		const char *who = far ? "another vCPU's event" : "a timer's event";

		format_to(name, sizeof(name), "%s, %s, exiting", kind, who);
		exits(name, far);
		format_to(name, sizeof(name), "%s, %s, acknowledged", kind, who);
		acknowledged(name, far, information);
		format_to(name, sizeof(name), "%s, %s, not exiting", kind, who);
		straight(name, far);
	}
	format_to(name, sizeof(name), "%s, held", kind);
	held(name);
	format_to(name, sizeof(name), "%s, HLT, exiting", kind);
	halted(name, true);
	format_to(name, sizeof(name), "%s, HLT, not exiting", kind);
	halted(name, false);
}

static struct vcpu_runstate_info now(void)
{
	struct vcpu_runstate_info r;

	if (vcpu_op(VCPUOP_get_runstate_info, 0, &r)) {
		ok(false, "get_runstate_info");
		finish(SHUTDOWN_poweroff);
	}
	return r;
}

/* All of the time is accounted for, whoever runs. */
static void accounted(const char *how, uint64_t ns)
{
	struct vcpu_runstate_info first, last;
	uint64_t began, ended, ran, waited;

	prepare(spins);
	l2_set(PIN, PIN_EXTERNAL, 0);
	timer_in(ns);
	began = system_time();
	first = now();
	ok_eq(l2_go(), R_EXTERNAL, "%s: L2 runs until the timer", how);
	last = now();
	ended = system_time();
	irq_window();
	ran = last.time[RUNSTATE_running] - first.time[RUNSTATE_running];
	waited = last.time[RUNSTATE_runnable] - first.time[RUNSTATE_runnable];
	note("%s: %llu ns, running %llu, waiting %llu", how, (unsigned long long)(ended - began),
	     (unsigned long long)ran, (unsigned long long)waited);
	ok_eq(last.time[RUNSTATE_blocked], first.time[RUNSTATE_blocked], "%s: not blocked", how);
	if (quiet)
		ok_eq(waited, 0, "%s: nor waiting", how);
	else
		ok(waited > ns / 10, "%s: what others had is waiting", how);
	/* The ticks of the four calls around it are not in both. */
	ok(ran + waited <= ended - began && ran + waited + NS_PER_MS / 10 > ended - began,
	   "%s: and there is no other time", how);
}

static void spinner(void)
{
	for (;;)
		cpu_pause();
}

/* Sends when it is asked to, once L2 is seen to run. */
static void sender(void)
{
	while (quiet) {
		if (sent != wanted && READ_ONCE(turns) > 50) {
			sent = wanted;
			(void)send_port(far_port);
		}
		if (READ_ONCE(sent) == READ_ONCE(wanted))
			(void)sched_op(SCHEDOP_yield, 0);
	}
	spinner();
}

static void register_area(void)
{
	struct vcpu_register_runstate_memory_area a;

	a.addr.v = (void *)(uintptr_t)&runstate;
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a), 0, "a runstate area");
}

static void begin(void)
{
	events_init();
	apic_enable();
	set_handler(UPCALL_VECTOR, take);
	set_handler(APIC_VECTOR, take);
	timer_port = (evtchn_port_t)bind_virq(VIRQ_TIMER, 0);
	far_port = (evtchn_port_t)bind_ipi(0);
	ok((int)timer_port > 0 && (int)far_port > 0, "two event channels");
	(void)vcpu_op(VCPUOP_stop_periodic_timer, 0, 0);
	clear_mask(timer_port);
	clear_mask(far_port);
	register_area();
	vmx_on();
	quiet = true;
	ok(start_cpu(1, sender), "the second vCPU starts");
}

void test_main(void)
{
	struct xen_hvm_evtchn_upcall_vector u = { .vcpu = 0, .vector = APIC_VECTOR };

	begin();
	each_kind("callback type 2", "exit 1 qual 0 intr 800000f3");
	ok_eq((uint64_t)hvm_op(HVMOP_set_evtchn_upcall_vector, &u), 0, "an upcall vector");
	ok_eq((uint64_t)set_param(HVM_PARAM_CALLBACK_IRQ, 1), 0, "callback by GSI 1");
	by_apic = true;
	irq_window();
	each_kind("the local APIC's vector", "exit 1 qual 0 intr 800000a3");
	accounted("alone", SPIN_NS);
	quiet = false;
	ok(start_cpu(2, spinner), "a third vCPU for two cores");
	accounted("beside others", STOLEN_NS);
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
