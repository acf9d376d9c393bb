// SPDX-License-Identifier: MIT
/* The monitor's commands for what the Xen ABI keeps: ports, parameters, areas, grants. */
#include "core/monitor.h"

#include "core/lib/string.h"
#include "core/vcpu_arch.h"
#include "mm/gpc_hw.h"
#include "xenabi/evtchn_2l.h"
#include "xenabi/evtchn_domain.h"
#include "xenabi/grant_table.h"
#include "xenabi/vcpu.h"

#include <xen/grant_table.h>

/* Run a function for one guest by name, or for all. */
static void for_guests(int argc, char **argv, void (*fn)(struct domain *, void *))
{
	struct domain *d;

	if (argc < 2) {
		domain_for_each(fn, NULL);
		return;
	}
	d = domain_get_by_name(argv[1]);
	if (!d) {
		monitor_printf("no guest \"%s\"\n", argv[1]);
		return;
	}
	fn(d, NULL);
	domain_put(d);
}

static void print_binding(uint64_t word)
{
	switch (evtchn_word_kind(word)) {
	case EVTCHN_FREE: break;
	case EVTCHN_UNBOUND:
		monitor_printf("unbound, for domain %u", evtchn_word_payload(word));
		break;
	case EVTCHN_INTERDOMAIN:
		monitor_printf("port %u of slot %u", evtchn_word_peer(word),
			       evtchn_word_slot(word));
		break;
	case EVTCHN_VIRQ: monitor_printf("VIRQ %u", evtchn_word_payload(word)); break;
	case EVTCHN_IPI: monitor_printf("IPI"); break;
	case EVTCHN_SERVICE:
		monitor_printf("service %u of the hypervisor", evtchn_word_payload(word));
		break;
	}
}

static void show_ports(struct domain *d, void *arg)
{
	(void)arg;
	monitor_printf("%s: %s layout\n port vCPU flags   bound to\n", d->name,
		       d->xen->narrow ? "32-bit" : "64-bit");
	for (uint32_t port = 1; port < EVTCHN_BUCKETS * EVTCHN_BUCKET_PORTS; port++) {
		uint64_t word = evtchn_load(d->xen->events, port);

		if (evtchn_word_kind(word) == EVTCHN_FREE)
			continue;
		monitor_printf("%5u %4u %s %s ", port, evtchn_word_vcpu(word),
			       evtchn_2l_pending(d->xen, port) ? "pend" : "-   ",
			       evtchn_2l_masked(d->xen, port) ? "mask" : "-   ");
		print_binding(word);
		monitor_printf("\n");
	}
}

static void cmd_evtchn(int argc, char **argv)
{
	for_guests(argc, argv, show_ports);
}

static void show_params(struct domain *d, void *arg)
{
	(void)arg;
	monitor_printf("%s:", d->name);
	for (uint32_t i = 0; i < HVM_NR_PARAMS; i++) {
		uint64_t value = load_relaxed(&d->xen->params[i]);

		if (value)
			monitor_printf(" %u=%#lx", i, (unsigned long)value);
	}
	monitor_printf("\n");
}

static void cmd_params(int argc, char **argv)
{
	for_guests(argc, argv, show_params);
}

static void print_gpc(const struct vcpu *v, const struct gpc *g)
{
	if (!g->active)
		return;
	monitor_printf("%-16s %4u %-12s %-4s %#10lx %-7s %10lu %6lu %13lu\n", v->domain->name,
		       v->id, g->name, g->kind == GPC_HOST ? "host" : "hw", (unsigned long)g->gfn.n,
		       g->valid ? "valid" : "missing", (unsigned long)g->hits,
		       (unsigned long)g->misses, (unsigned long)g->invalidations);
}

static void show_areas(struct domain *d, void *arg)
{
	(void)arg;
	monitor_printf("%s: shared_info at gfn %#lx\nguest            vCPU area         kind"
		       "        gfn state         hits misses invalidations\n",
		       d->name, (unsigned long)d->xen->shared_gfn.n);
	for (uint32_t i = 0; i < d->vcpu_count; i++) {
		const struct vcpu *v = d->vcpus[i];
		const struct xen_vcpu *xv = v->xen;

		print_gpc(v, &xv->info);
		for (unsigned int p = 0; p < GUEST_AREA_PAGES; p++) {
			print_gpc(v, &xv->runstate.page[p]);
			print_gpc(v, &xv->time.page[p]);
		}
		for (unsigned int p = 0; XENITH_DEBUG && p < GPC_HW_PAGES; p++)
			print_gpc(v, vcpu_arch_hw_gpc(v, (enum vcpu_hw_page)p));
		if (load_relaxed(&xv->shadow_sel))
			monitor_printf("%4u parked selector bits %#lx\n", i,
				       (unsigned long)xv->shadow_sel);
	}
}

static void cmd_gpcs(int argc, char **argv)
{
	for_guests(argc, argv, show_areas);
}

static void show_grants(struct domain *d, void *arg)
{
	struct grant_entry_v1 e;

	(void)arg;
	monitor_printf("%s: %u of %u frames\n", d->name, grant_table_frames(d), GRANT_FRAMES_MAX);
	for (uint32_t ref = 0; grant_table_entry(d, ref, &e); ref++)
		if (e.flags & GTF_type_mask)
			monitor_printf("%6u flags %#06x domain %u frame %#x\n", ref, e.flags,
				       e.domid, e.frame);
}

static void cmd_grants(int argc, char **argv)
{
	for_guests(argc, argv, show_grants);
}

MONITOR_COMMAND(evtchn, "evtchn", "[GUEST]", "event channels", cmd_evtchn);
MONITOR_COMMAND(params, "params", "[GUEST]", "HVM parameters that are not 0", cmd_params);
MONITOR_COMMAND(gpcs, "gpcs", "[GUEST]", "guest pages that are cached, and by whom", cmd_gpcs);
MONITOR_COMMAND(grants, "grants", "[GUEST]", "grant table entries in use", cmd_grants);
