// SPDX-License-Identifier: MIT
/* What the monitor and the register dump show of a vCPU whose guest may be a hypervisor. */
#include "core/monitor.h"

#include "arch/x86/nested/nested.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/machine.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "mm/ept02.h"
#include "mm/own.h"

#define ENCODING_TYPE(e) ((e) >> 10 & 3)
#define TYPE_GUEST       2U
#define GUEST_SEGMENTS   VMX_SEG_COUNT
#define HOST_SEGMENTS    (VMX_SEG_COUNT - 1U) /* no LDTR */

/* Names in one string, each with its end, in the order of fields[]. */
#define NAME(encoding, name, with, group)         #name "\0"
#define NAMES(encoding, name, count, with, group) #name "\0"
static const char names[] = VMCS12_FIELDS(NAME, NAMES);

#define ONE(encoding, name, with, group)            { encoding, 1 },
#define SEVERAL(encoding, name, count, with, group) { encoding, count },
static const struct {
	uint16_t encoding, count;
} fields[] = { VMCS12_FIELDS(ONE, SEVERAL) };

/* ---- VMX operation ---- */

void nested_dump(const struct vcpu *v, void (*print)(const char *fmt, ...))
{
	const struct nested_vcpu *n = nested_of(v);

	if (!n->vmx_on) {
		print("  VMX operation: off");
		return;
	}
	print("  VMX operation: on  VMXON region %#lx  current VMCS %#lx (%s)  in %s%s", n->vmxon,
	      n->current,
	      n->current == NESTED_NO_VMCS ? "none"
	      : n->vmcs12->launched        ? "launched"
					   : "clear",
	      v->vmx->in_l2 ? "L2" : "L1",
	      n->waits_sipi ? ", which waits for a SIPI"
	      : n->halted   ? ", which halts"
			    : "");
}

/* ---- vmcs12 and VMCS02 ---- */

/* Whether vmcs12 may hold an older value than VMCS02 does for L2. */
static bool older(const struct vcpu *v, uint32_t encoding)
{
	if (v->vmx->in_l2)
		return ENCODING_TYPE(encoding) == TYPE_GUEST;
	return nested_of(v)->rare_stale && nested_rare(encoding);
}

/* "guest_limit[CS]", "io_bitmap[1]", "guest_rip". */
static void name_field(char *text, size_t size, const char *name, uint32_t count, uint32_t i)
{
	static const char segments[][5] = { "ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR" };

	if (count == GUEST_SEGMENTS || count == HOST_SEGMENTS)
		(void)xsnprintf(
			text, size, "%s[%s]", name,
			segments[count == HOST_SEGMENTS && i == VMX_SEG_LDTR ? VMX_SEG_TR : i]);
	else
		(void)xsnprintf(text, size, count > 1 ? "%s[%u]" : "%s", name, i);
}

/* VMCS02 is current. What L1 is offered the machine has, too. */
static void show_field(const struct vcpu *v, const char *name, uint32_t index, uint32_t i)
{
	uint32_t encoding = fields[index].encoding + 2 * i;
	uint64_t v12, v02 = 0;
	char text[32];

	if (vmcs12_read(nested_caps_of(v), nested_of(v)->vmcs12, encoding, &v12) != VMFAIL_NONE)
		return;
	(void)!vmread_encoding(encoding, &v02);
	if (!v12 && !v02)
		return;
	name_field(text, sizeof(text), name, fields[index].count, i);
	monitor_printf("%-24s %16lx%c %16lx\n", text, v12, older(v, encoding) ? '*' : ' ', v02);
}

static void make_current(void *vmcs)
{
	bool ok = vmptrld(own_hpa(vmcs));

	ASSERT(ok);
}

static void show_fields(struct vcpu *v)
{
	const struct nested_vcpu *n = nested_of(v);
	const char *name = names;

	if (n->current == NESTED_NO_VMCS)
		return;
	if (!v->vmx->in_l2) {
		hw_shadow_take(v);
		make_current(n->other.vmcs);
	}
	monitor_printf("field that is not 0                vmcs12            VMCS02"
		       "   (* older than VMCS02's)\n");
	for (uint32_t index = 0; index < array_size(fields); index++) {
		for (uint32_t i = 0; i < fields[index].count; i++)
			show_field(v, name, index, i);
		name += strlen(name) + 1;
	}
	if (!v->vmx->in_l2)
		make_current(v->vmx->vmcs);
}

/* ---- EPT02 ---- */

static void show_root(const struct ept02 *e, const struct ept02_root *r)
{
	unsigned int tables = 0;

	if (!r->key)
		return;
	for (uint16_t t = r->tables; t; t = e->tables[t].next)
		tables++;
	monitor_printf("EPT12 pointer %#lx, EPT02 pointer %#lx%s%s: %u tables,"
		       " leaves %lu of 4K %lu of 2M %lu of 1G\n",
		       r->key, r->eptp, r == e->current ? ", current" : "",
		       r->stale ? ", stale" : "", tables, r->leaves[0], r->leaves[1], r->leaves[2]);
}

static void show_ept02(const struct vcpu *v)
{
	const struct ept02 *e = nested_ept_caches(v);

	for (unsigned int i = 0; i < EPT02_ROOTS; i++)
		show_root(e, &e->root[i]);
	monitor_printf("EPT02: %lu fills %lu zaps %lu emptied roots %lu overflows;"
		       " %u tables made, %u of them spare\n",
		       e->stats.fills, e->stats.zaps, e->stats.drops, e->stats.overflows, e->made,
		       e->spares);
}

/* ---- Caches ---- */

static void show_cache(const struct gpc *g)
{
	if (g->active)
		monitor_printf("cache of %-24s gfn %#lx%s: %lu invalidations\n", g->name, g->gfn.n,
			       g->valid ? "" : ", missing", g->invalidations);
}

static void show_caches(const struct nested_vcpu *n)
{
	show_cache(&n->hw.page[NESTED_APIC_ACCESS]);
	show_cache(&n->hw.page[NESTED_VIRTUAL_APIC]);
	show_cache(&n->msr_page);
	show_cache(&n->apic_page);
	show_cache(&n->posted_page);
}

/* ---- Exits ---- */

static void show_exits(const struct nested_vcpu *n)
{
	monitor_printf("exits of L2                              to L1        Xenith's\n");
	for (uint32_t i = 0; i < VMX_EXIT_REASONS; i++) {
		const char *name = exits_name(i);

		if (n->exits_l1[i] || n->exits_l0[i])
			monitor_printf("%2u %-30s %12lu %15lu\n", i, name ? name : "other",
				       n->exits_l1[i], n->exits_l0[i]);
	}
}

static void show(struct vcpu *v)
{
	if (!nested_of(v)) {
		monitor_printf("%s: has no VMX (nestedhvm)\n", v->domain->name);
		return;
	}
	monitor_printf("%s: vCPU %u\n", v->domain->name, v->id);
	nested_dump(v, monitor_print_line);
	show_fields(v);
	show_ept02(v);
	show_caches(nested_of(v));
	show_exits(nested_of(v));
}

static void cmd_nested(int argc, char **argv)
{
	monitor_with_vcpu(argc, argv, show);
}

MONITOR_COMMAND(nested, "nested", "GUEST [VCPU]", "what it does as a hypervisor, and its guest",
		cmd_nested);
