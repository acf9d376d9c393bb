// SPDX-License-Identifier: MIT
/*
 * The Xen ABI as this layer speaks it: Debian's public headers at one interface version, which
 * version of Xen we say we are, and the offsets of both layouts of the shared areas (the same
 * structures as 64-bit and as 32-bit guests see them), checked against the headers.
 */
#ifndef XENABI_ABI_H
#define XENABI_ABI_H

#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#endif

#include "core/lib/types.h" /* first: the Xen headers want its integer types */

#include <xen/errno.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/vcpu.h>
#include <xen/foreign/x86_32.h>

/* The version whose rows we serve. */
#define XENABI_MAJOR        4
#define XENABI_MINOR        17
#define XENABI_EXTRAVERSION ".0-xenith"

static_assert(__XEN_INTERFACE_VERSION__ == 0x00040e00, "Xen headers at another interface version");

/* struct shared_info: vcpu_info[32] comes first, 64 bytes each, in both layouts. */
#define SHARED_PENDING      0x800
#define SHARED_MASK_64      0xa00
#define SHARED_MASK_32      0x880
#define SHARED_WC_64        0xc00
#define SHARED_WC_32        0x900
#define SHARED_WC_SEC_HI_64 0xc0c
#define SHARED_WC_SEC_HI_32 0x924

static_assert(sizeof(struct vcpu_info) == 64, "xen.h vcpu_info");
static_assert(sizeof(struct vcpu_info_x86_32) == 64, "x86_32.h vcpu_info");
static_assert(offsetof(struct shared_info, evtchn_pending) == SHARED_PENDING, "64-bit");
static_assert(offsetof(struct shared_info_x86_32, evtchn_pending) == SHARED_PENDING, "32-bit");
static_assert(offsetof(struct shared_info, evtchn_mask) == SHARED_MASK_64, "64-bit mask");
static_assert(offsetof(struct shared_info_x86_32, evtchn_mask) == SHARED_MASK_32, "32-bit mask");
static_assert(offsetof(struct shared_info, wc_version) == SHARED_WC_64, "64-bit wallclock");
static_assert(offsetof(struct shared_info_x86_32, wc_version) == SHARED_WC_32, "32-bit wallclock");
static_assert(offsetof(struct shared_info, wc_sec_hi) == SHARED_WC_SEC_HI_64, "64-bit sec_hi");
static_assert(offsetof(struct shared_info_x86_32, arch.wc_sec_hi) == SHARED_WC_SEC_HI_32,
	      "32-bit sec_hi");

/* struct vcpu_info */
#define VCPU_INFO_SIZE           64
#define VCPU_INFO_UPCALL_PENDING 0
#define VCPU_INFO_SEL_64         8
#define VCPU_INFO_SEL_32         4
#define VCPU_INFO_TIME           32

static_assert(offsetof(struct vcpu_info, evtchn_upcall_pending) == VCPU_INFO_UPCALL_PENDING, "");
static_assert(offsetof(struct vcpu_info_x86_32, evtchn_upcall_pending) == VCPU_INFO_UPCALL_PENDING,
	      "");
static_assert(offsetof(struct vcpu_info, evtchn_pending_sel) == VCPU_INFO_SEL_64, "");
static_assert(offsetof(struct vcpu_info_x86_32, evtchn_pending_sel) == VCPU_INFO_SEL_32, "");
static_assert(offsetof(struct vcpu_info, time) == VCPU_INFO_TIME, "");
static_assert(offsetof(struct vcpu_info_x86_32, time) == VCPU_INFO_TIME, "");
static_assert(sizeof(struct vcpu_time_info) == 32, "xen.h vcpu_time_info");

#endif
