// SPDX-License-Identifier: MIT
/*
 * One event-channel port as a 64-bit word, read and written whole:
 *
 *   3:0    what is bound (enum evtchn_kind)
 *   23:8   vCPU that is notified
 *   63:32  by kind: UNBOUND the domid that may bind; INTERDOMAIN the peer's slot (63:56) and port
 *          (55:32); VIRQ its number; SERVICE its index
 */
#ifndef XENABI_EVTCHN_WORD_H
#define XENABI_EVTCHN_WORD_H

#include "core/lib/types.h"

/* As EVTCHNSTAT_* where the ABI has a number (xen/event_channel.h). */
enum evtchn_kind {
	EVTCHN_FREE = 0,
	EVTCHN_UNBOUND = 1,
	EVTCHN_INTERDOMAIN = 2,
	EVTCHN_VIRQ = 4,
	EVTCHN_IPI = 5,
	EVTCHN_SERVICE = 6,
};

static inline uint64_t evtchn_word(enum evtchn_kind kind, uint32_t vcpu, uint32_t payload)
{
	return (uint64_t)kind | (uint64_t)(vcpu & 0xffff) << 8 | (uint64_t)payload << 32;
}

static inline enum evtchn_kind evtchn_word_kind(uint64_t w)
{
	return (enum evtchn_kind)(w & 0xf);
}

static inline uint32_t evtchn_word_vcpu(uint64_t w)
{
	return (uint32_t)(w >> 8) & 0xffff;
}

static inline uint32_t evtchn_word_payload(uint64_t w)
{
	return (uint32_t)(w >> 32);
}

static inline uint64_t evtchn_word_with_vcpu(uint64_t w, uint32_t vcpu)
{
	return (w & ~0xffff00ULL) | (uint64_t)(vcpu & 0xffff) << 8;
}

static inline uint64_t evtchn_word_interdomain(uint32_t vcpu, uint16_t slot, uint32_t port)
{
	return evtchn_word(EVTCHN_INTERDOMAIN, vcpu, (uint32_t)slot << 24 | port);
}

static inline uint16_t evtchn_word_slot(uint64_t w)
{
	return (uint16_t)(w >> 56);
}

static inline uint32_t evtchn_word_peer(uint64_t w)
{
	return (uint32_t)(w >> 32) & 0xffffff;
}

#endif
