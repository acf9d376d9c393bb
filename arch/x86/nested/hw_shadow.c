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

#define LINK_POINTER_NONE (~0ULL)
#define FIELDS_MAX        40

struct hw_shadow {
	uint32_t *vmcs;
	uint8_t *reads, *writes; /* bitmaps by encoding: 1 exits */
	unsigned int written;    /* of the fields those at the start, which L1 may write, too */
	unsigned int count;
	struct {
		uint16_t encoding, slot; /* in vmcs12 */
	} field[FIELDS_MAX];
};

/* What a hypervisor writes for most entries ... */
static const uint16_t written[] = {
	0x2010, /* TSC offset */
	0x4002, /* processor-based controls: windows */
	0x4004, /* exception bitmap */
	0x4012, /* entry controls */
	0x4016, /* entry interruption information */
	0x4018, /* entry error code */
	0x401a, /* entry instruction length */
	0x401c, /* TPR threshold */
	0x4824, /* interruptibility */
	0x482e, /* preemption timer */
	0x6000, /* CR0 mask */
	0x6004, /* CR0 shadow */
	0x6006, /* CR4 shadow */
	0x6800, /* CR0 */
	0x6802, /* CR3 */
	0x6804, /* CR4 */
	0x681c, /* RSP */
	0x681e, /* RIP */
	0x6820, /* RFLAGS */
	0x6822, /* pending debug exceptions */
	0x6c06, /* host FS base */
	0x6c08, /* host GS base */
};

/* ... and what it reads of an exit. */
static const uint16_t read_only[] = {
	0x2400,                  /* guest-physical address */
	0x4402,                  /* exit reason */
	0x4404,                  /* exit interruption information */
	0x4406,                  /* exit interruption error code */
	0x4408,                  /* IDT-vectoring information */
	0x440a,                  /* IDT-vectoring error code */
	0x440c,                  /* instruction length */
	0x440e,                  /* instruction information */
	0x6400,                  /* qualification */
	0x4814 + 2 * VMX_SEG_CS, /* access rights */
	0x4814 + 2 * VMX_SEG_SS,
	0x640a, /* guest linear address */
};

static_assert(array_size(written) + array_size(read_only) <= FIELDS_MAX, "all fields have room");

static void pass(uint8_t *bitmap, uint16_t encoding)
{
	bitmap[encoding / 8] &= (uint8_t) ~(1U << encoding % 8);
}

/* A field that is not offered to L1 is not passed to it, whatever the machine has. */
static void choose(const struct vcpu *v, struct hw_shadow *s, const uint16_t *encodings,
		   unsigned int count)
{
	uint32_t slot;

	for (unsigned int i = 0; i < count; i++) {
		if (vmcs12_find(nested_caps_of(v), encodings[i], false, &slot))
			continue;
		s->field[s->count].encoding = encodings[i];
		s->field[s->count].slot = (uint16_t)slot;
		s->count++;
		pass(s->reads, encodings[i]);
	}
}

static void choose_fields(const struct vcpu *v, struct hw_shadow *s)
{
	memset(s->reads, 0xff, PAGE_SIZE);
	memset(s->writes, 0xff, PAGE_SIZE);
	choose(v, s, written, array_size(written));
	s->written = s->count;
	choose(v, s, read_only, array_size(read_only));
	for (unsigned int i = 0; i < s->written; i++)
		pass(s->writes, s->field[i].encoding);
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
	vmwrite64(VMCS64_LINK_POINTER, LINK_POINTER_NONE);
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

void hw_shadow_fill(struct vcpu *v)
{
	const uint64_t *slots = &nested_of(v)->vmcs12->vpid;
	struct hw_shadow *s = nested_of(v)->shadow;

	if (!s)
		return;
	if (nested_of(v)->current == NESTED_NO_VMCS) {
		vmwrite64(VMCS64_LINK_POINTER, LINK_POINTER_NONE);
		return;
	}
	begin(s);
	for (unsigned int i = 0; i < s->count; i++)
		vmwrite_field(s->field[i].encoding, slots[s->field[i].slot]);
	end(v, s);
	vmwrite64(VMCS64_LINK_POINTER, own_hpa(s->vmcs).a);
}

void hw_shadow_take(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	const uint64_t *slots = &n->vmcs12->vpid;
	struct hw_shadow *s = n->shadow;

	if (!s || n->current == NESTED_NO_VMCS)
		return;
	begin(s);
	for (unsigned int i = 0; i < s->written; i++) {
		uint64_t value = vmread_field(s->field[i].encoding);
		enum vmfail error = VMFAIL_NONE;

		if (value != slots[s->field[i].slot])
			error = vmcs12_write(nested_caps_of(v), n->vmcs12, s->field[i].encoding,
					     value, &n->groups);
		ASSERT(error == VMFAIL_NONE);
	}
	end(v, s);
}
