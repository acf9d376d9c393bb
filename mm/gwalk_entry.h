// SPDX-License-Identifier: MIT
/* The forms of a guest's paging-structure entries: private to gwalk.c. Pure. */
#ifndef MM_GWALK_ENTRY_H
#define MM_GWALK_ENTRY_H

#include "core/lib/bits.h"
#include "mm/gwalk.h"

/* Control register bits the walk depends on (SDM vol. 3, 2.5 and 4.1). */
#define GCR0_WP    BIT(16)
#define GCR0_PG    BIT(31)
#define GCR4_PSE   BIT(4)
#define GCR4_PAE   BIT(5)
#define GCR4_SMEP  BIT(20)
#define GCR4_SMAP  BIT(21)
#define GEFER_LMA  BIT(10)
#define GEFER_NXE  BIT(11)
#define GRFLAGS_AC BIT(18)

#define GPTE_P     BIT(0)
#define GPTE_W     BIT(1)
#define GPTE_U     BIT(2)
#define GPTE_A     BIT(5)
#define GPTE_D     BIT(6)
#define GPTE_PS    BIT(7)
#define GPTE_NX    BIT(63)
#define GPTE_FRAME BITS(51, 12)

/* The shape of a walk: how many levels, how wide its entries and indices are. */
struct shape {
	uint8_t levels;
	bool wide;
};

static inline struct shape shape_of(const struct guest_paging *gp)
{
	if (!(gp->cr4 & GCR4_PAE))
		return (struct shape){ 2, false };
	return (struct shape){ gp->efer & GEFER_LMA ? 4 : 3, true };
}

/* Byte offset of the entry in its table. */
static inline uint32_t entry_offset(const struct guest_paging *gp, struct shape s,
				    unsigned int level, uint64_t linear)
{
	if (!s.wide)
		return (uint32_t)(linear >> (12 + 10 * level) & 1023) * 4;
	if (s.levels == 3 && level == 2)
		return (uint32_t)(gp->cr3 & 0xfe0) + (uint32_t)(linear >> 30 & 3) * 8;
	return (uint32_t)(linear >> (12 + 9 * level) & 511) * 8;
}

/* Whether an entry maps a large page. */
static inline bool is_large(const struct guest_paging *gp, struct shape s, unsigned int level,
			    uint64_t entry)
{
	if (level == 0 || !(entry & GPTE_PS))
		return false;
	if (!s.wide)
		return gp->cr4 & GCR4_PSE;
	return level == 1 || (level == 2 && s.levels == 4);
}

/* gfn of the 4 KiB page that a leaf at `level` maps for linear. */
static inline uint64_t leaf_gfn(struct shape s, unsigned int level, uint64_t entry, uint64_t linear)
{
	unsigned int bits = (s.wide ? 9U : 10U) * level;
	uint64_t inside = linear >> PAGE_SHIFT & (BIT(bits) - 1);
	uint64_t frame = (entry & GPTE_FRAME) >> PAGE_SHIFT;

	/* PSE-36: bits 20..13 of a 4 MiB leaf are address bits 39..32 (SDM vol. 3, table 4-4). */
	if (!s.wide && level)
		frame = (entry >> 22 & 1023) << 10 | (entry >> 13 & 0xff) << 20;
	return (frame & ~(BIT(bits) - 1)) | inside;
}

#endif
