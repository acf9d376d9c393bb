// SPDX-License-Identifier: MIT
// sources: core/sched.c core/sched_queue.c core/vcpu.c core/timer.c core/work.c core/trace.c
// sources: core/domain.c core/lifecycle.c arch/x86/cpu/tsc_scale.c mm/section_drain.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/layers.c tests/unit/fakes/own_heap.c
// sources: tests/unit/fakes/own_pages.c tests/unit/fakes/threads.c tests/unit/fakes/tsc.c
// sources: tests/unit/fakes/quiet.c
/*
 * Real threads as cores. vCPUs send each other events, sleep when they have none, are paused and
 * unpaused; a core that idles sleeps until it is kicked. A lost wake stops the machine, a vCPU on
 * two cores at once trips an assertion of the fakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/domain.h"
#include "core/sched.h"
#include "core/work.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/layers.h"
#include "tests/unit/fakes/threads.h"

#define CORES 3
#define VCPUS 5
#define SENDS 2000U  /* by each vCPU */
#define STUCK 100000 /* looks of 100 us without progress: 10 s */

static struct domain *dom;
static bool kicked[CORES], stop;
static uint32_t pending[VCPUS], sent[VCPUS], seed[VCPUS];
static uint64_t taken[VCPUS];

static uint32_t dice(uint32_t *s, uint32_t sides)
{
	*s = *s * 1664525 + 1013904223;
	return (*s >> 8) % sides;
}

static void kick(uint32_t core)
{
	if (core < CORES)
		store_release(&kicked[core], true);
}

static void halt(void)
{
	bool *k = &kicked[host_cpu->id];

	/* As HLT: what came before ends it at once. */
	while (!load_acquire(k) && !load_relaxed(&stop) && host_clock < host_cpu->timer_deadline)
		threads_pause();
	store_release(k, false);
}

static void send(struct vcpu *from)
{
	struct vcpu *to = dom->vcpus[dice(&seed[from->id], VCPUS)];

	(void)atomic_add(&pending[to->id], 1);
	store_relaxed(&to->attn.event, 1);
	vcpu_kick_event(to);
	(void)atomic_add(&sent[from->id], 1);
}

/* The entry path in short, and a guest that handles events and sends some. */
static void guest(struct vcpu *v)
{
	struct pcpu_shared *s = &host_cpu->shared;
	uint32_t got;

	for (unsigned int i = 0; i < 200; i++) {
		if (load_relaxed(&v->state) != VCPU_RUNNING || sched_must_return(v))
			return;
		if (load_relaxed(&v->attn.all) &&
		    ((uint32_t)atomic_xchg(&v->attn.all, 0) & ATTN_RESCHED))
			return;
		(void)atomic_xchg(&s->run, s->run + RUN_ODD);
		if (!load_relaxed(&v->attn.all))
			store_release(&kicked[host_cpu->id], false);
		store_release(&s->run, s->run + RUN_ODD);
		got = atomic_xchg(&pending[v->id], 0);
		taken[v->id] += got;
		if (sent[v->id] < SENDS) {
			send(v);
			if (dice(&seed[v->id], 4) == 0)
				sched_yield(v);
		}
		if (!got && (sent[v->id] == SENDS || dice(&seed[v->id], 3) == 0)) {
			/* Its own next send will be somebody else's wake, or the timer's. */
			sched_block(v);
		}
	}
}

static void core_life(void)
{
	while (!load_relaxed(&stop)) {
		host_clock += 1000;
		sched_turn();
	}
	/* Leave nothing loaded: the domain is dying now. */
	for (unsigned int i = 0; i < 50; i++)
		sched_turn();
}

static bool piece(struct work *w)
{
	return false;
}

static uint64_t sum32(const uint32_t *v)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < VCPUS; i++)
		n += load_relaxed(&v[i]);
	return n;
}

static uint64_t all_taken(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < VCPUS; i++)
		n += load_relaxed(&taken[i]);
	return n;
}

static void no_wake_is_lost_and_no_vcpu_runs_twice(void **state)
{
	uint32_t luck = 1, quiet = 0;
	uint64_t last = 0, now;
	struct work w;

	host_cores(CORES + 1);
	core_count = CORES;
	host_cpu = pcpus[CORES];
	layers_reset();
	layers_run = guest;
	layers_kick = kick;
	layers_halt = halt;
	/* More threads than the host has processors wait for each other's locks. */
	host_relax_hook = threads_yield;
	host_clock = 1;
	work_init(&w, piece);
	assert_int_equal(domain_create("race", VCPUS, 256, false, &dom), OK);
	domain_start(dom);
	for (uint32_t i = 0; i < VCPUS; i++) {
		seed[i] = i + 1;
		sched_online(dom->vcpus[i]);
	}
	for (uint32_t c = 0; c < CORES; c++)
		threads_start(c, core_life);
	while ((now = all_taken()) != (uint64_t)SENDS * VCPUS) {
		struct vcpu *v = dom->vcpus[dice(&luck, VCPUS)];

		/* Whoever sleeps without having sent all is woken by "its timer". */
		if (sent[v->id] < SENDS)
			vcpu_request(v, ATTN_TIMER);
		if (dice(&luck, 5) == 0) {
			sched_pause(v);
			threads_pause();
			sched_unpause(v);
		}
		if (dice(&luck, 5) == 0)
			work_queue(&w);
		threads_pause();
		quiet = now == last ? quiet + 1 : 0;
		last = now;
		assert_true(quiet < STUCK);
	}
	assert_int_equal(sum32(sent), (uint64_t)SENDS * VCPUS);
	domain_shutdown(dom, END_DESTROYED);
	for (unsigned int i = 0; i < 100; i++)
		threads_pause();
	store_relaxed(&stop, true);
	for (uint32_t c = 0; c < CORES; c++)
		threads_join(c);
	assert_int_equal(layers.domains, 0);
	assert_int_equal(layers.vcpus, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wake_is_lost_and_no_vcpu_runs_twice),
	};

	return cmocka_run_group_tests_name("sched_race", tests, NULL, NULL);
}
