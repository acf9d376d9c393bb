// SPDX-License-Identifier: MIT
/* The protocol `enter` of docs/gpc.md and the loop around it. */
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/hw_pages.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "core/hooks.h"
#include "core/sched.h"
#include "mm/step.h"
#include "xenabi/vcpu.h"

/* entry.asm */
bool vmx_guest_loop(struct vcpu *v, bool launched);
struct vcpu *run_exited(struct vcpu *v);
bool run_refused(struct vcpu *v);

static_assert(offsetof(struct pcpu, host_stack) == 16, "PCPU_HOST_STACK of entry.asm");
static_assert(offsetof(struct pcpu, shared) + offsetof(struct pcpu_shared, run) == 64,
	      "PCPU_RUN of entry.asm");
static_assert(RUN_ODD == 0x80, "RUN_ODD of entry.asm");
static_assert(offsetof(struct pcpu, shared) + offsetof(struct pcpu_shared, current) == 80,
	      "PCPU_CURRENT of entry.asm");
static_assert(offsetof(struct vcpu, regs) == 0 && sizeof(struct vcpu_regs) == 16 * 8 &&
		      offsetof(struct vcpu_regs, rsp) == 4 * 8,
	      "registers of entry.asm");

#define INSN_ERROR_NOT_LAUNCHED 5 /* SDM vol. 3, 30.4 */
#define ENTER_TRIES             3 /* before the physmap lock makes the next try the last */

/* Serve requests; each is either done or was put into another form. True when one of them was to
 * return to the scheduler. */
static noinline_fn bool serve_bits(struct vcpu *v, uint32_t bits)
{
	const uint32_t xen = ATTN_SHADOW | ATTN_TIME | ATTN_TIMER | ATTN_RUNSTATE;

	if (bits & ATTN_NMI)
		inject_nmi(v);
	if (bits & ATTN_LAPIC)
		vlapic_service(v);
	if (bits & ATTN_TIMER)
		vlapic_timer_service(v);
	if (bits & xen)
		xen_vcpu_service(v, bits & xen);
	return bits & ATTN_RESCHED;
}

static inline bool serve(struct vcpu *v)
{
	union vcpu_attn attn = { .all = atomic_xchg(&v->attn.all, 0) };

	/* Of `event` nothing is left to do: inject_prepare() looks at the upcall itself. */
	return attn.bits && serve_bits(v, attn.bits);
}

/* The physmap has changed since this core last flushed its tag, or since the frames in the VMCS were
 * looked up. */
static noinline_fn void catch_up(struct vcpu *v, bool locked)
{
	const struct physmap *pm = &v->domain->physmap;
	uint64_t *core_gen = &this_cpu()->seen_gen[pm->slot];
	uint64_t gen = load_acquire(&pm->map_gen); /* sampled before the flush */

	protocol_step(STEP_GENERATION_READ);
	if (*core_gen != gen) {
		tags_flush_physmap(pm, gen);
		protocol_step(STEP_FLUSHED);
		*core_gen = gen;
		/* What could not be delivered may be now. */
		if (load_relaxed(&v->xen->shadow_sel))
			(void)atomic_or(&v->attn.bits, ATTN_SHADOW);
	}
	if (v->vmx->in_l2)
		nested_catch_up(v, gen, locked);
	else if (XENITH_DEBUG && v->vmx->seen_gen != core_gen)
		hw_pages_resolve(v, gen, locked);
}

/* The preemption timer ends the guest's run at the slice's end, or at a timer that was set since.
 * Exits save what is left of it. */
static noinline_fn void arm_slice_timer(struct vcpu *v, uint64_t end)
{
	uint64_t now = clock_ticks();

	v->vmx->timer_end = end;
	if (!(vmx_controls.pin & PIN_PREEMPTION_TIMER))
		return;
	if (v->vmx->in_l2)
		end = nested_timer_end(v, end);
	vmwrite32(VMCS32_PREEMPTION_TIMER, end > now ? vmx_timer_count(end - now) : 0);
}

enum turn { TURN_ENTER, TURN_AGAIN, TURN_LEAVE };

/*
 * One turn of `enter`. TURN_ENTER: this core's `run` is odd and the caller enters at once; between
 * here and there nothing is locked, printed or waited for. TURN_LEAVE: back to the scheduler.
 */
static always_inline enum turn take_turn(struct vcpu *v, bool locked)
{
	struct vmx_vcpu *x;
	struct physmap *pm;
	struct pcpu *cpu;
	uint64_t end;

	if (unlikely(load_relaxed(&v->attn.all)) && unlikely(serve(v)))
		return TURN_LEAVE;
	inject_prepare(v);
	fence_compiler(); /* loading anew is cheaper than to keep values over the calls above */
	x = v->vmx;
	pm = &v->domain->physmap;
	cpu = this_cpu();
	end = load_relaxed(&cpu->slice_end);
	/* sched_must_return() in parts: serve() says whether ATTN_RESCHED was among the requests. */
	if (unlikely(load_relaxed(&v->state) != VCPU_RUNNING || clock_ticks() >= end))
		return TURN_LEAVE;
	if (unlikely(end != x->timer_end))
		arm_slice_timer(v, end);
	protocol_step(STEP_ENTER);
	if (locked)
		spin_lock(&pm->lock);
	if (unlikely(load_acquire(&pm->map_gen) != load_relaxed(x->seen_gen)))
		catch_up(v, locked);
	/* The slot beside the epoch was stored when the vCPU was loaded. The exchange is the fence
	 * between "in the guest" and the looks at what a changer or sender writes. */
	(void)atomic_xchg(&cpu->shared.run, cpu->shared.run + RUN_ODD);
	protocol_step(STEP_RUN_ODD);
	if (locked)
		spin_unlock(&pm->lock); /* no change was possible; a later one sees run odd */
	if (likely((locked || load_acquire(&pm->map_gen) == load_relaxed(x->seen_gen)) &&
		   !load_relaxed(&v->attn.all)))
		return TURN_ENTER;
	store_release(&cpu->shared.run, cpu->shared.run + RUN_ODD);
	protocol_step(STEP_RUN_EVEN);
	return TURN_AGAIN;
}

/* A change or a request came in between. Bounded: the lock is FIFO and holds off changers, and each
 * turn looks whether the slice is over. */
static noinline_fn bool enter_again(struct vcpu *v)
{
	enum turn turn = TURN_AGAIN;

	for (unsigned int tries = 2; turn == TURN_AGAIN; tries++)
		turn = tries > ENTER_TRIES ? take_turn(v, true) : take_turn(v, false);
	return turn == TURN_ENTER;
}

static always_inline bool enter(struct vcpu *v)
{
	enum turn turn = take_turn(v, false);

	if (unlikely(turn == TURN_AGAIN) && enter_again(v))
		turn = TURN_ENTER;
	if (XENITH_DEBUG && turn == TURN_ENTER) {
		tags_check(v);
		if (!v->vmx->in_l2)
			hw_pages_check(v);
	}
	return turn == TURN_ENTER;
}

void vcpu_arch_run(struct vcpu *v)
{
	bool launched;

	arm_slice_timer(v, load_relaxed(&this_cpu()->slice_end));
	do {
		if (!enter(v))
			return;
		launched = v->vmx->launched;
		v->vmx->launched = true;
	} while (vmx_guest_loop(v, launched));
}

/* An exit: the registers are saved, `run` is even. Returns the vCPU to enter again, or NULL: back to
 * the scheduler. */
struct vcpu *run_exited(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;
	uint32_t reason;

	x->exit_start = 0; /* nothing read yet; the exit has cleared the event in the VMCS */
	v->exits++;
	reason = vmread32(VMCS32_EXIT_REASON);
	if (unlikely(x->in_l2)) {
		nested_exit(v, reason);
	} else if (reason == EXIT_VMCALL) {
		x->exit_count[EXIT_VMCALL]++;
		exits_skip(v, vmread32(VMCS32_EXIT_INSN_LENGTH));
		xen_hypercall(v);
	} else if (reason == EXIT_CPUID) {
		x->exit_count[EXIT_CPUID]++;
		exit_cpuid(v);
	} else {
		exits_dispatch(v, reason);
	}
	return enter(v) ? v : NULL;
}

/*
 * VMLAUNCH or VMRESUME failed without an exit. True: it was VMRESUME of a VMCS that the vCPU got
 * while it was in the loop, and that wants VMLAUNCH. Else a control or host-state field is wrong.
 */
bool run_refused(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;
	uint32_t error = vmread32(VMCS32_INSN_ERROR);

	if (error == INSN_ERROR_NOT_LAUNCHED && !x->launched)
		return true;
	x->have = 0;
	x->launched = false;
	if (!x->in_l2) {
		domain_crash(v, "VM entry refused, VM-instruction error %u", error);
		return false;
	}
	nested_refused(v, error);
	return true;
}
