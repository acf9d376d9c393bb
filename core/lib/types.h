// SPDX-License-Identifier: MIT
/*
 * The types every layer speaks. Addresses and frame numbers of the guest-physical and of the
 * host-physical space are distinct C types in every build, so that shifting or mixing them up
 * does not compile.
 */
#ifndef CORE_LIB_TYPES_H
#define CORE_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define must_check                    __attribute__((warn_unused_result))
#define noreturn_fn                   __attribute__((noreturn))
#define noinline_fn                   __attribute__((noinline))
#define cold_fn                       __attribute__((noinline, cold)) /* small, not fast */
#define always_inline                 inline __attribute__((__always_inline__))
#define printf_like(f, a)             __attribute__((format(printf, f, a)))
#define packed_struct                 __attribute__((packed))
#define aligned_to(n)                 __attribute__((aligned(n)))
#define likely(x)                     __builtin_expect(!!(x), 1)
#define unlikely(x)                   __builtin_expect(!!(x), 0)
#define array_size(a)                 (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))
#define static_assert _Static_assert

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

/* Guest-physical and host-physical frame numbers and byte addresses. */
typedef struct {
	uint64_t n;
} gfn_t;
typedef struct {
	uint64_t n;
} pfn_t;
typedef struct {
	uint64_t a;
} gpa_t;
typedef struct {
	uint64_t a;
} hpa_t;

#define INVALID_FRAME (~0ULL)

static inline gfn_t to_gfn(uint64_t n)
{
	return (gfn_t){ n };
}

static inline pfn_t to_pfn(uint64_t n)
{
	return (pfn_t){ n };
}

static inline gpa_t to_gpa(uint64_t a)
{
	return (gpa_t){ a };
}

static inline hpa_t to_hpa(uint64_t a)
{
	return (hpa_t){ a };
}

static inline gfn_t gpa_gfn(gpa_t gpa)
{
	return to_gfn(gpa.a >> PAGE_SHIFT);
}

static inline gpa_t gfn_gpa(gfn_t gfn)
{
	return to_gpa(gfn.n << PAGE_SHIFT);
}

static inline pfn_t hpa_pfn(hpa_t hpa)
{
	return to_pfn(hpa.a >> PAGE_SHIFT);
}

static inline hpa_t pfn_hpa(pfn_t pfn)
{
	return to_hpa(pfn.n << PAGE_SHIFT);
}

static inline uint32_t gpa_offset(gpa_t gpa)
{
	return (uint32_t)(gpa.a & (PAGE_SIZE - 1));
}

static inline bool pfn_valid(pfn_t pfn)
{
	return pfn.n != INVALID_FRAME;
}

static inline bool gfn_valid(gfn_t gfn)
{
	return gfn.n != INVALID_FRAME;
}

/* What an internal operation came to. Hypercalls answer with the ABI's negative errno instead. */
enum status {
	OK = 0,
	ERR_NOMEM,       /* no frame, slot or table left */
	ERR_INVALID,     /* malformed or out of range */
	ERR_NOT_FOUND,   /* no such object, or nothing mapped there */
	ERR_EXISTS,      /* already there */
	ERR_BUSY,        /* in use; may work later */
	ERR_PERMISSION,  /* not allowed */
	ERR_UNSUPPORTED, /* this machine or build cannot */
	ERR_TRUNCATED,   /* the bytes end too early */
};

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t round_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static inline uint64_t round_down(uint64_t v, uint64_t align)
{
	return v & ~(align - 1);
}

#endif
