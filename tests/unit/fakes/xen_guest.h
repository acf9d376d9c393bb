// SPDX-License-Identifier: MIT
/*
 * Guests for the tests of xenabi/: domains with real physmaps and Xen parts, whose vCPUs exist but
 * are run by nobody. Paging is off, so linear addresses are guest-physical. What the core, the
 * processor layer and the PV services would do is recorded.
 */
#ifndef TESTS_UNIT_FAKES_XEN_GUEST_H
#define TESTS_UNIT_FAKES_XEN_GUEST_H

#include "core/domain.h"
#include "core/vcpu_arch.h"
#include "xenabi/domain.h"
#include "xenabi/vcpu.h"

#define GUESTS      3
#define GUEST_PAGES 64 /* of RAM at gfn 0 */

struct fake_vcpu {
	struct vcpu v;
	uint32_t requested; /* bits asked for since the last look */
	unsigned int kicks; /* vcpu_kick_event() */
	unsigned int posts; /* vlapic_post() */
	uint8_t vector;     /* of the last post */
	unsigned int nmis;
	bool lapic_off;
};

struct fake_guest {
	struct domain d;
	struct fake_vcpu vcpu[4];
	enum domain_end end;
};

extern struct fake_guest guest[GUESTS];
extern enum vcpu_mode guest_mode;
extern unsigned int guest_cpl;
extern bool guest_repeated;    /* vcpu_arch_repeat_hypercall() */
extern bool guest_must_return; /* sched_must_return() */
extern char guest_console[256];
extern uint32_t guest_console_len;
extern unsigned int guest_service_calls;
extern uint32_t guest_service_port;

/* All guests anew, each with 4 vCPUs and GUEST_PAGES of RAM; domids 1 .. */
void guests_create(void);
void guests_destroy(void);

/* A hypercall of a vCPU, by registers: the 64-bit or, in guest_mode 32, the 32-bit ABI. Repeated
 * until it is no longer continued; *times counts (may be NULL). */
int64_t guest_call(struct vcpu *v, uint32_t nr, const uint64_t args[5], unsigned int *times);
/* The same with two and three arguments. */
int64_t guest_call2(struct vcpu *v, uint32_t nr, uint64_t a, uint64_t b);
int64_t guest_call3(struct vcpu *v, uint32_t nr, uint64_t a, uint64_t b, uint64_t c);

/* The guest's memory as it sees it; fails the test when nothing is mapped. */
void guest_put(struct domain *d, uint64_t gpa, const void *src, size_t len);
void guest_get(struct domain *d, uint64_t gpa, void *dst, size_t len);
uint32_t guest_get32(struct domain *d, uint64_t gpa);
uint64_t guest_get64(struct domain *d, uint64_t gpa);

/* Let the clock go on and fire what is due. */
void guest_clock(uint64_t tsc);
/* Serve a vCPU's requests as its entry path does. */
void guest_serve(struct vcpu *v);

struct fake_vcpu *fake(struct vcpu *v);

#endif
