// SPDX-License-Identifier: MIT
#ifndef TESTS_GUEST_VMX_RANDOM_H
#define TESTS_GUEST_VMX_RANDOM_H

#include "tests/guest/lib/vmx.h"

/* Pages of L1's that its VMCS names, above the image; then EPT12's tables, and what they map. */
#define IO_A     0x200000UL
#define IO_B     0x201000UL
#define MSR_BITS 0x202000UL
#define VAPIC    0x203000UL
#define OTHERS   0x204000UL
#define LIST     0x205000UL
#define STORES   0x206000UL
#define LOADS    0x207000UL
#define POINTERS 0x208000UL
#define PML_LOG  0x209000UL
#define READS    0x20a000UL
#define WRITES   0x20b000UL
#define SHADOW   0x20c000UL
#define TABLES   0x210000UL
#define DATA     0x400000UL
#define NOWHERE  0xc0000000UL /* no memory on either machine */

#define MSRS 8 /* entries of a list */

/* --- main.c --- */

uint64_t random_next(void);
unsigned int random_below(unsigned int n);
uint64_t add_to_hash(uint64_t hash, uint64_t value);
/* Something was done for which the entry may be refused. */
void count_change(void);

/* --- changes.c: fields --- */

/* Good values for the addresses that controls make matter. */
void good_addresses(void);
/* Change some fields of the current VMCS, some for the better; what was done, as text. */
void random_changes(char *text, size_t size);

/* --- memory.c: what the fields point to --- */

/* Lists of MSRs, bitmaps, the virtual-APIC page, a shadow VMCS; controls that use them. */
void random_memory(char *text, size_t size);
/* The MSRs' values that an exit stored. */
uint64_t hash_memory(uint64_t hash);

/* --- tables.c: EPT12 --- */

/* What L2 may find of the machine's own: as on the other machine. */
void memory_init(void);
/* The same of what earlier entries have left. */
void tables_init(void);
void random_tables(char *text, size_t size);
/* An address that random_tables() may have mapped. */
uint64_t random_address(void);
/* Accessed and dirty flags, what L2 wrote, the log of dirty pages. */
uint64_t hash_tables(uint64_t hash, bool say);

/* --- program.c: what L2 does --- */

extern const char program[];
void random_program(void);

/* --- beside.c: another guest, which must see nothing of this --- */

void be_beside(void);
/* It may end. */
void end_beside(void);

#endif
