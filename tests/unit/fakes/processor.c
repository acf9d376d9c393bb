// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/processor.h"

#include <string.h>

#include "arch/x86/cpu/apic.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/traps.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/hw_pages.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "core/hooks.h"
#include "core/sched.h"
#include "tests/unit/fakes/memory.h"
#include "tests/unit/fakes/tlb.h"
#include "xenabi/vcpu.h"

/* entry.asm and what it calls */
bool vmx_guest_loop(struct vcpu *v, bool launched);
struct vcpu *run_exited(struct vcpu *v);

struct processor processors[PROCESSORS];
struct domain processor_domain;
uint32_t (*processor_guest)(struct vcpu *v);
void (*processor_vmcall)(struct vcpu *v);
void (*processor_shadow)(struct vcpu *v);

struct vmx_controls vmx_controls;
uint64_t sched_slice = 1000;

static struct {
	struct vcpu v;
	struct vmx_vcpu vmx;
	struct xen_vcpu xen;
	struct vlapic lapic;
	struct processor_vmcs vmcs;
} vcpus[PROCESSORS];

static void reset_vcpu(struct vcpu *v, uint16_t slot)
{
	uint32_t i = v->id;

	v->domain = &processor_domain;
	v->vmx = &vcpus[i].vmx;
	v->xen = &vcpus[i].xen;
	v->lapic = &vcpus[i].lapic;
	v->state = VCPU_RUNNING;
	v->vmx->last_core = ~0U;
	v->vmx->vpid = tags_vpid(slot, i);
	vcpus[i].vmcs.controls2 = vmx_controls.proc2;
	processor_domain.vcpus[i] = v;
	ASSERT(hw_pages_create(v) == OK);
}

void processor_reset(uint16_t slot, bool vpids)
{
	static bool records;
	struct pcpu *me = host_cpu;

	memset(processors, 0, sizeof(processors));
	memset(vcpus, 0, sizeof(vcpus));
	vmx_controls.invept_single = true;
	vmx_controls.invvpid_single = true;
	vmx_controls.proc2 = vpids ? PROC2_VPID : 0;
	processor_domain.vcpu_count = PROCESSORS;
	ASSERT(physmap_init(&processor_domain.physmap, slot) == OK);
	for (uint32_t i = 0; i < PROCESSORS; i++) {
		vcpus[i].v.id = i;
		reset_vcpu(&vcpus[i].v, slot);
		pcpus[i]->slice_end = ~0ULL;
		pcpus[i]->shared.run = 0;
		host_cpu = pcpus[i];
		if (!records)
			ASSERT(tags_init_core() == OK);
	}
	host_cpu = me;
	records = true;
}

void processor_end(void)
{
	for (uint32_t c = 0; c < PROCESSORS; c++)
		ASSERT(!processors[c].vcpu && !(pcpus[c]->shared.run & RUN_ODD));
	for (uint32_t i = 0; i < PROCESSORS; i++)
		hw_pages_destroy(&vcpus[i].v);
	while (physmap_teardown(&processor_domain.physmap))
		;
	physmap_retire(&processor_domain.physmap);
}

struct vcpu *processor_vcpu(uint32_t id)
{
	return &vcpus[id].v;
}

struct processor_vmcs *processor_vmcs(uint32_t id)
{
	return &vcpus[id].vmcs;
}

void processor_run(struct vcpu *v)
{
	v->state = VCPU_RUNNING;
	store_relaxed(&v->core, this_cpu()->id);
	this_cpu()->vcpu = v;
	tags_load(v);
	hw_pages_load(v);
	store_release(&this_cpu()->shared.current, v);
	vcpu_arch_run(v);
	store_release(&this_cpu()->shared.current, NULL);
}

static void touch_frame(uint64_t hpa, uint32_t life, uint32_t core)
{
	pfn_t pfn = hpa_pfn(to_hpa(hpa));

	if (!memory_count(pfn) || memory_life(pfn) != life)
		tlb_fault("its VMCS holds a frame that was freed", core, to_gfn(0));
}

void processor_touch(uint32_t core, const uint64_t *gfns, unsigned int count)
{
	struct vcpu *v = processors[core].vcpu;
	const struct pcpu_shared *s = &pcpus[core]->shared;
	const struct processor_vmcs *vmcs;
	uint64_t eptp = v->domain->physmap.eptp;

	ASSERT((s->run & RUN_ODD) && (s->run & RUN_SLOT) == v->domain->physmap.slot); /* I10 */
	for (unsigned int i = 0; i < count; i++) {
		if (gfns[i] < TLB_LINEAR)
			(void)tlb_use_linear(core, eptp, v->vmx->vpid, (uint32_t)gfns[i]);
		(void)tlb_use(core, eptp, to_gfn(gfns[i]));
	}
	vmcs = processor_vmcs(v->id);
	if (vmcs->controls & PROC_TPR_SHADOW)
		touch_frame(vmcs->virtual_apic, vmcs->virtual_apic_life, core);
	if (vmcs->controls2 & PROC2_APIC_ACCESS)
		touch_frame(vmcs->apic_access, vmcs->apic_access_life, core);
}

/* ---- entries and exits ---- */

/* An event that waits ends the guest's run. */
static bool interrupted(struct processor *p)
{
	if (load_acquire(&p->nmi) && !p->nmi_blocked) {
		store_release(&p->nmi, false);
		p->nmi_blocked = true; /* until an IRET: SDM vol. 3, 27.5.5 */
		p->exit_reason = EXIT_EXCEPTION_NMI;
		return true;
	}
	if (load_acquire(&p->kick) && !p->deaf) {
		store_release(&p->kick, false);
		p->exit_reason = EXIT_EXTERNAL_INTERRUPT;
		return true;
	}
	return false;
}

/* From here on its frames are not freed. (One that is freed and comes back to its place before an
 * entry is written to the VMCS no second time.) */
static void frames_entered(struct processor_vmcs *vmcs)
{
	if (vmcs->controls & PROC_TPR_SHADOW)
		vmcs->virtual_apic_life = memory_life(hpa_pfn(to_hpa(vmcs->virtual_apic)));
	if (vmcs->controls2 & PROC2_APIC_ACCESS)
		vmcs->apic_access_life = memory_life(hpa_pfn(to_hpa(vmcs->apic_access)));
}

static void guest(struct processor *p, struct vcpu *v)
{
	bool vpids = vmx_controls.proc2 & PROC2_VPID;

	tlb_transition(this_cpu()->id, vpids);
	store_relaxed(&p->entries, p->entries + 1);
	frames_entered(processor_vmcs(v->id));
	__atomic_store_n(&p->vcpu, v, __ATOMIC_RELEASE);
	do
		p->exit_reason = processor_guest(v);
	while (p->exit_reason == PROCESSOR_STAY && !interrupted(p));
	__atomic_store_n(&p->vcpu, NULL, __ATOMIC_RELEASE);
	tlb_transition(this_cpu()->id, vpids);
}

bool vmx_guest_loop(struct vcpu *v, bool launched)
{
	struct pcpu_shared *s = &this_cpu()->shared;

	(void)launched;
	do {
		guest(&processors[this_cpu()->id], v);
		store_release(&s->run, s->run + RUN_ODD); /* the exit stub's first store */
	} while (run_exited(v));
	return false;
}

void exits_dispatch(struct vcpu *v, uint32_t reason)
{
	switch (reason) {
	case EXIT_EXCEPTION_NMI: exit_exception_nmi(v); break;
	case EXIT_EXTERNAL_INTERRUPT: exit_external_interrupt(v); break;
	case EXIT_HLT: store_relaxed(&v->state, VCPU_BLOCKED); break;
	default: panic("exit reason %u", reason);
	}
}

void xen_hypercall(struct vcpu *v)
{
	processor_vmcall(v);
}

void exit_cpuid(struct vcpu *v)
{
	(void)v;
}

/* ---- interrupts ---- */

void apic_send_kick(uint32_t core)
{
	store_release(&processors[core].kick, true);
}

void apic_send_nmi(uint32_t core)
{
	store_release(&processors[core].nmi, true);
}

void irq_dispatch(uint8_t vector)
{
	(void)vector;
}

void nmi_received(const struct trap_frame *frame)
{
	(void)frame;
}

void nmi_unblock(void)
{
	processors[this_cpu()->id].nmi_blocked = false;
}

/* ---- the VMCS ---- */

static struct processor_vmcs *current_vmcs(void)
{
	return &vcpus[this_cpu()->vcpu->id].vmcs;
}

uint64_t host_vmread(uint32_t encoding)
{
	const struct processor *p = &processors[this_cpu()->id];
	const struct processor_vmcs *vmcs = current_vmcs();

	if (encoding == VMCS32_EXIT_REASON.encoding)
		return p->exit_reason;
	if (encoding == VMCS32_EXIT_INTR_INFO.encoding)
		return p->exit_reason == EXIT_EXCEPTION_NMI ? INTR_TYPE_NMI : VECTOR_KICK;
	if (encoding == VMCS64_EPTP.encoding)
		return processor_domain.physmap.eptp;
	if (encoding == VMCS16_VPID.encoding)
		return this_cpu()->vcpu->vmx->vpid;
	if (encoding == VMCS32_PROC_CONTROLS.encoding)
		return vmcs->controls;
	if (encoding == VMCS32_PROC2_CONTROLS.encoding)
		return vmcs->controls2;
	if (encoding == VMCS64_VIRTUAL_APIC.encoding)
		return vmcs->virtual_apic;
	if (encoding == VMCS64_APIC_ACCESS.encoding)
		return vmcs->apic_access;
	return 0;
}

void host_vmwrite(uint32_t encoding, uint64_t value)
{
	struct processor_vmcs *vmcs = current_vmcs();

	if (encoding == VMCS32_PROC_CONTROLS.encoding) {
		vmcs->controls = (uint32_t)value;
	} else if (encoding == VMCS32_PROC2_CONTROLS.encoding) {
		vmcs->controls2 = (uint32_t)value;
	} else if (encoding == VMCS64_VIRTUAL_APIC.encoding) {
		vmcs->virtual_apic = value;
	} else if (encoding == VMCS64_APIC_ACCESS.encoding) {
		vmcs->apic_access = value;
	}
}

void vmx_capabilities_read(struct vmx_capabilities *out)
{
	*out = (struct vmx_capabilities){ .proc = ~0ULL, .proc2 = ~0ULL };
}

/* ---- what stands above ---- */

/* As vcpu_request() would. */
void physmap_waiters_ready(struct physmap *pm)
{
	(void)pm;
	for (uint32_t i = 0; i < PROCESSORS; i++) {
		struct vcpu *v = &vcpus[i].v;

		uint32_t core = load_relaxed(&v->core);

		(void)atomic_or(&v->attn.bits, ATTN_SHADOW);
		if (core != this_cpu()->id && (load_acquire(&pcpus[core]->shared.run) & RUN_ODD))
			apic_send_kick(core);
	}
}

void xen_vcpu_service(struct vcpu *v, uint32_t bits)
{
	if ((bits & ATTN_SHADOW) && processor_shadow)
		processor_shadow(v);
}

void inject_nmi(struct vcpu *v)
{
	(void)v;
}

void inject_prepare_slow(struct vcpu *v, int upcall)
{
	(void)v;
	(void)upcall;
}

void inject_restore_vectoring(struct vcpu *v)
{
	(void)v;
}

void inject_software_breakpoint(struct vcpu *v)
{
	(void)v;
}

void vmx_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
{
	(void)v;
	(void)has_error;
	(void)error;
	panic("exception %u", vector);
}

void debug_regs_trap(struct vcpu *v, uint64_t qualification)
{
	(void)v;
	(void)qualification;
}

void exits_skip_slow(struct vcpu *v, uint64_t rip)
{
	(void)v;
	(void)rip;
}

int upcall_vector(struct vcpu *v)
{
	(void)v;
	return -1;
}

void vlapic_service(struct vcpu *v)
{
	(void)v;
}

void vlapic_timer_service(struct vcpu *v)
{
	(void)v;
}

void domain_crash(struct vcpu *v, const char *fmt, ...)
{
	(void)v;
	panic("domain crashed: %s", fmt);
}
