// SPDX-License-Identifier: MIT
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include "arch/x86/cpu/tsc.h"
#include "core/console.h"
#include "core/vcpu.h"
#include "core/work.h"
#include "mm/physmap.h"

#define DOMAIN_NAME_MAX 64

enum domain_state {
	DOMAIN_BUILDING, /* its memory is being filled */
	DOMAIN_ALIVE,
	DOMAIN_DYING, /* no vCPU of it will be entered again */
};

/* Why a domain ended: SHUTDOWN_* of xen/sched.h, and what only we do. */
enum domain_end {
	END_POWEROFF = 0,
	END_REBOOT = 1,
	END_SUSPEND = 2,
	END_CRASH = 3,
	END_WATCHDOG = 4,
	END_SOFT_RESET = 5,
	END_DESTROYED = 256,    /* by the operator */
	END_RESTARTED = 257,    /* by the operator */
	END_BUILD_FAILED = 258, /* never ran: its memory could not be filled */
	END_NONE = 0xffff,
};

/* on_poweroff, on_reboot, on_crash of xl.cfg(5). */
enum domain_action { ACTION_DESTROY, ACTION_RESTART, ACTION_PRESERVE };

struct xen_domain;
struct vmx_domain;
struct guest_config; /* boot/config.h */

struct domain {
	uint16_t id;   /* domid: 1 .. , never reused before the ids run out */
	uint16_t slot; /* index in domains[], physmap slot and frame owner */
	char name[DOMAIN_NAME_MAX];
	enum domain_state state;
	struct physmap physmap;
	uint32_t vcpu_count;
	struct vcpu *vcpus[MAX_VCPUS];
	uint64_t affinity;     /* `cpus`: mask of cores */
	uint64_t memory_pages; /* what it was built with */
	bool nestedhvm;        /* it may be a hypervisor itself */
	enum domain_action on_poweroff, on_reboot, on_crash;
	enum domain_end end;               /* why it ends; END_NONE while it lives */
	uint64_t birth_tsc;                /* guest system time 0 */
	const struct guest_config *config; /* to build it again */
	struct xen_domain *xen;            /* xenabi */
	struct vmx_domain *vmx;            /* arch/x86/vmx: CPUID and MSR policy */
	struct guest_console console;
	/* Existence until it is shut down, each core that has a vCPU of it loaded, and domain_get().
	 * Who drops the last one queues the teardown. */
	uint32_t refs;
	bool restart;   /* built again when it is gone; with `end` */
	bool preserved; /* ended, but kept for the operator to look at */
	uint64_t paused_by_operator;
	struct work teardown;
	uint32_t teardown_stage;
	uint8_t handle[16]; /* UUID */
};

/* Domains by slot; NULL for a free one. Changed under the domain lock. */
extern struct domain *domains[MAX_PHYSMAPS];

/*
 * Create an empty domain in state BUILDING with `vcpus` vCPUs, all offline; with nestedhvm it may be
 * a hypervisor itself. Nothing remains on failure. Boot core or a work piece.
 */
enum status domain_create(const char *name, uint32_t vcpus, uint64_t memory_pages, bool nestedhvm,
			  struct domain **out) must_check;
/* A build was queued: domain_create() or domain_not_created() follows. Restarts count themselves. */
void domain_expected(void);
/* A guest could not even be created: when none is left or being built, build_all_gone() follows. */
void domain_not_created(void);
/* From BUILDING to ALIVE: vCPU 0 becomes runnable. */
void domain_start(struct domain *d);

/* Find by domid or name and take a reference; NULL when there is none or it is dying. */
struct domain *domain_get(uint16_t id);
struct domain *domain_get_by_name(const char *name);
void domain_put(struct domain *d);
uint32_t domain_count(void); /* with those to be built or restarted, without other dying ones */
/* What to call an end: "poweroff", "crash", ... */
const char *domain_end_name(enum domain_end end);

/*
 * End a domain: a guest's own shutdown, its crash, or the operator. Marks it dying, kicks its vCPUs
 * out, queues teardown, and acts as on_* says afterwards. Returns at once; the first reason wins.
 * Any core, no lock held; the calling vCPU may be one of the domain's own.
 */
void domain_shutdown(struct domain *d, enum domain_end why);
/* A guest did what cannot be continued: log it with the vCPU's full state, then END_CRASH. */
void domain_crash(struct vcpu *v, const char *fmt, ...) printf_like(2, 3);

/* Call fn for each domain that is not dying, with a reference held and no lock. */
void domain_for_each(void (*fn)(struct domain *, void *), void *arg);

/* All its vCPUs off their cores and not to be run, until unpaused; counted. Does not wait. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);

/* Guest system time: nanoseconds since the domain was created, and back to a TSC value. */
static inline uint64_t domain_time_ns(const struct domain *d, uint64_t tsc)
{
	return tsc_scale_ticks(tsc - d->birth_tsc, tsc_scale);
}
uint64_t domain_time_to_tsc(const struct domain *d, uint64_t ns);

#endif
