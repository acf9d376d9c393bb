// SPDX-License-Identifier: MIT
/*
 * The hypervisor's own address space (docs/memory.md):
 *
 *   IMAGE_BASE   0xffffffff80000000  the image: text RX, rodata R, data and bss RW
 *   VMAP_BASE    0xffffff8000000000  devices (uncached), firmware tables and modules while they are
 *                                    read; mappings here belong to the core that made them
 *   PERCORE_BASE 0xffffff0000000000  per core: stacks between guard pages, struct pcpu, its tables
 *   SELF_BASE    0xfffffe8000000000  the page tables themselves (the top-level table maps itself)
 *   WINDOWS_BASE 0xfffffe0000000000  windows of the core that looks: each has tables of its own here
 *   FRAMES_BASE  0xffffc00000000000  frame table (struct frame), backed where there is RAM
 *   OWN_BASE     0xffff800000000000  own memory at OWN_BASE + hpa, mapped 2 MiB at a time when the
 *                                    hypervisor takes a chunk for itself; never unmapped
 *
 * Nothing else is mapped: no guest frame is, but through a window, and that on one core. All other
 * tables are shared; top-level entries are complete before the first core gets its own copy of them.
 */
#ifndef ARCH_X86_CPU_PAGING_H
#define ARCH_X86_CPU_PAGING_H

#include "core/lib/types.h"

#define IMAGE_BASE   0xffffffff80000000UL
#define VMAP_BASE    0xffffff8000000000UL
#define SELF_BASE    0xfffffe8000000000UL
#define WINDOWS_BASE 0xfffffe0000000000UL
#define PERCORE_BASE 0xffffff0000000000UL
#define FRAMES_BASE  0xffffc00000000000UL
#define OWN_BASE     0xffff800000000000UL

#define PTE_P   1ULL
#define PTE_RW  (1ULL << 1)
#define PTE_PWT (1ULL << 3)
#define PTE_PCD (1ULL << 4)
#define PTE_A   (1ULL << 5)
#define PTE_D   (1ULL << 6)
#define PTE_PS  (1ULL << 7)
#define PTE_G   (1ULL << 8)
#define PTE_NX  (1ULL << 63)

enum map_kind { MAP_RAM_RW, MAP_RAM_RO, MAP_DEVICE };

/*
 * Map len bytes at hpa (any alignment) in the vmap area; NULL when the area or memory is used up.
 * For devices and for boot data; only the calling core may use the address, unless it was mapped
 * at boot before the other cores started. Takes the frame allocator's lock for page tables.
 */
void *paging_map(hpa_t hpa, uint64_t len, enum map_kind kind) must_check;
void paging_unmap(void *va, uint64_t len);

/* The tables of boot/entry.asm become the final ones: image W^X, nothing else. Boot core, first. */
void paging_init(hpa_t load_address);
/* Protections of the calling core: WP, NX, SMEP, SMAP, UMIP, global pages, machine checks. */
void paging_init_core(void);
/* The physical address of something in the image. */
hpa_t image_hpa(const void *p);
/* Whether a read of the 8 bytes at an aligned address would not fault. Any context. */
bool paging_mapped(const void *va);
/* Take the write right from whole pages of the image, for good. Boot core, before others start. */
void paging_make_readonly(void *va, uint64_t len);

/* Map one 2 MiB chunk of own memory at OWN_BASE + hpa (aligned). Called by mm/own.c alone. */
enum status paging_map_own(hpa_t hpa) must_check;
/*
 * Boot: where pages come from, contiguous; the address of the first, 0 when there is no more. Page
 * tables come from it too.
 */
typedef uint64_t (*paging_take_fn)(uint64_t pages);
/* Back [va, va+len) (whole pages: the frame table, per-core areas) with zeroed memory. */
enum status paging_map_boot(void *va, uint64_t len, paging_take_fn take) must_check;
/* The upper tables that own memory below `end` will need. Before paging_core_tables(). */
enum status paging_reserve_own(hpa_t end, paging_take_fn take) must_check;
/*
 * Make a core's address space in four mapped, zeroed pages: what all have, and windows at
 * WINDOWS_BASE. Returns what belongs in its CR3; the windows' entries are the last of the pages.
 */
#define PAGING_CORE_TABLES 4
uint64_t paging_core_tables(uint64_t *pages) must_check;
/* The entry that maps the 4 KiB page at va. Its table must exist. */
uint64_t *paging_pte(const void *va);
/* An entry of the top-level table that is the same on all cores (0 .. 511). */
uint64_t paging_top_entry(unsigned int index);
/* Bits of the entry of a page that is read and written and not executed. */
extern uint64_t paging_rw_bits;

/* Implemented in mm/frame.c: a zeroed frame for a page table, or 0. */
uint64_t paging_alloc_table(void) must_check;

#endif
