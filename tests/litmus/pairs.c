// SPDX-License-Identifier: MIT
/* The two pairs on the real functions, and what those need of a machine. */
#include "arch/x86/cpu/apic.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/hw_pages.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "core/hooks.h"
#include "core/sched.h"
#include "mm/gpc.h"
#include "mm/round.h"
#include "mm/section_drain.h"
#include "tests/litmus/litmus.h"
#include "xenabi/vcpu.h"

#include <asm/prctl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

uint64_t host_clock;
struct pcpu *pcpus[MAX_CORES];
struct trace_ring *trace_rings[MAX_CORES];
uint32_t core_count = 2;
struct vmx_controls vmx_controls;

static struct pcpu blocks[2] aligned_to(128);
static struct domain domain aligned_to(128);
static struct gpc cache aligned_to(128);

static struct vcpu vcpu aligned_to(128);
static struct vmx_vcpu vmx;
static struct xen_vcpu xen;
static struct vlapic lapic;
static uint64_t entry_round;
static bool stale; /* the processor's TLB holds the old translation */

#define FRAME 0x123

void litmus_machine(void)
{
	for (uint32_t c = 0; c < 2; c++) {
		pcpus[c] = &blocks[c];
		blocks[c].self = &blocks[c];
		blocks[c].id = c;
		blocks[c].slice_end = ~0ULL;
		blocks[c].window_tag[FRAME % WINDOW_COUNT] = FRAME;
	}
	cache.physmap = &domain.physmap;
	cache.pfn = to_pfn(FRAME);
	domain.physmap.map_gen = 1;
	domain.physmap.slot = 5;
	vcpu.domain = &domain;
	vcpu.vmx = &vmx;
	vcpu.xen = &xen;
	vcpu.lapic = &lapic;
	vmx.last_core = ~0U;
	vmx_controls.invept_single = true;
}

static void be_core(uint32_t core)
{
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, pcpus[core]))
		abort();
}

static void user_starts(void)
{
	be_core(0);
	tags_load(&vcpu);
}

static void changer_starts(void)
{
	be_core(1);
}

/* ---- section ---- */

static void section_user_prepares(void)
{
	(void)load_relaxed(&cache.valid);
}

static void section_changer_prepares(void)
{
	store_relaxed(&cache.valid, true);
	(void)load_relaxed(&blocks[0].shared.acc);
}

static void section_uses(uint64_t round)
{
	section_begin();
	if (gpc_page(&cache))
		litmus_use(round);
	section_end();
}

static void section_changes(uint64_t round)
{
	(void)round;
	store_relaxed(&cache.valid, false); /* as withdraw() of gpc.c */
	sections_drain();
}

const struct litmus litmus_section = { user_starts,           changer_starts,
				       section_user_prepares, section_changer_prepares,
				       section_uses,          section_changes };

/* ---- entry ---- */

static void entry_user_prepares(void)
{
	stale = true; /* from its last stay, and nobody has flushed since */
	*vmx.seen_gen = load_relaxed(&domain.physmap.map_gen);
	vcpu.state = VCPU_RUNNING;
}

static void entry_changer_prepares(void)
{
	(void)load_relaxed(&blocks[0].shared.run);
}

static void entry_uses(uint64_t round)
{
	entry_round = round;
	vcpu_arch_run(&vcpu);
}

static void entry_changes(uint64_t round)
{
	struct physmap *pm = &domain.physmap;

	(void)round;
	store_release(&pm->map_gen, pm->map_gen + 1); /* as change() of physmap.c */
	round_run(pm, NULL);
}

const struct litmus litmus_entry = { user_starts,         changer_starts,
				     entry_user_prepares, entry_changer_prepares,
				     entry_uses,          entry_changes };

/* ---- the processor ---- */

struct vcpu *run_exited(struct vcpu *v);
bool vmx_guest_loop(struct vcpu *v, bool launched);

/* The guest uses the page, and leaves for good. */
bool vmx_guest_loop(struct vcpu *v, bool launched)
{
	struct pcpu_shared *s = &this_cpu()->shared;

	(void)launched;
	if (stale)
		litmus_use(entry_round);
	v->state = VCPU_BLOCKED;
	store_release(&s->run, s->run + RUN_ODD);
	return false;
}

bool invept(uint64_t type, uint64_t eptp)
{
	(void)type;
	(void)eptp;
	stale = false;
	return true;
}

bool invvpid(uint64_t type, uint16_t vpid)
{
	(void)type;
	(void)vpid;
	return true;
}

void apic_send_kick(uint32_t core)
{
	(void)core;
}

void apic_send_nmi(uint32_t core)
{
	(void)core;
}

void host_relax(void)
{
	__asm__ volatile("pause");
}

uint64_t host_vmread(uint32_t encoding)
{
	(void)encoding;
	return 0;
}

void host_vmwrite(uint32_t encoding, uint64_t value)
{
	(void)encoding;
	(void)value;
}

/* Never called. */
#define NEVER(declaration)                                                                         \
	declaration                                                                                \
	{                                                                                          \
		abort();                                                                           \
	}
NEVER(void panic(const char *fmt, ...))
NEVER(void *own_alloc_pages(unsigned int order))
NEVER(void *window_fill(struct pcpu *cpu, pfn_t pfn))
NEVER(void exits_dispatch(struct vcpu *v, uint32_t reason))
NEVER(void exits_skip_slow(struct vcpu *v, uint64_t rip))
NEVER(void exit_cpuid(struct vcpu *v))
NEVER(void xen_hypercall(struct vcpu *v))
NEVER(void xen_vcpu_service(struct vcpu *v, uint32_t bits))
NEVER(void vlapic_service(struct vcpu *v))
NEVER(void vlapic_timer_service(struct vcpu *v))
NEVER(void inject_nmi(struct vcpu *v))
NEVER(void inject_prepare_slow(struct vcpu *v, int upcall))
NEVER(int upcall_vector(struct vcpu *v))
NEVER(void domain_crash(struct vcpu *v, const char *fmt, ...))
