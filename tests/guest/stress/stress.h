// SPDX-License-Identifier: MIT
/*
 * Three vCPUs send, the fourth handles, and its pages move meanwhile.
 *
 * One vCPU at a time is the mover: the target itself, or vCPU 0 between its own sends. What the
 * guest's own code does with shared_info and with the target's vcpu_info happens under `lock`, since
 * the guest must not touch a page where it no longer is; the hypervisor is given no such courtesy.
 */
#ifndef TESTS_GUEST_STRESS_H
#define TESTS_GUEST_STRESS_H

#include "tests/guest/lib/guest.h"

#define TARGET     3
#define SENDERS    3 /* vCPUs 0 to 2 */
#define PORTS_EACH 4
#define PORTS      (SENDERS * PORTS_EACH + 1)
#define LAST_PORT  (PORTS - 1) /* wakes the target at the end */
/* Where the loops of real mode run, and the page that everybody writes to all the time. */
#define REAL_PAGE 0xa000
#define HOT_PAGE  0x9000

/* What the target does while others send. */
enum mode {
	MODE_SELF,  /* moves pages, and takes interrupts between */
	MODE_SPIN,  /* spins with interrupts off, for several slices at a time */
	MODE_REAL,  /* sits in real mode, without exits, until it is started again */
	MODE_EXITS, /* CPUID in a loop */
	MODE_HALT,  /* sleeps */
	MODE_COUNT,
};
extern volatile enum mode mode;

/* Odd: senders stop, the target only handles events. held[]: the last value each sender has seen. */
extern volatile unsigned int hold, held[SENDERS];
/* The one at work is asked to end with everything at rest (checkpoint), and has done so. */
extern volatile bool want_end, ended;
/* Ticks of a vCPU's own without an answer after which something is lost. */
extern uint64_t patience;
/* The TSC's ticks while this vCPU ran, about: a longer time between two calls counts as a
 * millisecond, so that nobody loses patience while the machine is busy with something else. */
uint64_t own_ticks(unsigned int cpu);

/* What went wrong, counted and told; the run ends soon. */
enum fault { FAULT_LOST, FAULT_DOUBLED, FAULT_LATE, FAULT_OTHER, FAULT_COUNT };
extern volatile unsigned long faults[FAULT_COUNT];
void fault(enum fault kind, const char *fmt, ...) printf_like(2, 3);
bool faulty(void);

/* A random number below n, of this vCPU's own sequence. */
unsigned int chance(unsigned int cpu, unsigned int n);
extern uint32_t seed;

/* There have been more moves than the sends so far call for, and events can be delivered. The
 * mover's. */
bool ahead(void);

void take_lock(void);
void drop_lock(void);

/* --- ports.c --- */

/* One event channel; no two stand in one word of the pending bits. */
struct port {
	evtchn_port_t nr;
	bool exact;     /* sent only when the last was handled: each of them counts */
	uint64_t since; /* the sender's: own_ticks() of the last send of an exact one */
	/* By the sender, before it sends; how many of them found the bit clear. */
	volatile uint32_t sent, raised;
	volatile uint32_t handled; /* under the lock */
} __attribute__((aligned(64)));
extern struct port ports[PORTS];

void ports_init(void);
/* One send, or less when each port of its kind waits for the target. */
void send_some(unsigned int cpu);
/* The sender stops here while `hold` is odd. */
void sender_hold(unsigned int cpu);
/* The upcall's handler. In MODE_SELF it turns interrupts off after so many. */
extern volatile unsigned int upcalls_left;
void on_upcall(struct trap_frame *f);
/* Under the lock: handle what is pending and unmasked in these words, as the selector has them. */
void handle_words(xen_ulong_t words);
xen_ulong_t all_words(void);
/* True when nothing is under way any more. Senders are stopped; by the mover. */
bool drained(void);
/* What is not, as faults. */
void report_lost(void);
uint64_t total_sent(void);
uint64_t total_handled(void);

/* --- moves.c --- */

extern struct shared_info *volatile shared_at;
extern volatile unsigned int shared_version; /* odd while it moves */
/* The target's record; NULL while its page is away. Under the lock. */
struct vcpu_info *info_now(void);

/* Register, and set up the places. */
void moves_init(void);
/* One random move, by the mover with interrupts off; a checkpoint every so many. */
void move_step(void);
extern unsigned int checkpoint_every;
/*
 * Everything goes home, senders stop, all that was sent must be handled, no frame that was taken
 * away may have changed. `go_on`: the senders go on then.
 */
void checkpoint(bool go_on);
/* Grows whenever the page at this home leaves or comes; 0 while it is away. */
unsigned long page_age(unsigned long gfn);
extern uint8_t info_page[PAGE_SIZE];

/* --- side.c --- */

/* A page to be looked at, wherever it may be. */
#define AT(gfn) ((unsigned long *)((gfn)*PAGE_SIZE))
#define WORDS   (PAGE_SIZE / sizeof(unsigned long))

/* The page of vCPU 1's own, which it moves while others move theirs. */
void side_step(void);
void side_init(void);
extern volatile unsigned long moves, side_moves;

/* A hypercall that must succeed, counted as a move. */
bool moved(long result, const char *what);
long give_back(unsigned long *gfns, unsigned int count, unsigned int order);
long take_again(unsigned long *gfns, unsigned int count, unsigned int order);
/* All words of a page are the same: the first of them in *word. */
bool uniform(const void *page, unsigned long *word);

/* --- areas.c --- */

/* Register the target's runstate and time areas elsewhere; whatever they left must stay unwritten. */
void areas_step(void);
void areas_init(void);
/* The pages that they lie in besides: gfns of movable pages. */
#define AREA_PAGES 3
extern uint8_t area_pages[AREA_PAGES][PAGE_SIZE];
/* A leaf of 2 MiB is mapped, used, split and given back. Slow. */
void huge_step(void);

/* --- target.c, real.asm --- */

void target_start(void);
/* MODE_REAL, by the mover at each of its steps: to real mode and back. */
void real_step(void);
/* To the handler of events, wherever it is. */
void real_leave(void);
extern char real_loop[], real_loop_end[], real_leave_flag[];

#endif
