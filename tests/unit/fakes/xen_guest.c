// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/xen_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/apic.h"
#include "core/hooks.h"
#include "core/lib/log.h"
#include "core/monitor.h"
#include "core/sched.h"
#include "mm/frame.h"
#include "mm/own.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/memory.h"
#include "xenabi/evtchn.h"
#include "xenabi/pv/pv.h"
#include "xenabi/xen.h"

struct fake_guest guest[GUESTS];
enum vcpu_mode guest_mode;
unsigned int guest_cpl;
bool guest_repeated, guest_must_return;
char guest_console[256];
uint32_t guest_console_len;
unsigned int guest_service_calls;
uint32_t guest_service_port;

/* One tick is one nanosecond. */
uint64_t tsc_khz = 1000000;
uint64_t tsc_boot = 1000;
struct tsc_scale tsc_scale = { 0x80000000U, 1 };
bool tsc_stable = true;

#define TIMERS 64
static struct timer *timers[TIMERS];

struct fake_vcpu *fake(struct vcpu *v)
{
	return container_of(v, struct fake_vcpu, v);
}

/* --- core --- */

struct domain *domain_get(uint16_t id)
{
	for (unsigned int i = 0; i < GUESTS; i++)
		if (guest[i].d.xen && guest[i].d.id == id) {
			guest[i].d.refs++;
			return &guest[i].d;
		}
	return NULL;
}

void domain_put(struct domain *d)
{
	d->refs--;
}

void domain_shutdown(struct domain *d, enum domain_end why)
{
	container_of(d, struct fake_guest, d)->end = why;
}

uint64_t domain_time_to_tsc(const struct domain *d, uint64_t ns)
{
	return ns > ~0ULL - d->birth_tsc ? ~0ULL : d->birth_tsc + ns;
}

void vcpu_request(struct vcpu *v, uint32_t bits)
{
	v->attn.bits |= bits;
	fake(v)->requested |= bits;
	if (v->state == VCPU_BLOCKED)
		v->state = VCPU_RUNNING;
}

void vcpu_kick_event(struct vcpu *v)
{
	fake(v)->kicks++;
	if (v->state == VCPU_BLOCKED)
		v->state = VCPU_RUNNING;
}

void vcpu_runstate_record(const struct vcpu *v, enum vcpu_state *state, uint64_t *entry_ns,
			  uint64_t time_ns[4])
{
	*state = v->runstate.state;
	*entry_ns = v->runstate.entry_ns;
	memcpy(time_ns, v->runstate.time_ns, sizeof(v->runstate.time_ns));
}

void vcpu_runstate_get(const struct vcpu *v, enum vcpu_state *state, uint64_t *entry_ns,
		       uint64_t time_ns[4])
{
	vcpu_runstate_record(v, state, entry_ns, time_ns);
	time_ns[*state] += domain_time_ns(v->domain, host_clock) - *entry_ns;
}

void sched_block(struct vcpu *v)
{
	if (!(v->attn.all & ~(uint64_t)ATTN_RESCHED))
		v->state = VCPU_BLOCKED;
}

void sched_online(struct vcpu *v)
{
	v->state = VCPU_RUNNING;
}

void sched_offline(struct vcpu *v)
{
	v->state = VCPU_OFFLINE;
}

bool sched_yield(struct vcpu *v)
{
	(void)v;
	return true;
}

void timer_init(struct timer *t, void (*fire)(struct timer *))
{
	*t = (struct timer){ .deadline = ~0ULL, .fire = fire };
	for (unsigned int i = 0; i < TIMERS; i++)
		if (!timers[i]) {
			timers[i] = t;
			return;
		}
	fail_msg("too many timers");
}

void timer_set(struct timer *t, uint64_t deadline, uint32_t core)
{
	t->deadline = deadline;
	t->core = core;
}

void timer_cancel(struct timer *t)
{
	t->deadline = ~0ULL;
}

size_t console_guest_write(struct domain *d, const char *buf, size_t len, bool must_take)
{
	(void)d;
	assert_true(must_take);
	for (size_t i = 0; i < len; i++)
		guest_console[guest_console_len++ % sizeof(guest_console)] = buf[i];
	return len;
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

/* --- processor layer --- */

void physmap_waiters_ready(struct physmap *pm)
{
	struct domain *d = container_of(pm, struct domain, physmap);

	for (uint32_t i = 0; i < d->vcpu_count; i++)
		vcpu_request(d->vcpus[i], ATTN_SHADOW);
}

enum vcpu_mode vcpu_arch_mode(struct vcpu *v)
{
	(void)v;
	return guest_mode;
}

bool vcpu_arch_kernel_64(struct vcpu *v)
{
	(void)v;
	return guest_mode == VCPU_MODE_64 && guest_cpl == 0;
}

unsigned int vcpu_arch_cpl(struct vcpu *v)
{
	(void)v;
	return guest_cpl;
}

uint64_t vcpu_arch_cr3(struct vcpu *v)
{
	(void)v;
	return 0;
}

bool vcpu_arch_smap(struct vcpu *v)
{
	(void)v;
	return false;
}

void vcpu_arch_paging(struct vcpu *v, struct guest_paging *out)
{
	(void)v;
	memset(out, 0, sizeof(*out));
	out->cr0 = 1; /* protected mode, no paging */
}

int vcpu_arch_initialise(struct vcpu *v, const struct vcpu_hvm_context *ctx)
{
	(void)v;
	(void)ctx;
	return 0;
}

bool vlapic_post(struct vcpu *v, uint8_t vector)
{
	if (fake(v)->lapic_off)
		return false;
	fake(v)->posts++;
	fake(v)->vector = vector;
	return true;
}

uint64_t vcpu_arch_tsc_offset(const struct vcpu *v)
{
	return v->id * 100;
}

void vcpu_arch_nmi(struct vcpu *v)
{
	fake(v)->nmis++;
}

void vcpu_arch_repeat_hypercall(struct vcpu *v)
{
	(void)v;
	guest_repeated = true;
}

void apic_send_kick(uint32_t core)
{
	(void)core;
}

void apic_send_nmi(uint32_t core)
{
	(void)core;
}

void frame_stats(struct frame_stats *out)
{
	*out = (struct frame_stats){ .total = FAKE_FRAMES };
}

/* --- PV services --- */

static void service(struct domain *d, uint32_t port)
{
	(void)d;
	guest_service_calls++;
	guest_service_port = port;
}

enum status pv_domain_create(struct domain *d)
{
	uint32_t port;
	enum status st = evtchn_alloc_service(d, service, &port);

	if (st == OK)
		xen_domain_set_param(d, HVM_PARAM_STORE_EVTCHN, port);
	return st;
}

void pv_domain_destroy(struct domain *d)
{
	(void)d;
}

/* --- for tests --- */

static void create(unsigned int i)
{
	struct domain *d = &guest[i].d;
	uint64_t done;

	guest[i].end = END_NONE;
	d->id = (uint16_t)(i + 1);
	/* Not the same as the index or the id, so that a mix-up shows. */
	d->slot = (uint16_t)(10 + i);
	d->vcpu_count = 4;
	d->memory_pages = GUEST_PAGES;
	d->birth_tsc = 5000;
	d->state = DOMAIN_ALIVE;
	assert_int_equal(physmap_init(&d->physmap, d->slot), OK);
	assert_int_equal(xen_domain_create(d), OK);
	for (uint32_t k = 0; k < d->vcpu_count; k++) {
		struct vcpu *v = &guest[i].vcpu[k].v;

		v->id = k;
		v->domain = d;
		v->state = k ? VCPU_OFFLINE : VCPU_RUNNING;
		for (unsigned int w = 0; w < GWALK_ENTRIES; w++)
			v->walks.slot[w].page = ~0ULL;
		assert_int_equal(xen_vcpu_create(v), OK);
		d->vcpus[k] = v;
	}
	assert_int_equal(physmap_populate(&d->physmap, to_gfn(0), GUEST_PAGES, GUEST_PAGES, &done),
			 OK);
}

void guests_create(void)
{
	host_cores(2);
	memory_reset();
	memset(guest, 0, sizeof(guest));
	memset(timers, 0, sizeof(timers));
	host_clock = 5000;
	guest_mode = VCPU_MODE_64;
	guest_cpl = 0;
	guest_must_return = false;
	guest_console_len = 0;
	guest_service_calls = 0;
	host_cpu->slice_end = ~0ULL;
	physmap_leaf_2m = false;
	for (unsigned int i = 0; i < GUESTS; i++)
		create(i);
}

void guests_destroy(void)
{
	for (unsigned int i = 0; i < GUESTS; i++) {
		struct domain *d = &guest[i].d;

		for (uint32_t k = 0; k < d->vcpu_count; k++)
			xen_vcpu_destroy(d->vcpus[k]);
		xen_domain_destroy(d);
		while (physmap_teardown(&d->physmap))
			;
		physmap_retire(&d->physmap);
	}
	/* Nothing is left of them. */
	assert_int_equal(memory_frames_in_use(), 0);
}

int64_t guest_call(struct vcpu *v, uint32_t nr, const uint64_t args[5], unsigned int *times)
{
	bool narrow = guest_mode != VCPU_MODE_64;
	struct vcpu_regs *r = &v->regs;

	if (narrow) {
		r->rbx = args[0];
		r->rcx = args[1];
		r->rdx = args[2];
		r->rsi = args[3];
		r->rdi = args[4];
	} else {
		r->rdi = args[0];
		r->rsi = args[1];
		r->rdx = args[2];
		r->r10 = args[3];
		r->r8 = args[4];
	}
	r->rax = nr;
	if (times)
		*times = 0;
	do {
		guest_repeated = false;
		xen_hypercall(v);
		if (times)
			++*times;
		if (guest_repeated)
			assert_int_equal(r->rax, nr);
	} while (guest_repeated);
	/* A 32-bit result is zero-extended in RAX. */
	if (narrow)
		assert_int_equal(r->rax >> 32, 0);
	return narrow ? (int32_t)r->rax : (int64_t)r->rax;
}

int64_t guest_call2(struct vcpu *v, uint32_t nr, uint64_t a, uint64_t b)
{
	return guest_call(v, nr, (uint64_t[5]){ a, b }, NULL);
}

int64_t guest_call3(struct vcpu *v, uint32_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	return guest_call(v, nr, (uint64_t[5]){ a, b, c }, NULL);
}

void guest_put(struct domain *d, uint64_t gpa, const void *src, size_t len)
{
	assert_int_equal(physmap_write(&d->physmap, to_gpa(gpa), src, len), OK);
}

void guest_get(struct domain *d, uint64_t gpa, void *dst, size_t len)
{
	assert_int_equal(physmap_read(&d->physmap, to_gpa(gpa), dst, len), OK);
}

uint32_t guest_get32(struct domain *d, uint64_t gpa)
{
	uint32_t v;

	guest_get(d, gpa, &v, sizeof(v));
	return v;
}

uint64_t guest_get64(struct domain *d, uint64_t gpa)
{
	uint64_t v;

	guest_get(d, gpa, &v, sizeof(v));
	return v;
}

void guest_clock(uint64_t tsc)
{
	host_clock = tsc;
	for (unsigned int i = 0; i < TIMERS; i++) {
		struct timer *t = timers[i];

		if (!t || t->deadline > tsc)
			continue;
		t->deadline = ~0ULL;
		t->fire(t);
	}
}

void guest_serve(struct vcpu *v)
{
	uint32_t bits = v->attn.bits;

	v->attn.bits = 0;
	xen_vcpu_service(v, bits);
}

enum status vcpu_arch_hw_page(struct vcpu *v, enum vcpu_hw_page page, gfn_t gfn)
{
	(void)v;
	(void)page;
	(void)gfn;
	return ERR_UNSUPPORTED;
}
