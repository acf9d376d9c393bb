// SPDX-License-Identifier: MIT
/* The monitor's commands that only look. */
#include "core/console.h"
#include "core/domain.h"
#include "core/hooks.h"
#include "core/lib/parse.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "core/lib/symbols.h"
#include "core/log_ring.h"
#include "core/monitor.h"
#include "core/sched.h"
#include "core/timer.h"
#include "core/trace.h"
#include "mm/frame.h"
#include "mm/own.h"

static const char *state_name(const struct domain *d)
{
	if (d->preserved)
		return "preserved";
	if (d->paused_by_operator)
		return "paused";
	return d->state == DOMAIN_BUILDING ? "building" : "alive";
}

static uint64_t vcpus_online(const struct domain *d)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < d->vcpu_count; i++)
		n += load_relaxed(&d->vcpus[i]->state) != VCPU_OFFLINE;
	return n;
}

static void show_domain(struct domain *d, void *arg)
{
	uint64_t seconds = domain_time_ns(d, clock_ticks()) / 1000000000;

	(void)arg;
	monitor_printf("%5u %-24s %-9s %3lu/%-3u %8lu %10lu  %s\n", d->id, d->name, state_name(d),
		       (unsigned long)vcpus_online(d), d->vcpu_count,
		       (unsigned long)(d->memory_pages >> 8), (unsigned long)seconds,
		       d->end == END_NONE ? "" : domain_end_name(d->end));
}

static void cmd_domains(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	monitor_printf("domid name                     state     vcpus        MiB    seconds\n");
	domain_for_each(show_domain, NULL);
}

static const char *const vcpu_states[] = {
	[VCPU_RUNNING] = "running",
	[VCPU_RUNNABLE] = "runnable",
	[VCPU_BLOCKED] = "blocked",
	[VCPU_OFFLINE] = "offline",
};

static void show_vcpus(struct domain *d, void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < d->vcpu_count; i++) {
		const struct vcpu *v = d->vcpus[i];
		enum vcpu_state state;
		uint64_t entry, ns[4];

		vcpu_runstate_get(v, &state, &entry, ns);
		monitor_printf("%-16s %4u %-9s %4u%c %10lu %10lu %10lu %10lu %12lu %02x\n", d->name,
			       i, vcpu_states[state], v->core, v->on_core ? '*' : ' ',
			       (unsigned long)(ns[0] / 1000000), (unsigned long)(ns[1] / 1000000),
			       (unsigned long)(ns[2] / 1000000), (unsigned long)(ns[3] / 1000000),
			       (unsigned long)v->exits, v->attn.bits);
	}
}

static void cmd_vcpus(int argc, char **argv)
{
	struct domain *d = NULL;

	if (argc > 1) {
		d = monitor_domain(argv[1]);
		if (!d)
			return;
	}
	monitor_printf("guest            vcpu state     core    running   runnable    blocked"
		       "    offline        exits attn\n");
	if (!d) {
		domain_for_each(show_vcpus, NULL);
		return;
	}
	show_vcpus(d, NULL);
	domain_put(d);
}

/* The command on a vCPU: paused first, looked at when its core has let go of it. */
static struct vcpu *shown;
static void (*shown_by)(struct vcpu *v);
static uint64_t shown_give_up;

static bool vcpu_more(void)
{
	struct domain *d = shown->domain;

	if (sched_borrow(shown)) {
		shown_by(shown);
		sched_return(shown);
	} else if (clock_ticks() < shown_give_up) {
		return true;
	} else {
		monitor_printf("its core does not let go of it\n");
	}
	sched_unpause(shown);
	domain_put(d);
	return false;
}

void monitor_with_vcpu(int argc, char **argv, void (*show)(struct vcpu *v))
{
	struct domain *d = monitor_domain(argc > 1 ? argv[1] : NULL);
	uint64_t n = 0;

	if (!d)
		return;
	if ((argc > 2 && !parse_u64(parse_text(argv[2]), &n)) || n >= d->vcpu_count) {
		monitor_printf("%s: no such vCPU\n", argv[2]);
		domain_put(d);
		return;
	}
	shown = d->vcpus[n];
	shown_by = show;
	shown_give_up = clock_ticks() + 1000 * tsc_khz;
	sched_pause(shown);
	monitor_continue(vcpu_more);
}

void monitor_print_line(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	xvsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	monitor_printf("%s\n", line);
}

static void show_regs(struct vcpu *v)
{
	vcpu_arch_dump(v, monitor_print_line);
}

static void cmd_regs(int argc, char **argv)
{
	monitor_with_vcpu(argc, argv, show_regs);
}

static void show_memory(struct domain *d, void *arg)
{
	const struct physmap_stats *s = &d->physmap.stats;

	(void)arg;
	monitor_printf("%-24s %10lu built %10lu mapped %10lu owned\n", d->name,
		       (unsigned long)d->memory_pages, (unsigned long)d->physmap.ram_frames,
		       (unsigned long)frame_owned(d->slot));
	monitor_printf("%-24s %10lu changes %8lu rounds %10lu kicks\n", "",
		       (unsigned long)s->changes, (unsigned long)s->rounds,
		       (unsigned long)s->kicks);
	monitor_printf("%-24s %10lu kicks saved %4lu NMIs %12lu ns at most\n", "",
		       (unsigned long)s->kicks_saved, (unsigned long)s->nmis,
		       (unsigned long)(s->longest_wait * 1000000 / max_u64(tsc_khz, 1)));
}

static void cmd_memory(int argc, char **argv)
{
	struct frame_stats s;

	(void)argc;
	(void)argv;
	frame_stats(&s);
	monitor_printf(
		"frames of 4 KiB: %lu in all, %lu free, %lu of guests, %lu our own (%lu used)\n",
		(unsigned long)s.total, (unsigned long)s.free, (unsigned long)s.guests,
		(unsigned long)s.own, (unsigned long)own_pages_used());
	domain_for_each(show_memory, NULL);
}

static void cmd_cores(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	monitor_printf("core apic state       idle ms       exits of guests  NMIs\n");
	for (uint32_t c = 0; c < core_count; c++) {
		const struct pcpu *p = pcpus[c];

		monitor_printf("%4u %4u %-8s %10lu %21lu %5lu\n", c, p->apic_id,
			       load_relaxed(&p->shared.idle)            ? "idle"
			       : load_relaxed(&p->shared.run) & RUN_ODD ? "guest"
									: "root",
			       (unsigned long)(p->idle_tsc / max_u64(tsc_khz, 1)),
			       (unsigned long)(load_relaxed(&p->shared.run) / (2 * RUN_ODD)),
			       (unsigned long)p->nmi_count);
	}
}

static void show_timer(const struct timer *t)
{
	uint64_t now = clock_ticks(), offset = 0;
	const char *name = symbols_lookup((uint64_t)(uintptr_t)t->fire, &offset);
	uint64_t late = now > t->deadline ? now - t->deadline : 0;
	uint64_t left = now > t->deadline ? 0 : t->deadline - now;

	monitor_printf("  %s%lu us %s\n", late ? "late by " : "in ",
		       (unsigned long)((late + left) * 1000 / max_u64(tsc_khz, 1)),
		       name ? name : "?");
}

static void cmd_timers(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (uint32_t c = 0; c < core_count; c++) {
		monitor_printf("core %u\n", c);
		timer_for_each(c, show_timer);
	}
}

static uint64_t log_at;

/* As fast as the line takes it. */
static bool log_more(void)
{
	char text[1024];
	size_t n;

	if (console_room() < 2 * sizeof(text))
		return true;
	n = log_ring_read(&log_at, text, sizeof(text));
	if (n)
		console_monitor_write(text, n);
	return n != 0;
}

static void cmd_log(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	log_at = 0;
	monitor_continue(log_more);
}

static void cmd_trace(int argc, char **argv)
{
	uint64_t count = 20;

	if (argc > 1 && !parse_u64(parse_text(argv[1]), &count)) {
		monitor_printf("%s: not a number\n", argv[1]);
		return;
	}
	for (uint32_t c = 0; c < core_count; c++)
		trace_print(c, (uint32_t)min_u64(count, TRACE_ENTRIES), monitor_printf);
}

MONITOR_COMMAND(domains, "domains", "", "the guests", cmd_domains);
MONITOR_COMMAND(vcpus, "vcpus", "[GUEST]", "vCPUs, and their times in milliseconds", cmd_vcpus);
MONITOR_COMMAND(regs, "regs", "GUEST [VCPU]", "all state of a vCPU", cmd_regs);
MONITOR_COMMAND(memory, "memory", "", "frames by owner", cmd_memory);
MONITOR_COMMAND(cores, "cores", "", "what the cores do", cmd_cores);
MONITOR_COMMAND(timers, "timers", "", "armed timers of each core", cmd_timers);
MONITOR_COMMAND(log, "log", "", "the hypervisor's log", cmd_log);
MONITOR_COMMAND(trace, "trace", "[COUNT]", "the last events of each core", cmd_trace);
