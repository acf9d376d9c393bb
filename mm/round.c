// SPDX-License-Identifier: MIT
#include "mm/round.h"

#include "arch/x86/cpu/apic.h"
#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/relax.h"
#include "arch/x86/cpu/trace.h"
#include "core/lib/bits.h"
#include "mm/gpc.h"
#include "mm/section.h"
#include "mm/section_drain.h"
#include "mm/step.h"

uint64_t round_nmi_after = 5000000;

/*
 * Kick the cores whose `run` has `ours` as its low byte: odd, in this guest. Fills snap[] and returns
 * their set. Our own is in root, so there is at least one that is not kicked.
 */
static uint64_t kick_cores(struct physmap *pm, uint8_t ours, const struct vcpu *only,
			   uint64_t snap[MAX_CORES])
{
	uint32_t count = load_acquire(&core_count);
	uint64_t kicked = 0;
	uint32_t c = 0;

	do {
		const struct pcpu_shared *s = &pcpus[c]->shared;
		/* Read once: a second read may be even, or a later odd one, and never change. */
		uint64_t run = load_acquire(&s->run);

		/* A core that has loaded another vCPU since we read its epoch has left the guest. */
		if (likely((uint8_t)run != ours) || (only && load_acquire(&s->current) != only))
			continue;
		snap[c] = run;
		kicked |= BIT(c);
		pm->stats.kicks++;
		count_insn(COUNT_KICK);
		pm->stats.kicks_saved--;
		apic_send_kick(c);
	} while (++c < count);
	pm->stats.kicks_saved += count - 1;
	return kicked;
}

/* Wait for one kicked core's exit. Any exit is the acknowledgement. */
static void wait_exit(struct physmap *pm, uint32_t core, uint64_t snap)
{
	const struct pcpu_shared *s = &pcpus[core]->shared;
	uint64_t start = clock_ticks();
	uint64_t last = start;

	while (load_acquire(&s->run) == snap) {
		if (clock_ticks() - last > round_nmi_after) {
			pm->stats.nmis++;
			trace(TRACE_NMI_KICK, 0, core);
			apic_send_nmi(core);
			last = clock_ticks();
		}
		spin_relax();
	}
	pm->stats.longest_wait = max_u64(pm->stats.longest_wait, clock_ticks() - start);
}

void round_run(struct physmap *pm, const struct vcpu *only)
{
	uint8_t ours = RUN_ODD | (uint8_t)pm->slot;
	uint64_t snap[MAX_CORES];
	uint64_t kicked;

	pm->stats.rounds++;
	count_insn(COUNT_ROUND);
	trace(TRACE_ROUND, (uint32_t)pm->slot << 16, pm->map_gen);
	/* Pairs with the exchanges that make run and acc odd: each core sees our changes after its
	 * own, or we see its epoch odd (docs/gpc.md). */
	fence_full();
	protocol_step(STEP_FENCED);
	kicked = kick_cores(pm, ours, only, snap);
	protocol_step(STEP_KICKED);
	sections_wait();
	protocol_step(STEP_DRAINED);
	for (; kicked; kicked &= kicked - 1) {
		uint32_t core = bit_lowest(kicked);

		wait_exit(pm, core, snap[core]);
		protocol_step(STEP_LEFT);
	}
}
