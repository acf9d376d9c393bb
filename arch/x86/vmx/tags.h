// SPDX-License-Identifier: MIT
/*
 * TLB tags: EP4TA (one per physmap) and VPID (one per vCPU). A core flushes a physmap's tag lazily,
 * before its first entry after the physmap changed (docs/gpc.md), and a vCPU's tag when the vCPU
 * comes from another core: what that left behind here may be older than what the guest flushed
 * there since.
 */
#ifndef ARCH_X86_VMX_TAGS_H
#define ARCH_X86_VMX_TAGS_H

#include "arch/x86/vmx/vmx.h"

/* Debug builds remember what each core has flushed. ERR_NOMEM. */
enum status tags_init_core(void) must_check;

/* Drop this core's guest-physical and combined mappings of the physmap. The caller has sampled
 * `gen` from it before. */
void tags_flush_physmap(const struct physmap *pm, uint64_t gen);
/* The same for any EPT pointer. */
void tags_flush_eptp(uint64_t eptp);
/* Drop this core's linear and combined mappings of the vCPU. */
void tags_flush_vcpu(struct vcpu *v);
/* The vCPU is being loaded on this core: what the protocol of entries keeps of the two. */
void tags_load(struct vcpu *v);

/* Debug builds: panic unless every tag that an entry would use was flushed for its generation. */
void tags_check(const struct vcpu *v);

static inline uint16_t tags_vpid(uint32_t slot, uint32_t vcpu)
{
	return (uint16_t)(1 + slot * MAX_VCPUS + vcpu); /* 0 is the host's */
}

/* For the vCPU's own guests. */
static inline uint16_t tags_vpid_l2(uint32_t slot, uint32_t vcpu)
{
	return (uint16_t)(MAX_PHYSMAPS * MAX_VCPUS + tags_vpid(slot, vcpu));
}

#define TAGS_VPIDS (1 + 2 * MAX_PHYSMAPS * MAX_VCPUS)
static_assert(TAGS_VPIDS <= 0x10000, "a VPID has 16 bits");

#endif
