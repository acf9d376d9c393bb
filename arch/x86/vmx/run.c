// SPDX-License-Identifier: MIT
/* The protocol `enter` of docs/gpc.md and the loop around it. */
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "core/hooks.h"
#include "core/sched.h"
#include "xenabi/vcpu.h"

/* entry.asm */
void vmx_guest_loop(struct vcpu *v, bool launched);
struct vcpu *run_exited(struct vcpu *v);
void run_refused(struct vcpu *v);

static_assert(offsetof(struct pcpu, host_stack) == 16, "PCPU_HOST_STACK of entry.asm");
static_assert(offsetof(struct pcpu, shared) + offsetof(struct pcpu_shared, run) == 64,
	      "PCPU_RUN of entry.asm");
static_assert(offsetof(struct pcpu, shared) + offsetof(struct pcpu_shared, current) == 88,
	      "PCPU_CURRENT of entry.asm");
static_assert(offsetof(struct vcpu, regs) == 0 && sizeof(struct vcpu_regs) == 16 * 8 &&
		      offsetof(struct vcpu_regs, rsp) == 4 * 8,
	      "registers of entry.asm");

#define ENTER_TRIES 3 /* before the physmap lock makes the next try the last */

/* Serve requests; each is either done or was put into another form. True when one of them was to
 * return to the scheduler. */
static bool serve(struct vcpu *v, uint64_t attn)
{
	const uint32_t xen = ATTN_SHADOW | ATTN_TIME | ATTN_TIMER | ATTN_RUNSTATE;
	union vcpu_attn a = { .all = attn };

	if (likely(!a.bits))
		return false; /* only `event`: inject_prepare() looks at the upcall itself */
	if (a.bits & ATTN_NMI)
		v->vmx->nmi_pending = true;
	if (a.bits & ATTN_LAPIC)
		vlapic_service(v);
	if (a.bits & ATTN_TIMER)
		vlapic_timer_service(v);
	if (a.bits & xen)
		xen_vcpu_service(v, a.bits & xen);
	return a.bits & ATTN_RESCHED;
}

/* The physmap has changed since this core last flushed its tag. */
static void catch_up(struct vcpu *v, uint64_t *seen)
{
	const struct physmap *pm = &v->domain->physmap;
	uint64_t gen = load_acquire(&pm->map_gen); /* sampled before the flush */

	tags_flush_physmap(pm, gen);
	*seen = gen;
	/* What could not be delivered may be now. */
	if (load_relaxed(&v->xen->shadow_sel))
		(void)atomic_or(&v->attn.bits, ATTN_SHADOW);
}

/* The preemption timer ends the guest's run at the slice's end, or at a timer that was set since.
 * Exits save what is left of it. */
static void arm_slice_timer(struct vcpu *v, uint64_t end)
{
	uint64_t now = clock_ticks();

	v->vmx->timer_end = end;
	if (vmx_controls.pin & PIN_PREEMPTION_TIMER)
		vmwrite32(VMCS32_PREEMPTION_TIMER, vmx_timer_count(end > now ? end - now : 0));
}

/*
 * `enter` up to the VM entry. True: this core's `run` is odd and the caller enters at once; between
 * here and there nothing is locked, printed or waited for. False: back to the scheduler.
 */
static inline bool prepare_entry(struct vcpu *v)
{
	struct pcpu *cpu = this_cpu();
	struct physmap *pm = &v->domain->physmap;
	uint64_t *seen = &cpu->seen_gen[pm->slot], *run = &cpu->shared.run;
	unsigned int tries = 0;
	bool locked, current;
	uint64_t end;

	for (;;) {
		if (unlikely(load_relaxed(&v->state) != VCPU_RUNNING || sched_must_return(v)))
			return false;
		if (unlikely(load_relaxed(&v->attn.all)) &&
		    unlikely(serve(v, atomic_xchg(&v->attn.all, 0))))
			return false;
		end = load_relaxed(&cpu->slice_end);
		if (unlikely(end != v->vmx->timer_end))
			arm_slice_timer(v, end);
		inject_prepare(v);
		locked = ++tries > ENTER_TRIES;
		if (unlikely(locked))
			spin_lock(&pm->lock);
		if (unlikely(load_acquire(&pm->map_gen) != *seen))
			catch_up(v, seen);
		/* shared.physmap was stored when the vCPU was loaded. The exchange is the fence
		 * between "in the guest" and the looks at what a changer or sender writes. */
		(void)atomic_xchg(run, *run + 1);
		if (unlikely(locked))
			spin_unlock(
				&pm->lock); /* no change was possible; a later one sees run odd */
		current = locked || load_acquire(&pm->map_gen) == *seen;
		if (likely(current && !load_relaxed(&v->attn.all)))
			break;
		store_release(run, *run + 1);
	}
	if (XENITH_DEBUG)
		tags_check(v);
	return true;
}

void vcpu_arch_run(struct vcpu *v)
{
	arm_slice_timer(v, load_relaxed(&this_cpu()->slice_end));
	if (prepare_entry(v)) {
		bool launched = v->vmx->launched;

		v->vmx->launched = true;
		vmx_guest_loop(v, launched);
	}
}

/* An exit: the registers are saved, `run` is even. Returns the vCPU to enter again, or NULL: back to
 * the scheduler. */
struct vcpu *run_exited(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;
	uint32_t reason;

	x->have = 0;
	x->entry_info = 0; /* the exit has cleared it in the VMCS */
	v->exits++;
	reason = vmread32(VMCS32_EXIT_REASON);
	if (reason == EXIT_VMCALL) {
		x->exit_count[EXIT_VMCALL]++;
		exits_skip(v, vmread32(VMCS32_EXIT_INSN_LENGTH));
		xen_hypercall(v);
	} else {
		exits_dispatch(v, reason);
	}
	return prepare_entry(v) ? v : NULL;
}

/* VMLAUNCH or VMRESUME failed without an exit: a control or host-state field is wrong. */
void run_refused(struct vcpu *v)
{
	v->vmx->have = 0;
	v->vmx->launched = false;
	domain_crash(v, "VM entry refused, VM-instruction error %u", vmread32(VMCS32_INSN_ERROR));
}
