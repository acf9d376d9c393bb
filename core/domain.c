// SPDX-License-Identifier: MIT
/* Domains as objects: creation, finding, references, pausing. lifecycle.c has their ends. */
#include "core/domain.h"

#include "core/domain_internal.h"
#include "core/hooks.h"
#include "core/lib/log.h"
#include "core/lib/string.h"
#include "core/sched.h"
#include "core/trace.h"
#include "mm/own.h"

/* DOMID_FIRST_RESERVED of xen/xen.h: ids from there on mean something else. */
#define DOMAIN_ID_LIMIT 0x7ff0

static_assert(sizeof(struct domain) <= PAGE_SIZE, "struct domain is one allocation");

struct domain *domains[MAX_PHYSMAPS];
struct spinlock domain_lock;
uint32_t domains_expected;
static bool slot_used[MAX_PHYSMAPS];
static uint16_t last_id;

static bool id_in_use(uint16_t id)
{
	for (unsigned int i = 0; i < MAX_PHYSMAPS; i++)
		if (domains[i] && domains[i]->id == id)
			return true;
	return false;
}

/* Take a slot and an id; lock held. */
static enum status take_slot(struct domain *d)
{
	for (uint16_t i = 0; i < MAX_PHYSMAPS; i++) {
		if (slot_used[i])
			continue;
		do
			last_id = last_id + 1 < DOMAIN_ID_LIMIT ? (uint16_t)(last_id + 1) : 1;
		while (id_in_use(last_id));
		slot_used[i] = true;
		d->slot = i;
		d->id = last_id;
		return OK;
	}
	return ERR_NOMEM;
}

void domain_free_slot(struct domain *d)
{
	spin_lock(&domain_lock);
	store_release(&domains[d->slot], NULL);
	slot_used[d->slot] = false;
	spin_unlock(&domain_lock);
}

/* A random UUID (RFC 4122, 4.4) from the time of creation, which differs each time. */
static void make_handle(struct domain *d)
{
	uint64_t x = d->birth_tsc ^ (uint64_t)d->id << 48;

	for (unsigned int i = 0; i < sizeof(d->handle); i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		d->handle[i] = (uint8_t)(x >> 56);
	}
	d->handle[6] = (uint8_t)((d->handle[6] & 0x0f) | 0x40);
	d->handle[8] = (uint8_t)((d->handle[8] & 0x3f) | 0x80);
}

static void destroy_vcpus(struct domain *d)
{
	for (uint32_t i = 0; i < d->vcpu_count; i++) {
		if (d->vcpus[i])
			vcpu_destroy(d->vcpus[i]);
		d->vcpus[i] = NULL;
	}
}

static enum status create_vcpus(struct domain *d)
{
	for (uint32_t i = 0; i < d->vcpu_count; i++) {
		enum status st = vcpu_create(d, i, &d->vcpus[i]);

		if (st != OK) {
			destroy_vcpus(d);
			return st;
		}
	}
	return OK;
}

/* The parts of all layers, each undoing the ones before it when it fails. */
static enum status create_parts(struct domain *d)
{
	enum status st = console_guest_init(d);

	if (st != OK)
		return st;
	st = physmap_init(&d->physmap, d->slot);
	if (st != OK)
		goto no_physmap;
	st = vmx_domain_create(d);
	if (st != OK)
		goto no_vmx;
	st = xen_domain_create(d);
	if (st != OK)
		goto no_xen;
	st = create_vcpus(d);
	if (st == OK)
		return OK;
	xen_domain_destroy(d);
no_xen:
	vmx_domain_destroy(d);
no_vmx:
	while (physmap_teardown(&d->physmap))
		;
	physmap_retire(&d->physmap);
no_physmap:
	console_guest_destroy(d);
	return st;
}

enum status domain_create(const char *name, uint32_t vcpus, uint64_t memory_pages, bool nestedhvm,
			  struct domain **out)
{
	struct domain *d;
	enum status st;

	if (!vcpus || vcpus > MAX_VCPUS || !*name || strlen(name) >= DOMAIN_NAME_MAX)
		return ERR_INVALID;
	d = own_alloc(sizeof(*d));
	if (!d)
		return ERR_NOMEM;
	memcpy(d->name, name, strlen(name));
	d->vcpu_count = vcpus;
	d->memory_pages = memory_pages;
	d->nestedhvm = nestedhvm;
	d->state = DOMAIN_BUILDING;
	d->end = END_NONE;
	d->refs = 1;
	d->birth_tsc = clock_ticks();
	d->on_reboot = ACTION_RESTART;
	domain_teardown_init(d);
	spin_lock(&domain_lock);
	st = take_slot(d);
	spin_unlock(&domain_lock);
	if (st == OK) {
		make_handle(d);
		st = create_parts(d);
		if (st != OK)
			domain_free_slot(d);
	}
	if (st != OK) {
		own_free(d, sizeof(*d));
		return st;
	}
	spin_lock(&domain_lock);
	store_release(&domains[d->slot], d);
	domains_expected -= domains_expected > 0;
	spin_unlock(&domain_lock);
	*out = d;
	console_domains_changed();
	return OK;
}

void domain_start(struct domain *d)
{
	uint64_t cores = ~0ULL >> (64 - core_count);

	d->affinity &= cores;
	if (!d->affinity)
		d->affinity = cores;
	for (uint32_t i = 0; i < d->vcpu_count; i++)
		d->vcpus[i]->affinity = d->affinity;
	log_info("%s: domain %u starts: %u vCPUs, %lu MiB", d->name, d->id, d->vcpu_count,
		 (unsigned long)(d->memory_pages >> 8));
	trace(TRACE_DOMAIN, (uint32_t)d->id << 16, END_NONE);
	store_release(&d->state, DOMAIN_ALIVE);
	sched_online(d->vcpus[0]);
}

/* Take a reference unless the domain is dying; lock held. */
static bool get_living(struct domain *d)
{
	if (!d || d->state == DOMAIN_DYING)
		return false;
	(void)atomic_add(&d->refs, 1);
	return true;
}

struct domain *domain_get(uint16_t id)
{
	struct domain *found = NULL;

	spin_lock(&domain_lock);
	for (unsigned int i = 0; i < MAX_PHYSMAPS && !found; i++)
		if (domains[i] && domains[i]->id == id && get_living(domains[i]))
			found = domains[i];
	spin_unlock(&domain_lock);
	return found;
}

struct domain *domain_get_by_name(const char *name)
{
	struct domain *found = NULL;

	spin_lock(&domain_lock);
	for (unsigned int i = 0; i < MAX_PHYSMAPS && !found; i++)
		if (domains[i] && !strcmp(domains[i]->name, name) && get_living(domains[i]))
			found = domains[i];
	spin_unlock(&domain_lock);
	return found;
}

void domain_put(struct domain *d)
{
	/* No core has a vCPU of it, nobody can find it any more: gone but for its memory. */
	if (atomic_sub(&d->refs, 1) == 0)
		work_queue(&d->teardown);
}

void domain_for_each(void (*fn)(struct domain *, void *), void *arg)
{
	for (unsigned int i = 0; i < MAX_PHYSMAPS; i++) {
		struct domain *d;
		bool living;

		spin_lock(&domain_lock);
		d = domains[i];
		living = get_living(d);
		spin_unlock(&domain_lock);
		if (!living)
			continue;
		fn(d, arg);
		domain_put(d);
	}
}

void domain_pause(struct domain *d)
{
	for (uint32_t i = 0; i < d->vcpu_count; i++)
		sched_pause(d->vcpus[i]);
}

void domain_unpause(struct domain *d)
{
	for (uint32_t i = 0; i < d->vcpu_count; i++)
		sched_unpause(d->vcpus[i]);
}

uint64_t domain_time_to_tsc(const struct domain *d, uint64_t ns)
{
	uint64_t ticks = tsc_from_ns(ns) - tsc_boot;

	return ticks > ~0ULL - d->birth_tsc ? ~0ULL : d->birth_tsc + ticks;
}
