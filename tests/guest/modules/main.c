// SPDX-License-Identifier: MIT
// variants: 64
// solo
// config: ramdisk = "modules64.elf"
//
// A module in start_info's list: its own image as ramdisk. On every machine: all ok.
#include "tests/guest/lib/guest.h"

void test_main(void)
{
	const struct hvm_modlist_entry *m = (void *)(uintptr_t)start_info->modlist_paddr;
	const uint8_t *p;

	if (!ok(start_info->nr_modules == 1 && m, "one module"))
		return;
	ok(m->paddr % PAGE_SIZE == 0 && m->paddr + m->size <= 16 << 20, "in RAM, on a page: 0x%lx",
	   (unsigned long)m->paddr);
	ok(m->size > 10000 && m->size < 1 << 20, "of %lu bytes", (unsigned long)m->size);
	ok(m->reserved == 0, "nothing in what is reserved");
	p = (void *)(uintptr_t)m->paddr;
	ok(p[0] == 0x7f && p[1] == 'E' && p[2] == 'L' && p[3] == 'F', "it is what was given");
	ok(m->paddr >= (uintptr_t)image_end || m->paddr + m->size <= (uintptr_t)image_start,
	   "and clear of the kernel");
}
