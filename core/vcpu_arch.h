// SPDX-License-Identifier: MIT
/* What the Xen ABI layer asks of the processor layer above it; implemented in arch/x86/vmx. */
#ifndef CORE_VCPU_ARCH_H
#define CORE_VCPU_ARCH_H

#include "core/vcpu.h"

enum vcpu_mode { VCPU_MODE_REAL, VCPU_MODE_PROT16, VCPU_MODE_32, VCPU_MODE_64 };

/* The width of the current code segment (64 only with EFER.LMA and CS.L), and the CPL (3 in VM86).
 * The vCPU is loaded on this core. */
enum vcpu_mode vcpu_arch_mode(struct vcpu *v);
unsigned int vcpu_arch_cpl(struct vcpu *v);
/* VCPU_MODE_64 at CPL 0, which nearly every hypercall comes from, in one look; false may also mean
 * that it takes two. */
bool vcpu_arch_kernel_64(struct vcpu *v);
/* Whether the guest is in long mode (EFER.LMA): decides the layout that is latched. */
bool vcpu_arch_long_mode(struct vcpu *v);
/* CR3 alone, and whether CR4.SMAP is set. Loaded vCPU. */
uint64_t vcpu_arch_cr3(struct vcpu *v);
bool vcpu_arch_smap(struct vcpu *v);
/* The paging registers for a walk on behalf of the current instruction. Loaded vCPU. */
void vcpu_arch_paging(struct vcpu *v, struct guest_paging *out);

/* A PVH or Linux-boot-protocol start (xen.git docs/misc/pvh; Linux boot.rst): flat 32-bit. */
struct vcpu_start {
	uint32_t eip, ebx, esi;
	bool linux_selectors; /* CS 0x10, DS 0x18 (boot.rst), else as PVH says */
};
/* Set the architectural state of an offline vCPU that is not loaded. */
void vcpu_arch_start(struct vcpu *v, const struct vcpu_start *start);

/* VCPUOP_initialise: a struct vcpu_hvm_context (xen/hvm/hvm_vcpu.h) already copied in. Checks it
 * and sets an offline vCPU's state; -EINVAL as the ABI says. */
struct vcpu_hvm_context;
int vcpu_arch_initialise(struct vcpu *v, const struct vcpu_hvm_context *ctx) must_check;

/* Queue a fixed, edge-triggered interrupt in the vCPU's local APIC; false when the APIC is software
 * disabled (the interrupt is lost then, as in hardware). Any core. */
bool vlapic_post(struct vcpu *v, uint8_t vector);
/* How far the guest's TSC is ahead of the machine's (0 unless the guest wrote it). Any core. A change
 * of it is followed by vcpu_request(v, ATTN_TIME). */
uint64_t vcpu_arch_tsc_offset(const struct vcpu *v);
/* Queue an NMI (VCPUOP_send_nmi). Any core. */
void vcpu_arch_nmi(struct vcpu *v);
/*
 * For tests, debug builds only (arch/x86/vmx/hw_pages.c): point a page of the vCPU's VMCS at a frame
 * of its guest; INVALID_FRAME takes it back. The first time for itself: ERR_INVALID for another vCPU
 * that has none. ERR_UNSUPPORTED: not on this machine. Outside sections.
 */
enum vcpu_hw_page { VCPU_HW_APIC_ACCESS, VCPU_HW_VIRTUAL_APIC, VCPU_HW_POSTED };
enum status vcpu_arch_hw_page(struct vcpu *v, enum vcpu_hw_page page, gfn_t gfn) must_check;
/* The cache behind it, for show. */
struct gpc;
const struct gpc *vcpu_arch_hw_gpc(const struct vcpu *v, enum vcpu_hw_page page);

/* The pages of its guest that a vCPU runs a guest of its own with (nestedhvm), some perhaps twice,
 * each to page(), which may move it. The vCPU is paused and off its core; outside sections. */
void vcpu_arch_nested_pages(struct vcpu *v, void (*page)(gfn_t gfn));

/* Leave RIP on the VMCALL so that the hypercall is issued again (continuation). Loaded vCPU. */
void vcpu_arch_repeat_hypercall(struct vcpu *v);

#endif
