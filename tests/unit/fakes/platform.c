// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/platform.h"

#include <string.h>

#include "arch/x86/nested/nested.h"
#include "core/lib/log.h"
#include "core/sched.h"
#include "xenabi/xen.h"

struct fake_machine machine;
uint64_t tsc_khz = 2000000;
bool tsc_stable = true;

static struct fake_vcpu *fake(struct vcpu *v)
{
	return container_of(v, struct fake_vcpu, v);
}

void fake_machine_start(uint32_t n, bool lapics)
{
	memset(&machine, 0, sizeof(machine));
	host_cores(1);
	host_clock = 1000000;
	machine.domain.vmx = &machine.vmx;
	machine.domain.vcpu_count = n;
	for (uint32_t i = 0; i < n; i++) {
		struct fake_vcpu *f = &machine.cpu[i];

		f->long_mode = true;
		f->v.id = i;
		f->v.domain = &machine.domain;
		f->v.vmx = &f->vmx;
		machine.domain.vcpus[i] = &f->v;
		if (lapics && vlapic_create(&f->v) != OK)
			panic("no memory");
	}
	host_cpu->vcpu = vcpu_n(0);
}

void fake_machine_stop(void)
{
	for (uint32_t i = 0; i < machine.domain.vcpu_count; i++)
		vlapic_destroy(vcpu_n(i));
}

/* ---- core ---- */

void vcpu_request(struct vcpu *v, uint32_t bits)
{
	(void)atomic_or(&v->attn.bits, bits);
}

void sched_online(struct vcpu *v)
{
	(void)atomic_add(&fake(v)->onlines, 1);
	store_relaxed(&fake(v)->offline, false);
}

void sched_offline(struct vcpu *v)
{
	fake(v)->offlines++;
	store_relaxed(&fake(v)->offline, true);
	if (machine.online_races)
		v->lapic->events = 0x2 | 0x55 << 8;
}

void timer_init(struct timer *t, void (*fire)(struct timer *))
{
	t->fire = fire;
	t->deadline = ~0ULL;
}

void timer_set(struct timer *t, uint64_t deadline, uint32_t core)
{
	t->deadline = deadline;
	t->core = core;
}

void timer_cancel(struct timer *t)
{
	t->deadline = ~0ULL;
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	machine.log_lines++;
}

void log_guest_printf(enum log_level level, const char *fmt, ...)
{
	machine.log_lines++;
}

/* ---- xenabi ---- */

void xen_lapic_enabled(struct vcpu *v)
{
	fake(v)->lapic_enabled++;
}

bool xen_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *out)
{
	*out = (struct cpuid_regs){ leaf, subleaf, 0x12345678, 0x9abcdef0 };
	return leaf == 0x40000000;
}

bool xen_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	*value = 0;
	return msr == 0x40000000;
}

bool xen_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	return msr == 0x40000000 && !(value & 0xfff);
}

/* ---- nested VMX ---- */

bool nested_read_msr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	if (!machine.nested || (msr != MSR_FEATURE_CONTROL && msr != MSR_VMX_BASIC))
		return false;
	*value = msr;
	return true;
}

bool nested_blocks_init(struct vcpu *v, bool *taken)
{
	*taken = fake(v)->init_taken;
	return fake(v)->init_blocked;
}

void nested_sipi(struct vcpu *v, uint8_t page)
{
	fake(v)->nested_sipis++;
	fake(v)->sipi_page = page;
}

/* ---- the VMX part ---- */

uint64_t host_vmread(uint32_t encoding)
{
	return machine.field[encoding];
}

void host_vmwrite(uint32_t encoding, uint64_t value)
{
	machine.field[encoding] = value;
}

uint64_t vmx_get_cr4(struct vcpu *v)
{
	return fake(v)->cr4;
}

enum vcpu_mode vcpu_arch_mode(struct vcpu *v)
{
	return fake(v)->long_mode ? VCPU_MODE_64 : VCPU_MODE_32;
}

void vcpu_arch_nmi(struct vcpu *v)
{
	fake(v)->nmis++;
}

void vmx_vcpu_reset_init(struct vcpu *v)
{
	fake(v)->resets++;
}

void vmx_vcpu_sipi(struct vcpu *v, uint8_t vector)
{
	fake(v)->sipis++;
	fake(v)->sipi_page = vector;
}

void vmx_set_tsc_offset(struct vcpu *v, uint64_t offset)
{
	fake(v)->hw_tsc_offset = offset;
}

bool vmx_write_efer(struct vcpu *v, uint64_t efer)
{
	v->vmx->efer = efer;
	return !(efer & ~0xd01ULL);
}

uint64_t vmx_get_pat(struct vcpu *v)
{
	return fake(v)->pat;
}

bool vmx_write_pat(struct vcpu *v, uint64_t pat)
{
	fake(v)->pat = pat;
	return pat != ~0ULL;
}

uint64_t vmx_get_debugctl(struct vcpu *v)
{
	return fake(v)->debugctl;
}

void vmx_set_debugctl(struct vcpu *v, uint64_t debugctl)
{
	fake(v)->debugctl = debugctl;
}
