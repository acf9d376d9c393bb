// SPDX-License-Identifier: MIT
// variants: 64
// memory: 4200
// timeout: 120
// solo
//
// RAM above 4 GiB: it is in the map, it can be used, and nothing is behind its end. On every
// machine with enough memory: all ok.
#include "tests/guest/lib/guest.h"

void test_main(void)
{
	const struct hvm_memmap_table_entry *m = (void *)(uintptr_t)start_info->memmap_paddr;
	uint64_t high = 0, end = 0, total = 0, low_end = m[0].addr + m[0].size;
	unsigned int wrong = 0;

	for (uint32_t i = 0; i < start_info->memmap_entries; i++) {
		if (m[i].type != XEN_HVM_MEMMAP_TYPE_RAM)
			continue;
		total += m[i].size;
		if (m[i].addr >= 1ULL << 32) {
			high = m[i].addr;
			end = m[i].addr + m[i].size;
		}
	}
	ok(total > 4199ULL << 20 && total <= 4200ULL << 20, "4200 MiB in the map: %lu MiB",
	   (unsigned long)(total >> 20));
	if (!ok(high == 1ULL << 32 && end > high, "RAM from 4 GiB to 0x%lx", (unsigned long)end))
		return;
	for (uint64_t at = high; at < end; at += 16 << 20)
		*(volatile uint64_t *)map_high(at) = at ^ 0x55;
	for (uint64_t at = high; at < end; at += 16 << 20)
		wrong += *(volatile uint64_t *)map_high(at) != (at ^ 0x55);
	ok_eq(wrong, 0, "it holds what is written");
	*(volatile uint64_t *)map_high(end - 8) = 77;
	ok_eq(*(volatile uint64_t *)map_high(end - 8), 77, "to the last word");
	ok_eq(*map_high(end), 0xff, "and nothing is behind it");
	*(volatile uint32_t *)(low_end - 4) = 78;
	ok_eq(*(volatile uint32_t *)(low_end - 4), 78, "the low RAM holds to its end at 0x%lx",
	      (unsigned long)low_end);
	ok_eq(*(volatile uint8_t *)0xfd000000UL, 0xff, "nothing is in the hole below 4 GiB");
	events_init();
	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_shared_info, 0, end / PAGE_SIZE - 1), 0,
	      "shared_info over high RAM");
	ok(((volatile struct shared_info *)map_high(end - PAGE_SIZE))
			   ->vcpu_info[0]
			   .time.tsc_to_system_mul != 0,
	   "is there");
}
