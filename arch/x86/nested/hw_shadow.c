// SPDX-License-Identifier: MIT
/*
 * VMCS shadowing by the machine (SDM vol. 3, 24.10): L1's VMREAD and VMWRITE of the fields that
 * matter go to a shadow VMCS without an exit. It is filled from vmcs12 before L1 runs, and vmcs12
 * takes back what L1 may have written before it is used. Other fields exit as ever.
 */
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/machine.h"
#include "core/lib/string.h"
#include "mm/own.h"

struct hw_shadow {
	uint32_t *vmcs;
	uint8_t *reads, *writes; /* bitmaps by encoding: 1 exits */
	bool tpr, timer;         /* these fields are offered */
};

/*
 * Fields by encoding and member of struct vmcs12, and which of the above they depend on: what a
 * hypervisor writes for most entries and no exit changes,
 */
#define KEPT(FIELD)                                                                                \
	FIELD(0x4002, proc, true) /* windows */                                                    \
	FIELD(0x4018, entry_error_code, true)                                                      \
	FIELD(0x401a, entry_insn_length, true)                                                     \
	FIELD(0x401c, tpr_threshold, s->tpr)                                                       \
	FIELD(0x6004, cr0_shadow, true)                                                            \
	FIELD(0x6006, cr4_shadow, true)                                                            \
	FIELD(0x6c06, host_fs_base, true)                                                          \
	FIELD(0x6c08, host_gs_base, true)                                                          \
	FIELD(0x6c14, host_rsp, true)
/* what exits change as well, */
#define SAVED(FIELD)                                                                               \
	FIELD(0x4016, entry_intr_info, true)                                                       \
	FIELD(0x4824, interruptibility, true)                                                      \
	FIELD(0x482e, preemption_timer, s->timer)                                                  \
	FIELD(0x6800, guest_cr0, true)                                                             \
	FIELD(0x6802, guest_cr3, true)                                                             \
	FIELD(0x6804, guest_cr4, true)                                                             \
	FIELD(0x681c, guest_rsp, true)                                                             \
	FIELD(0x681e, guest_rip, true)                                                             \
	FIELD(0x6820, guest_rflags, true)
#define WRITTEN(FIELD) KEPT(FIELD) SAVED(FIELD)
/* and what it reads of an exit. */
#define READ(FIELD)                                                                                \
	FIELD(0x4402, exit_reason, true)                                                           \
	FIELD(0x4404, exit_intr_info, true)                                                        \
	FIELD(0x4406, exit_intr_error, true)                                                       \
	FIELD(0x4408, idt_vectoring_info, true)                                                    \
	FIELD(0x440a, idt_vectoring_error, true)                                                   \
	FIELD(0x440c, exit_insn_length, true)                                                      \
	FIELD(0x440e, exit_insn_info, true)                                                        \
	FIELD(0x4816, guest_rights[VMX_SEG_CS], true)                                              \
	FIELD(0x4818, guest_rights[VMX_SEG_SS], true)                                              \
	FIELD(0x6400, exit_qualification, true)                                                    \
	FIELD(0x640a, guest_linear, true)

static void pass(uint8_t *bitmap, uint16_t encoding)
{
	bitmap[encoding / 8] &= (uint8_t) ~(1U << encoding % 8);
}

#define PASS_READ(encoding, member, there)                                                         \
	if (there)                                                                                 \
		pass(s->reads, encoding);
#define PASS_WRITE(encoding, member, there)                                                        \
	if (there)                                                                                 \
		pass(s->writes, encoding);

/* A field that is not offered to L1 is not passed to it, whatever the machine has. */
static void choose_fields(const struct vcpu *v, struct hw_shadow *s)
{
	uint32_t fields = nested_caps_of(v)->fields;

	s->tpr = fields >> VMCS12_TPR_SHADOW & 1;
	s->timer = fields >> VMCS12_PREEMPTION_TIMER & 1;
	memset(s->reads, 0xff, PAGE_SIZE);
	memset(s->writes, 0xff, PAGE_SIZE);
	WRITTEN(PASS_READ)
	READ(PASS_READ)
	WRITTEN(PASS_WRITE)
}

enum status hw_shadow_create(struct vcpu *v)
{
	struct hw_shadow *s;
	bool ok;

	if (!(vmx_machine.proc2 >> 32 & PROC2_SHADOW_VMCS))
		return OK;
	s = own_alloc(sizeof(*s));
	if (!s)
		return ERR_NOMEM;
	nested_of(v)->shadow = s;
	s->vmcs = own_alloc_pages(0);
	s->reads = own_alloc_pages(0);
	s->writes = own_alloc_pages(0);
	if (!s->vmcs || !s->reads || !s->writes)
		return ERR_NOMEM;
	choose_fields(v, s);
	*s->vmcs = vmx_controls.revision;
	ok = vmclear(own_hpa(s->vmcs));
	ASSERT(ok);
	*s->vmcs = vmx_controls.revision | VMCS12_SHADOW;
	return OK;
}

void hw_shadow_destroy(struct vcpu *v)
{
	struct hw_shadow *s = nested_of(v)->shadow;

	if (!s)
		return;
	if (s->vmcs)
		own_free_pages(s->vmcs, 0);
	if (s->reads)
		own_free_pages(s->reads, 0);
	if (s->writes)
		own_free_pages(s->writes, 0);
	own_free(s, sizeof(*s));
	nested_of(v)->shadow = NULL;
}

void hw_shadow_use(struct vcpu *v, bool on)
{
	struct hw_shadow *s = nested_of(v)->shadow;
	uint32_t controls = vmx_controls.proc2;

	if (!s)
		return;
	vmwrite64(VMCS64_LINK_POINTER, VMCS_NO_LINK);
	vmwrite64(VMCS64_VMREAD_BITMAP, own_hpa(s->reads).a);
	vmwrite64(VMCS64_VMWRITE_BITMAP, own_hpa(s->writes).a);
	vmwrite32(VMCS32_PROC2_CONTROLS, on ? controls | (uint32_t)PROC2_SHADOW_VMCS : controls);
}

/* The shadow VMCS is current between these two, and wholly in memory when the processor uses it
 * for L1. */
static void begin(struct hw_shadow *s)
{
	bool ok = vmptrld(own_hpa(s->vmcs));

	ASSERT(ok);
}

static void end(struct vcpu *v, struct hw_shadow *s)
{
	bool ok = vmclear(own_hpa(s->vmcs)) && vmptrld(own_hpa(v->vmx->vmcs));

	ASSERT(ok);
}

#define FILL(encoding, member, there)                                                              \
	if (there)                                                                                 \
		vmwrite_from(encoding, &v12->member);

void hw_shadow_fill(struct vcpu *v)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;
	struct hw_shadow *s = nested_of(v)->shadow;

	if (!s)
		return;
	if (nested_of(v)->current == NESTED_NO_VMCS) {
		vmwrite64(VMCS64_LINK_POINTER, VMCS_NO_LINK);
		return;
	}
	begin(s);
	KEPT(FILL)
	end(v, s);
	vmwrite64(VMCS64_LINK_POINTER, own_hpa(s->vmcs).a);
	hw_shadow_exited(v);
}

void hw_shadow_exited(struct vcpu *v)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;
	struct hw_shadow *s = nested_of(v)->shadow;

	if (!s)
		return;
	begin(s);
	SAVED(FILL)
	READ(FILL)
	end(v, s);
}

void hw_shadow_written(struct vcpu *v, uint64_t encoding)
{
	const struct hw_shadow *s = nested_of(v)->shadow;

	if (!s || encoding >= 8 * PAGE_SIZE || s->reads[encoding / 8] >> encoding % 8 & 1)
		return;
	hw_shadow_take(v); /* what is newer there stays */
	hw_shadow_fill(v);
}

void hw_shadow_save(struct vcpu *v)
{
	struct hw_shadow *s = nested_of(v)->shadow;
	bool ok = !s || vmclear(own_hpa(s->vmcs));

	ASSERT(ok);
}

/* As L1's VMWRITE would: the values are no wider than the fields. */
#define TAKE(encoding, member, there)                                                              \
	if (there) {                                                                               \
		uint64_t value = vmread_field(encoding);                                           \
                                                                                                   \
		if (value != v12->member) {                                                        \
			v12->member = value;                                                       \
			groups |= 1U << VMCS12_GROUP_OF_##member;                                  \
		}                                                                                  \
	}

void hw_shadow_take(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	struct vmcs12 *v12 = n->vmcs12;
	struct hw_shadow *s = n->shadow;
	uint32_t groups = 0;

	if (!s || n->current == NESTED_NO_VMCS)
		return;
	begin(s);
	WRITTEN(TAKE)
	end(v, s);
	n->groups |= groups;
}
