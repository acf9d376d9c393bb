// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/tsc.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/cpuid_bits.h"
#include "arch/x86/cpu/lock.h"
#include "core/lib/log.h"
#include "drivers/hpet.h"
#include "drivers/pit.h"
#include "drivers/pmtimer.h"
#include "drivers/xen_guest.h"

#define MEASURE_MS    10
#define MEASURE_TIMES 3
/* A clock read so often without passing MEASURE_MS stands still. */
#define STUCK_READS 50000000U
/* Turns in the lock of each core in the check for synchrony. */
#define SYNC_TURNS   500U
#define FALLBACK_KHZ 1000000U

/* A counter of known frequency. */
struct reference {
	const char *name;
	uint64_t hz, mask;
	uint64_t (*read)(void);
};

uint64_t tsc_khz, tsc_boot;
struct tsc_scale tsc_scale;
bool tsc_stable;

static struct spinlock sync_lock = SPINLOCK_INIT;
static uint64_t sync_last;
static uint32_t sync_arrivals; /* two a check */

static uint64_t rdtsc_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	return rdtsc();
}

static bool find_reference(const struct tsc_sources *s, struct reference *ref)
{
	uint64_t hz = hpet_start(s->hpet);

	if (hz)
		*ref = (struct reference){ "HPET", hz, ~0U, hpet_read };
	else if (pmtimer_start(s->pm_timer_port))
		*ref = (struct reference){ "ACPI PM timer", PMTIMER_HZ,
					   s->pm_timer_32bit ? ~0U : 0xffffffU, pmtimer_read };
	else if (pit_start())
		*ref = (struct reference){ "PIT", PIT_HZ, 0xffffU, pit_read };
	else
		return false;
	return true;
}

/* TSC kHz over some ms of the reference; 0 when that stands still. */
static uint64_t measure(const struct reference *ref, uint64_t ms)
{
	uint64_t want = ref->hz * ms / 1000;
	uint64_t start = ref->read();
	uint64_t begin = rdtsc_ordered();

	for (unsigned int i = 0; i < STUCK_READS; i++) {
		uint64_t passed = (ref->read() - start) & ref->mask;

		if (passed >= want) {
			uint64_t ticks = rdtsc_ordered() - begin;

			return ticks * ref->hz / (passed * 1000);
		}
	}
	return 0;
}

/* The average of a few, each disturbed in its own way by SMIs or the host. */
static uint64_t measure_average(const struct reference *ref)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < MEASURE_TIMES; i++) {
		uint64_t khz;

		if (ref->read == pit_read && !pit_start()) /* counts down only once */
			return 0;
		khz = measure(ref, MEASURE_MS);
		if (!khz)
			return 0;
		sum += khz;
	}
	return sum / MEASURE_TIMES;
}

static uint64_t stated_khz(void)
{
	uint32_t max = cpuid(CPUID_VENDOR, 0).eax;
	struct cpuid_regs leaf15 = { 0 };
	struct cpuid_regs leaf16 = { 0 };
	uint64_t khz = xen_guest_tsc_khz();

	if (khz)
		return khz;
	if (max >= CPUID_TSC)
		leaf15 = cpuid(CPUID_TSC, 0);
	if (max >= CPUID_FREQUENCY)
		leaf16 = cpuid(CPUID_FREQUENCY, 0);
	return tsc_khz_from_cpuid(&leaf15, &leaf16);
}

static bool invariant(void)
{
	return cpuid(CPUID_EXT_MAX, 0).eax >= CPUID_POWER &&
	       cpuid(CPUID_POWER, 0).edx & CPUID_POWER_EDX_INVARIANT_TSC;
}

void tsc_init(const struct tsc_sources *sources, uint64_t boot_tsc)
{
	uint64_t stated = stated_khz();
	uint64_t measured = 0;
	struct reference ref;
	const char *source = "CPUID";

	if (find_reference(sources, &ref))
		measured = measure_average(&ref);
	hpet_unmap();
	tsc_khz = stated;
	/* Emulators state the frequency of the model and run at their own. */
	if (measured &&
	    (!stated || measured < stated - stated / 100 || measured > stated + stated / 100)) {
		tsc_khz = measured;
		source = ref.name;
	}
	if (!tsc_khz) {
		tsc_khz = FALLBACK_KHZ;
		source = "a guess: no clock to measure it by, all times will be wrong";
	}
	tsc_scale = tsc_scale_from_khz(tsc_khz);
	tsc_boot = boot_tsc;
	tsc_stable = invariant();
	log_info("TSC: %llu.%03llu MHz by %s%s", (unsigned long long)(tsc_khz / 1000),
		 (unsigned long long)(tsc_khz % 1000), source,
		 tsc_stable ? ", invariant" : ", not invariant: guests are told");
}

void tsc_check_sync(void)
{
	uint32_t both = (atomic_add(&sync_arrivals, 1) + 1) & ~1U;

	while (load_acquire(&sync_arrivals) < both)
		spin_relax();
	for (unsigned int i = 0; i < SYNC_TURNS; i++) {
		uint64_t now;

		spin_lock(&sync_lock);
		now = rdtsc_ordered();
		if (now < sync_last)
			tsc_stable = false;
		sync_last = now;
		spin_unlock(&sync_lock);
	}
}

void tsc_delay_us(uint64_t us)
{
	uint64_t khz = tsc_khz ? tsc_khz : FALLBACK_KHZ;
	uint64_t end = rdtsc() + us * khz / 1000;

	while (rdtsc() < end)
		cpu_relax();
}
