// SPDX-License-Identifier: MIT
/*
 * A guest on the hostile one's core, which sleeps and looks at its memory, its MSRs and its registers
 * until it is told to end.
 */
#include "tests/guest/vmx_random/random.h"

/* Guests are numbered in the order of the boot loader's modules. */
#define HOSTILE   1
#define INNOCENT  2
#define MAX_PORTS 64
#define WORDS     (256 * PAGE_SIZE / 8)
#define MEMORY    ((volatile uint64_t *)DATA)
#define SCRAMBLE  0x9e3779b97f4a7c15ULL
#define SLEEP     (20 * NS_PER_MS)

static const uint32_t msrs[] = { MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, 0xc0000081,
				 0xc0000082,      0xc0000084,       0xc0000102,       MSR_FS_BASE };

static uint64_t value_of(unsigned int i)
{
	return 0x1000 + i * 0x111;
}

/* A part of it each time: it must be short, as L2's timer goes on meanwhile. */
static unsigned int wrong_words(unsigned int turn)
{
	unsigned int wrong = 0;

	for (unsigned int i = turn % 256; i < WORDS; i += 256)
		wrong += MEMORY[i] != i * SCRAMBLE;
	return wrong;
}

static unsigned int wrong_registers(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < array_size(msrs); i++)
		wrong += rdmsr(msrs[i]) != value_of(i);
	wrong += read_dr0() != 0x12345678;
	return wrong;
}

static bool sleep_until(evtchn_port_t port)
{
	struct sched_poll poll = { .nr_ports = 1, .timeout = system_time() + SLEEP };

	set_xen_guest_handle(poll.ports, &port);
	(void)sched_op(SCHEDOP_poll, &poll);
	return port_pending(port);
}

void be_beside(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = HOSTILE };
	unsigned int turns = 0, wrong = 0;
	uint64_t last, now;
	bool end;

	events_init();
	ok_eq((uint64_t)evtchn_op(EVTCHNOP_alloc_unbound, &a), 0, "a port to be told by");
	for (unsigned int i = 0; i < WORDS; i++)
		MEMORY[i] = i * SCRAMBLE;
	for (unsigned int i = 0; i < array_size(msrs); i++)
		wrmsr(msrs[i], value_of(i));
	write_dr0(0x12345678);
	last = system_time();
	do {
		end = sleep_until(a.port);
		now = system_time();
		wrong += wrong_words(turns++) + wrong_registers() + (now < last);
		last = now;
	} while (!end);
	ok_eq(wrong, 0, "another guest's state, looked at %u times", turns);
}

void end_beside(void)
{
	struct evtchn_bind_interdomain b = { .remote_dom = INNOCENT };

	while (b.remote_port < MAX_PORTS && evtchn_op(EVTCHNOP_bind_interdomain, &b) != 0)
		b.remote_port++;
	ok_eq((uint64_t)send_port(b.local_port), 0, "the guest beside is there");
}
