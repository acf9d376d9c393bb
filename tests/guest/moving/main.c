// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
// cores: 2
// timeout: 120
//
// Memory of a guest changes while another of its vCPUs runs with interrupts off and never exits by
// itself: each change waits until that vCPU has left the guest, however it has to be told (docs/gpc.md,
// escalation to NMIs), and the vCPU goes on and sees none of the NMIs. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define MOVES 200

static volatile bool quit, spinning;
static volatile unsigned long spins;
static volatile unsigned int nmis;

static void spin(void)
{
	irq_off();
	spinning = true;
	while (!quit)
		spins++;
}

static void on_nmi(struct trap_frame *f)
{
	(void)f;
	nmis++;
}

void test_main(void)
{
	unsigned long at = HOLE >> 12, before;
	unsigned int failed = 0;

	set_handler(2, on_nmi);
	if (!ok(start_cpu(1, spin), "vCPU 1 starts"))
		return;
	while (!spinning)
		cpu_pause();
	before = spins;
	/* Two places in turn, so that each move removes one mapping and makes another. */
	for (unsigned int i = 0; i < MOVES; i++)
		failed += add_to_physmap(XENMAPSPACE_shared_info, 0, at + (i & 1)) != 0;
	ok_eq(failed, 0, "%u moves beside it", MOVES);
	ok(spins != before, "it went on meanwhile");
	before = spins;
	while (spins == before)
		cpu_pause();
	ok(true, "and goes on");
	quit = true;
	ok_eq(nmis, 0, "no NMI came through");
}
