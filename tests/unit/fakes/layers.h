// SPDX-License-Identifier: MIT
/*
 * The layers above core/, as core/hooks.h asks for them, and the machine's local APICs: they count
 * what is asked of them, and check that it is asked in a right order.
 */
#ifndef TESTS_UNIT_FAKES_LAYERS_H
#define TESTS_UNIT_FAKES_LAYERS_H

#include "core/domain.h"

struct layers {
	unsigned int vcpus, vmx_vcpus, domains, vmx_domains, physmaps; /* alive */
	unsigned int loads, saves, sched_ins, sched_outs, dumps;
	unsigned int input_ready, output_ready;
	unsigned int restarts, all_gone, crashed; /* crashed: as all_gone was told */
	unsigned int teardown_pieces;             /* that each physmap takes */
	unsigned int kicks[MAX_CORES];
};

extern struct layers layers;
/* 0: the nth creating hook from now fails, once; -1: none. */
extern int layers_fail_after;

/* What guest code does; the default returns at once. */
extern void (*layers_run)(struct vcpu *v);
/* A kick was sent; the default only counts. */
extern void (*layers_kick)(uint32_t core);
/* An idle core halts; the default returns at once. */
extern void (*layers_halt)(void);

void layers_reset(void);
/* Which core has the vCPU loaded; ~0 for none. */
uint32_t layers_loaded_on(const struct vcpu *v);

#endif
