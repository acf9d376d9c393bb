// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/layers.h"

#include <stdlib.h>
#include <string.h>

#include "arch/x86/cpu/apic.h"
#include "arch/x86/cpu/idle.h"
#include "core/hooks.h"
#include "core/lib/assert.h"
#include "drivers/power.h"
#include "mm/frame.h"

struct layers layers;
int layers_fail_after = -1;
void (*layers_run)(struct vcpu *v);
void (*layers_kick)(uint32_t core);
void (*layers_halt)(void);

/* By core: whose state is in its registers. */
static const struct vcpu *loaded[MAX_CORES];

void layers_reset(void)
{
	memset(&layers, 0, sizeof(layers));
	memset(loaded, 0, sizeof(loaded));
	layers.teardown_pieces = 3;
	layers_fail_after = -1;
	layers_run = NULL;
	layers_kick = NULL;
	layers_halt = NULL;
}

uint32_t layers_loaded_on(const struct vcpu *v)
{
	for (uint32_t c = 0; c < MAX_CORES; c++)
		if (loaded[c] == v)
			return c;
	return ~0U;
}

static bool refuse(void)
{
	return layers_fail_after >= 0 && layers_fail_after-- == 0;
}

static enum status create(unsigned int *count)
{
	if (refuse())
		return ERR_NOMEM;
	++*count;
	return OK;
}

enum status xen_domain_create(struct domain *d)
{
	(void)d;
	return create(&layers.domains);
}

void xen_domain_destroy(struct domain *d)
{
	for (uint32_t i = 0; i < d->vcpu_count; i++)
		ASSERT(!d->vcpus[i]);
	layers.domains--;
}

enum status xen_vcpu_create(struct vcpu *v)
{
	(void)v;
	return create(&layers.vcpus);
}

void xen_vcpu_destroy(struct vcpu *v)
{
	(void)v;
	layers.vcpus--;
}

enum status vmx_domain_create(struct domain *d)
{
	(void)d;
	return create(&layers.vmx_domains);
}

void vmx_domain_destroy(struct domain *d)
{
	(void)d;
	layers.vmx_domains--;
}

enum status vmx_vcpu_create(struct vcpu *v)
{
	(void)v;
	return create(&layers.vmx_vcpus);
}

void vmx_vcpu_destroy(struct vcpu *v)
{
	ASSERT(layers_loaded_on(v) == ~0U);
	layers.vmx_vcpus--;
}

enum status physmap_init(struct physmap *pm, uint16_t slot)
{
	pm->slot = slot;
	return create(&layers.physmaps);
}

bool physmap_teardown(struct physmap *pm)
{
	return pm->teardown_done++ < layers.teardown_pieces;
}

void physmap_retire(struct physmap *pm)
{
	(void)pm;
	layers.physmaps--;
}

void xen_vcpu_sched_in(struct vcpu *v)
{
	ASSERT(loaded[this_cpu()->id] == v && v->state == VCPU_RUNNING);
	layers.sched_ins++;
}

void xen_vcpu_sched_out(struct vcpu *v)
{
	ASSERT(loaded[this_cpu()->id] == v);
	layers.sched_outs++;
}

void vcpu_arch_load(struct vcpu *v)
{
	/* Nowhere else, and nothing else here: a VMCS is active on one core. */
	ASSERT(layers_loaded_on(v) == ~0U && !loaded[this_cpu()->id]);
	loaded[this_cpu()->id] = v;
	layers.loads++;
}

void vcpu_arch_save(struct vcpu *v)
{
	ASSERT(loaded[this_cpu()->id] == v);
	loaded[this_cpu()->id] = NULL;
	layers.saves++;
}

void vcpu_arch_run(struct vcpu *v)
{
	ASSERT(loaded[this_cpu()->id] == v && v->state == VCPU_RUNNING);
	if (layers_run)
		layers_run(v);
}

void vcpu_arch_dump(struct vcpu *v, void (*print)(const char *fmt, ...))
{
	ASSERT(loaded[this_cpu()->id] == v);
	print("registers of vCPU %u", v->id);
	layers.dumps++;
}

void xen_console_input_ready(struct domain *d)
{
	(void)d;
	layers.input_ready++;
}

void xen_console_output_ready(struct domain *d)
{
	(void)d;
	layers.output_ready++;
}

void build_restart(const struct guest_config *config)
{
	(void)config;
	layers.restarts++;
}

void build_all_gone(uint32_t crashed)
{
	layers.all_gone++;
	layers.crashed = crashed;
}

void apic_send_kick(uint32_t core)
{
	layers.kicks[core]++;
	if (layers_kick)
		layers_kick(core);
}

void apic_timer_arm(uint64_t tsc_deadline)
{
	this_cpu()->timer_deadline = tsc_deadline;
}

void idle_halt(void)
{
	if (layers_halt)
		layers_halt();
}

bool frame_scrub_some(void)
{
	return false;
}

void frame_stats(struct frame_stats *out)
{
	*out = (struct frame_stats){ .total = 1000, .free = 400, .own = 100, .guests = 500 };
}

uint64_t frame_owned(uint16_t owner)
{
	(void)owner;
	return 500;
}

void machine_reboot(void)
{
	abort();
}

void machine_poweroff(void)
{
	abort();
}
