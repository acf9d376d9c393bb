// SPDX-License-Identifier: MIT
/* What the target does, a round at a time. Interrupts are off between rounds. */
#include "tests/guest/stress/stress.h"

static volatile uint32_t *hot = (volatile uint32_t *)HOT_PAGE;
static volatile unsigned int arrivals; /* how often it came from real mode */
static volatile bool asked, parked;    /* to go there; it waits for its INIT */

/* Write to the page that moves, without an exit while it is there. */
static void spin(unsigned int turns)
{
	for (unsigned int i = 0; i < turns && !(hold & 1); i++)
		hot[TARGET] = i;
}

static void round_self(void)
{
	upcalls_left = chance(TARGET, 40);
	irq_on();
	spin(chance(TARGET, 4) ? 4 : chance(TARGET, 1000));
	irq_off();
	if (want_end && !ended) {
		checkpoint(false);
		ended = true;
	} else {
		for (unsigned int n = 1 + chance(TARGET, 8); n && !(hold & 1) && !ahead(); n--)
			move_step();
	}
}

static void round_spin(void)
{
	spin(chance(TARGET, chance(TARGET, 8) ? 2000 : 60000));
	irq_on();
	spin(chance(TARGET, 8000));
	irq_off();
}

static void round_exits(void)
{
	unsigned int on = chance(TARGET, 200), off = chance(TARGET, 50);

	irq_on();
	while (on--)
		(void)cpuid(0, 0);
	irq_off();
	while (off--)
		(void)cpuid(0, 0);
}

static void round_real(void)
{
	irq_window();
	if (!asked)
		return;
	parked = true;
	for (;;)
		__asm__ volatile("cli; hlt");
}

void target_start(void)
{
	unsigned int h;

	arrivals++;
	for (;;) {
		/* Before the mode, which changes while everybody is held: a mover of the last one
		 * must not go on beside the next one's. */
		h = hold;
		barrier();
		switch (mode) {
		case MODE_SELF:
			if (h & 1)
				irq_window();
			else
				round_self();
			break;
		case MODE_SPIN: round_spin(); break;
		case MODE_REAL: round_real(); break;
		case MODE_EXITS: round_exits(); break;
		/* What else has happened has woken it. */
		default: sti_hlt_cli();
		}
		/* The rounds of the others open the window themselves, and see what they are asked:
		 * in MODE_REAL also to go, while the one who asks waits for that. */
		while (hold & 1 && (mode == MODE_SPIN || mode == MODE_EXITS))
			irq_window();
	}
}

/* --- the other side of real mode: by the mover --- */

static enum { PROTECTED, ASKED, REAL, COMING } place;
static unsigned int steps_left, arrivals_seen;

static volatile char *real_flag(void)
{
	return (char *)REAL_PAGE + (real_leave_flag - real_loop);
}

/* It has stopped with interrupts off: start it again where it only runs in circles. */
static void send_there(void)
{
	char *low = (char *)REAL_PAGE;

	__asm__ volatile("" : "+r"(low)); /* no array that the compiler knows lies there */
	parked = asked = false;
	memcpy(low, real_loop, (size_t)(real_loop_end - real_loop));
	arrivals_seen = arrivals;
	fence();
	apic_ipi(VCPU_APIC_ID(TARGET), 0x4500);
	apic_ipi(VCPU_APIC_ID(TARGET), 0x4600 | REAL_PAGE >> 12);
}

void real_step(void)
{
	if (steps_left) {
		steps_left--;
		return;
	}
	switch (place) {
	case PROTECTED:
		asked = true;
		place = ASKED;
		break;
	case ASKED:
		if (!parked)
			break;
		send_there();
		place = REAL;
		steps_left = chance(0, 40);
		break;
	case REAL:
		*real_flag() = 1;
		place = COMING;
		break;
	default:
		if (arrivals == arrivals_seen)
			break;
		place = PROTECTED;
		steps_left = chance(0, 40);
	}
}

void real_leave(void)
{
	uint64_t start = own_ticks(0);

	while (place != PROTECTED && own_ticks(0) - start < patience) {
		steps_left = 0;
		real_step();
		cpu_pause();
	}
	if (place != PROTECTED)
		fault(FAULT_OTHER,
		      "the target does not come from real mode: %u, asked %u, parked %u", place,
		      asked, parked);
}
