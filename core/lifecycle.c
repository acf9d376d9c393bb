// SPDX-License-Identifier: MIT
/* How domains end: shutdown, crash, teardown in pieces, restart, and what follows the last one. */
#include "arch/x86/cpu/this_cpu.h"
#include "core/domain.h"
#include "core/domain_internal.h"
#include "core/hooks.h"
#include "core/lib/log.h"
#include "core/lib/printf.h"
#include "core/sched.h"
#include "core/trace.h"
#include "mm/own.h"
#include "mm/section_drain.h"

static uint32_t crashed; /* domains that ended by their own fault, ever */

const char *domain_end_name(enum domain_end end)
{
	switch (end) {
	case END_POWEROFF: return "poweroff";
	case END_REBOOT: return "reboot";
	case END_SUSPEND: return "suspend";
	case END_CRASH: return "crash";
	case END_WATCHDOG: return "watchdog";
	case END_SOFT_RESET: return "soft reset";
	case END_DESTROYED: return "destroyed";
	case END_RESTARTED: return "restarted";
	case END_BUILD_FAILED: return "not built";
	case END_NONE: break;
	}
	return "none";
}

static bool is_failure(enum domain_end why)
{
	return why == END_CRASH || why == END_WATCHDOG || why == END_BUILD_FAILED;
}

/*
 * What the configuration wants for this end. There is no toolstack that could resume a suspended
 * guest, so that is an end like power-off; a soft reset, which would keep the memory, is a reboot.
 */
static enum domain_action action_for(const struct domain *d, enum domain_end why)
{
	switch (why) {
	case END_POWEROFF:
	case END_SUSPEND: return d->on_poweroff;
	case END_REBOOT:
	case END_SOFT_RESET: return d->on_reboot;
	case END_CRASH:
	case END_WATCHDOG: return d->on_crash;
	case END_RESTARTED: return ACTION_RESTART;
	default: return ACTION_DESTROY;
	}
}

/*
 * May the domain end for this reason now? One being built ends only by its builder, which works on
 * it; of the others the first reason wins, but the operator may end a preserved one. Lock held.
 */
static bool may_end(const struct domain *d, enum domain_end why)
{
	switch (d->state) {
	case DOMAIN_BUILDING: return why == END_BUILD_FAILED;
	case DOMAIN_ALIVE:
		return d->end == END_NONE || why == END_DESTROYED || why == END_RESTARTED;
	case DOMAIN_DYING: break;
	}
	return false;
}

void domain_shutdown(struct domain *d, enum domain_end why)
{
	enum domain_action action = action_for(d, why);
	bool ended;

	spin_lock(&domain_lock);
	ended = may_end(d, why);
	if (ended) {
		d->end = why;
		d->preserved = action == ACTION_PRESERVE;
		d->restart = action == ACTION_RESTART && d->config;
		crashed += is_failure(why);
		if (!d->preserved)
			store_release(&d->state, DOMAIN_DYING);
	}
	spin_unlock(&domain_lock);
	if (!ended)
		return;
	log_info("%s: domain %u ended: %s%s", d->name, d->id, domain_end_name(why),
		 d->preserved ? " (preserved)"
		 : d->restart ? " (restarts)"
			      : "");
	trace(TRACE_DOMAIN, (uint32_t)d->id << 16, why);
	if (d->preserved) {
		domain_pause(d);
		return;
	}
	/* Each core drops its vCPU at its next pass; nobody waits. After this loop no core takes a
	 * new reference: choosing a vCPU looks at the state under the scheduler's lock. */
	for (uint32_t i = 0; i < d->vcpu_count; i++)
		sched_evict(d->vcpus[i]);
	domain_put(d);
}

static void print_line(const char *fmt, ...) printf_like(1, 2);
static void print_line(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	xvsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_error("%s", line);
}

void domain_crash(struct vcpu *v, const char *fmt, ...)
{
	char reason[160];
	va_list ap;

	if (!v->crashed) {
		v->crashed = true;
		va_start(ap, fmt);
		xvsnprintf(reason, sizeof(reason), fmt, ap);
		va_end(ap);
		log_error("%s: vCPU %u: %s", v->domain->name, v->id, reason);
		/* Its registers can be read only where they are. */
		if (this_cpu()->vcpu == v)
			vcpu_arch_dump(v, print_line);
	}
	domain_shutdown(v->domain, END_CRASH);
}

static void all_gone_if_last(void)
{
	if (!domain_count())
		build_all_gone(crashed);
}

uint32_t domain_count(void)
{
	uint32_t n;

	spin_lock(&domain_lock);
	n = domains_expected;
	for (unsigned int i = 0; i < MAX_PHYSMAPS; i++)
		if (domains[i] && (domains[i]->state != DOMAIN_DYING || domains[i]->restart))
			n++;
	spin_unlock(&domain_lock);
	return n;
}

void domain_expected(void)
{
	spin_lock(&domain_lock);
	domains_expected++;
	spin_unlock(&domain_lock);
}

void domain_not_created(void)
{
	spin_lock(&domain_lock);
	domains_expected -= domains_expected > 0;
	crashed++;
	spin_unlock(&domain_lock);
	all_gone_if_last();
}

/* The last piece: nothing of it remains, its successor may be built. */
static void bury(struct domain *d)
{
	const struct guest_config *config = d->restart ? d->config : NULL;

	if (config)
		domain_expected();
	domain_free_slot(d);
	/* Who found it in domains[] within a section has done with it. */
	sections_drain();
	own_free(d, sizeof(*d));
	console_domains_changed();
	if (config)
		build_restart(config);
	else
		all_gone_if_last();
}

/*
 * One bounded piece of taking a dead domain apart: it is on no core, nobody holds a reference, and
 * nothing that was unlinked is used after the drain.
 */
static bool teardown_piece(struct work *w)
{
	struct domain *d = container_of(w, struct domain, teardown);
	uint32_t stage = d->teardown_stage++;

	if (stage == 0) {
		sections_drain();
		return true;
	}
	if (stage <= d->vcpu_count) {
		vcpu_destroy(d->vcpus[stage - 1]);
		d->vcpus[stage - 1] = NULL;
		return true;
	}
	if (stage == d->vcpu_count + 1) {
		xen_domain_destroy(d);
		console_guest_destroy(d);
		return true;
	}
	if (physmap_teardown(&d->physmap)) {
		d->teardown_stage = stage;
		return true;
	}
	physmap_retire(&d->physmap);
	vmx_domain_destroy(d);
	bury(d);
	return false;
}

void domain_teardown_init(struct domain *d)
{
	work_init(&d->teardown, teardown_piece);
}
