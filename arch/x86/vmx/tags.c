// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/tags.h"

#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/invalidate.h"
#include "arch/x86/vmx/machine.h"
#include "mm/own.h"

#define RECORD_ORDER 6 /* pages of struct record */

/* What a core has flushed: for debug builds, since an emulator that flushes everything at each entry
 * hides a flush that is missing. */
struct record {
	struct {
		uint64_t eptp, gen;
	} physmap[MAX_PHYSMAPS];
	struct {
		const struct vcpu *vcpu;
		uint64_t epoch;
	} vpid[TAGS_VPIDS];
};

static_assert(sizeof(struct record) <= PAGE_SIZE << RECORD_ORDER, "record order");

static struct record *records[MAX_CORES];
static uint64_t epochs; /* a new one for each flush that a vCPU needed */

enum status tags_init_core(void)
{
	if (!XENITH_DEBUG)
		return OK;
	records[this_cpu()->id] = own_alloc_pages(RECORD_ORDER);
	return records[this_cpu()->id] ? OK : ERR_NOMEM;
}

void tags_flush_eptp(uint64_t eptp)
{
	bool ok = invept(vmx_controls.invept_single ? INVEPT_SINGLE : INVEPT_ALL, eptp);

	ASSERT(ok);
}

void tags_flush_physmap(const struct physmap *pm, uint64_t gen)
{
	tags_flush_eptp(pm->eptp);
	if (XENITH_DEBUG) {
		struct record *r = records[this_cpu()->id];

		r->physmap[pm->slot].eptp = pm->eptp;
		r->physmap[pm->slot].gen = gen;
	}
}

static void flush_vpid(uint16_t vpid)
{
	bool ok;

	if (!(vmx_controls.proc2 & PROC2_VPID))
		return; /* entries and exits flush everything then (SDM vol. 3, 28.3.3.1) */
	ok = invvpid(vmx_controls.invvpid_single ? INVVPID_SINGLE : INVVPID_ALL, vpid);
	ASSERT(ok);
}

void tags_flush_vcpu(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	flush_vpid(x->vpid);
	if (XENITH_DEBUG && (vmx_controls.proc2 & PROC2_VPID)) {
		struct record *r = records[this_cpu()->id];

		x->tag_epoch = atomic_add(&epochs, 1);
		r->vpid[x->vpid].vcpu = v;
		r->vpid[x->vpid].epoch = x->tag_epoch;
	}
}

void tags_load(struct vcpu *v)
{
	struct pcpu *cpu = this_cpu();
	struct vmx_vcpu *x = v->vmx;

	x->seen_gen = &cpu->seen_gen[v->domain->physmap.slot];
	/* While the epoch is even: who sees it odd sees whose guest it is (docs/gpc.md, I10). */
	store_release(&cpu->shared.run, (cpu->shared.run & ~RUN_SLOT) | v->domain->physmap.slot);
	if (x->last_core != cpu->id)
		tags_flush_vcpu(v);
	x->last_core = cpu->id;
}

void tags_check(const struct vcpu *v)
{
	const struct record *r = records[this_cpu()->id];
	const struct physmap *pm = &v->domain->physmap;

	ASSERT((this_cpu()->shared.run & RUN_SLOT) == pm->slot);
	ASSERT(r->physmap[pm->slot].eptp == pm->eptp);
	/* By the map itself, not by what the entry has compared. A change that came after that sees
	 * this core in the guest, and keeps the lock until it has left. */
	ASSERT(r->physmap[pm->slot].gen == load_acquire(&pm->map_gen) || spin_is_locked(&pm->lock));
	if (!(vmx_controls.proc2 & PROC2_VPID))
		return;
	ASSERT(r->vpid[v->vmx->vpid].vcpu == v);
	ASSERT(r->vpid[v->vmx->vpid].epoch == v->vmx->tag_epoch);
}
