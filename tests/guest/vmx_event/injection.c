// SPDX-License-Identifier: MIT
/* Event injection (SDM vol. 3, 26.6), and events whose delivery exits (27.2.4). */
#include "tests/guest/vmx_event/event_tests.h"

#define HOLE_LINEAR 0x1c0000000ULL

L2_CODE(nops, "nop\n nop\n nop\n nop");

struct injected {
	const char *name;
	uint32_t info, error, length;
	bool interrupts; /* RFLAGS.IF */
	const char *wanted;
	const char *with_gp; /* delivery without an IDT: the #GP that exits */
};

#define GP(selector, idt) "exit 0 qual 0 intr 80000b0d error " selector " idt " idt

/* clang-format off */
static const struct injected events[] = {
	{ "external", INTR_EXTERNAL | EXTERNAL, 0, 0, true,
	  CALL " at 4 took 65 error 0 at 0", GP("20b", "80000041") " at 0" },
	{ "nmi", INTR_NMI | 2, 0, 0, false,
	  CALL " at 4 took 2 error 0 at 0", GP("13", "80000202") " at 0 blocked 8" },
	{ "ud", INTR_EXCEPTION | 6, 0, 0, false,
	  CALL " at 4 took 6 error 0 at 0", GP("33", "80000306") " at 0" },
	{ "gp", INTR_EXCEPTION | INTR_HAS_ERROR | 13, 0x1234, 0, false,
	  CALL " at 4 took 13 error 1234 at 0", NULL },
	{ "pf", INTR_EXCEPTION | INTR_HAS_ERROR | 14, 0x15, 0, false,
	  CALL " at 4 took 14 error 15 at 0", NULL },
	{ "df", INTR_EXCEPTION | INTR_HAS_ERROR | 8, 0, 0, false,
	  CALL " at 4 took 8 error 0 at 0", NULL },
	{ "ac", INTR_EXCEPTION | INTR_HAS_ERROR | 17, 0, 0, false,
	  CALL " at 4 took 17 error 0 at 0", NULL },
	{ "db", INTR_EXCEPTION | 1, 0, 0, false,
	  CALL " at 4 took 1 error 0 at 0", GP("b", "80000301") " at 0" },
	{ "int", INTR_SOFTWARE | SOFTWARE, 0, 2, false,
	  CALL " at 4 took 66 error 0 at 2", NULL },
	{ "int_length_1", INTR_SOFTWARE | SOFTWARE, 0, 1, false,
	  CALL " at 4 took 66 error 0 at 1", NULL },
	{ "bp", INTR_SOFT_EXC | 3, 0, 1, false, CALL " at 4 took 3 error 0 at 1", NULL },
	{ "of", INTR_SOFT_EXC | 4, 0, 2, false, CALL " at 4 took 4 error 0 at 2", NULL },
	{ "icebp", INTR_ICEBP | 1, 0, 1, false, CALL " at 4 took 1 error 0 at 1", NULL },
};
/* clang-format on */

static void start(const struct injected *e)
{
	l2_init(nops);
	if (e->interrupts)
		vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	inject(e->info, e->error, e->length);
}

static void named(const char *kind, const struct injected *e, const char *wanted)
{
	char name[40];

	format_to(name, sizeof(name), "%s.%s", kind, e->name);
	event_row(name, nops, wanted);
}

void test_injection(void)
{
	for (unsigned int i = 0; i < array_size(events); i++) {
		start(&events[i]);
		named("inject", &events[i], events[i].wanted);
	}
	/* What is injected does not look at the exception bitmap, nor at NMI exiting. */
	for (unsigned int i = 0; i < array_size(events); i++) {
		start(&events[i]);
		vmwrite(EXCEPTION_BITMAP, ~0U);
		l2_set(PIN, PIN_NMI | PIN_EXTERNAL, 0);
		named("inject_all", &events[i], i == 1 ? NULL : events[i].wanted);
	}
	/* Nor at the shadow of MOV SS, for exceptions; it is over then. */
	start(&events[2]);
	vmwrite(INTERRUPTIBILITY, BLOCKED_MOV_SS);
	named("inject_mov_ss", &events[2], events[2].wanted);
}

/* The IDT has no entries: #GP; or is not mapped: #PF. */
static void without_idt(const struct injected *e, uint32_t bitmap, const char *kind,
			const char *wanted)
{
	start(e);
	vmwrite(GUEST_IDTR_LIMIT, 0);
	vmwrite(EXCEPTION_BITMAP, bitmap);
	named(kind, e, wanted);
	if (l2_exit.idt & INTR_VALID)
		row("vectoring.length", "%s %u", e->name,
		    (l2_exit.idt >> 8 & 7) >= 4 ? l2_exit.length : 0);
}

static void unmapped_idt(const struct injected *e)
{
	start(e);
	vmwrite(GUEST_IDTR_BASE, HOLE_LINEAR);
	vmwrite(EXCEPTION_BITMAP, 1 << 14);
	named("vectoring_pf", e, NULL);
}

/* In L2's own events, too. */
L2_CODE(own_int, "int $0x42");
L2_CODE(own_bp, "int3");

static void own_events(void)
{
	l2_init(own_int);
	vmwrite(GUEST_IDTR_LIMIT, 0);
	vmwrite(EXCEPTION_BITMAP, 1 << 13);
	event_row("vectoring.own_int", own_int, NULL);
	row("vectoring.own_int_length", "%u", l2_exit.length);
	l2_init(own_bp);
	vmwrite(GUEST_IDTR_LIMIT, 0);
	vmwrite(EXCEPTION_BITMAP, 1 << 13);
	event_row("vectoring.own_bp", own_bp, NULL);
	row("vectoring.own_bp_length", "%u", l2_exit.length);
}

/* What L1 saved of a delivery is what it injects again. */
static void again(void)
{
	start(&events[0]);
	vmwrite(GUEST_IDTR_LIMIT, 0);
	vmwrite(EXCEPTION_BITMAP, 1 << 13);
	ok_eq(l2_go(), R_EXCEPTION, "delivery fails");
	vmwrite(GUEST_IDTR_LIMIT, 0xfff);
	vmwrite(ENTRY_INTR, l2_exit.idt);
	event_row("vectoring.again", nops, CALL " at 4 took 65 error 0 at 0");
}

void test_vectoring(void)
{
	for (unsigned int i = 0; i < array_size(events); i++) {
		without_idt(&events[i], 1 << 13, "vectoring_gp", events[i].with_gp);
		without_idt(&events[i], 1 << 8, "vectoring_df", NULL);
		without_idt(&events[i], 0, "vectoring_triple", NULL);
		unmapped_idt(&events[i]);
	}
	own_events();
	again();
}
