// SPDX-License-Identifier: MIT
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include "arch/x86/cpu/percpu.h"
#include "core/lib/atomic.h"
#include "core/lib/list.h"
#include "core/timer.h"
#include "mm/gwalk.h"

#define MAX_VCPUS 64 /* per domain */

/* General-purpose registers by their encoding; offsets are used in assembly (vmx/entry.asm). */
struct vcpu_regs {
	uint64_t rax, rcx, rdx, rbx;
	uint64_t rsp; /* lives in the VMCS while the vCPU is loaded */
	uint64_t rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* RUNSTATE_* of xen/vcpu.h, in the same order. */
enum vcpu_state { VCPU_RUNNING, VCPU_RUNNABLE, VCPU_BLOCKED, VCPU_OFFLINE };

/* Requests, consumed by the vCPU's own core before it enters the guest. */
enum {
	ATTN_RESCHED = 1 << 0,  /* back to the scheduler: pause, death, or a better candidate */
	ATTN_SHADOW = 1 << 1,   /* event selector bits are parked: try the vcpu_info page again */
	ATTN_LAPIC = 1 << 2,    /* virtual APIC state changed: interrupts, INIT, SIPI */
	ATTN_NMI = 1 << 3,      /* an NMI is pending */
	ATTN_TIME = 1 << 4,     /* the time record must be rewritten */
	ATTN_TIMER = 1 << 5,    /* a guest-visible timer fired (xen_vcpu or virtual APIC) */
	ATTN_RUNSTATE = 1 << 6, /* the runstate record must be rewritten */
};

/*
 * `event` is a byte of its own so that an event sender stores it without a locked instruction; the
 * entry path reads all of it at once.
 */
union vcpu_attn {
	uint64_t all;
	struct {
		uint32_t bits;
		uint8_t event; /* the vCPU may have an upcall to take */
	};
};

/*
 * Times are guest system time, converted once when a state is entered: differences telescope, so
 * the four always sum to the domain's age, to the nanosecond. `seq` is odd during a change.
 */
struct vcpu_runstate {
	uint32_t seq;
	enum vcpu_state state;
	uint64_t entry_ns;   /* when it was entered */
	uint64_t time_ns[4]; /* spent in each state before that */
};

struct domain;
struct vmx_vcpu;
struct vlapic;
struct xen_vcpu;

struct vcpu {
	struct vcpu_regs regs; /* must be first: used in assembly */
	union vcpu_attn attn;
	uint32_t core; /* core that runs or last ran it */
	uint32_t id;
	struct domain *domain;
	struct vmx_vcpu *vmx; /* arch/x86/vmx */
	struct vlapic *lapic; /* arch/x86/vmx */
	struct xen_vcpu *xen; /* xenabi */
	struct gwalk_cache walks;

	/* Scheduling: under the scheduler's lock, but for reads of `state`. */
	enum vcpu_state state;
	uint32_t pause_count; /* > 0: not to be run */
	bool on_core;         /* its registers are (or may be) loaded on `core` */
	bool going_offline;   /* OFFLINE as soon as it stops running */
	uint64_t affinity;    /* cores it may run on */
	uint64_t vruntime;    /* TSC ticks used, for fairness */
	uint64_t charged_tsc; /* up to when vruntime has counted; while RUNNING */
	struct list queue_link;
	struct vcpu_runstate runstate;

	uint64_t exits; /* for show */
	bool crashed;   /* its dump was printed */
};

/* Create the vCPU offline, with its arch and xenabi parts. ERR_NOMEM. */
enum status vcpu_create(struct domain *d, uint32_t id, struct vcpu **out) must_check;
/* Free it; its domain is dead and it is on no core. */
void vcpu_destroy(struct vcpu *v);

/* Set request bits and make sure they are seen before the vCPU runs guest code again: wakes a
 * blocked vCPU, kicks a running one, coalesces with requests not yet consumed. Any core, any
 * context that may take the scheduler lock; also from inside a section only when the vCPU is not
 * blocked (else use vcpu_kick_event's return). */
void vcpu_request(struct vcpu *v, uint32_t bits);

/*
 * The event sender's form: v->attn.event must be set after the pending bits were (plain stores),
 * then this fences and looks. Sends at most one IPI. A blocked vCPU is woken, which takes the
 * scheduler's lock: call it outside the section.
 */
void vcpu_kick_event(struct vcpu *v);

/* Account the time since the last change and enter a new state. Scheduler lock held. */
void vcpu_runstate_set(struct vcpu *v, enum vcpu_state state);
/* A consistent copy of the four times in nanoseconds up to now, and of the entry time (guest system
 * time). Their sum is the guest system time of now. Any context. */
void vcpu_runstate_get(const struct vcpu *v, enum vcpu_state *state, uint64_t *entry_ns,
		       uint64_t time_ns[4]);
/* The same as of the last change: what belongs in a guest's runstate record, to which the guest
 * itself adds the time since entry_ns. */
void vcpu_runstate_record(const struct vcpu *v, enum vcpu_state *state, uint64_t *entry_ns,
			  uint64_t time_ns[4]);

#endif
