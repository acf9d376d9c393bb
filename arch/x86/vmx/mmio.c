// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/mmio.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/alu.h"
#include "arch/x86/vmx/decode.h"
#include "arch/x86/vmx/vmx.h"

/* Exit qualification of an EPT violation (SDM vol. 3, table 27-7). */
#define QUAL_WRITE      BIT(1)
#define QUAL_FETCH      BIT(2)
#define QUAL_LINEAR     BIT(7) /* there was a guest-linear address, */
#define QUAL_TRANSLATED BIT(8) /* and the access was to what it translates to */

#define REG_RCX 1
#define REG_RSI 6
#define REG_RDI 7

struct access {
	struct vcpu *v;
	gpa_t gpa;
	bool write; /* the access that exited was a write */
	struct insn insn;
	struct guest_paging paging;
};

/* What became of an emulation step. */
enum outcome {
	DONE,    /* step over the instruction */
	AGAIN,   /* an iteration of many is done: RIP stays */
	FAULTED, /* an exception was injected */
	UNKNOWN,
};

static uint64_t size_mask(unsigned int size)
{
	return ~0ULL >> (64 - 8 * size);
}

/* ---- Devices: one page, and the open bus ---- */

static uint64_t device_read(struct vcpu *v, gpa_t gpa, unsigned int size)
{
	uint32_t offset = gpa_offset(gpa);
	uint64_t word;

	if (!vlapic_mmio_hit(v, gpa))
		return size_mask(size);
	/* Registers are 32 bits wide; of other widths the SDM promises nothing (vol. 3, 11.4.1). */
	word = vlapic_mmio_read(v, offset & ~3U);
	return (word >> 8 * (offset & 3)) & size_mask(size);
}

static void device_write(struct vcpu *v, gpa_t gpa, unsigned int size, uint64_t value)
{
	uint32_t offset = gpa_offset(gpa);

	if (vlapic_mmio_hit(v, gpa) && size >= 4 && !(offset & 3))
		vlapic_mmio_write(v, offset, low32(value));
}

/* ---- Registers ---- */

static uint64_t read_reg(const struct access *a)
{
	uint64_t value = vmx_get_register(a->v, a->insn.reg);

	return (a->insn.reg_high ? value >> 8 : value) & size_mask(a->insn.reg_size);
}

/* 32-bit results clear the upper half, shorter ones leave the rest (SDM vol. 1, 3.4.1.1). */
static void write_reg(const struct access *a, uint64_t value)
{
	unsigned int shift = a->insn.reg_high ? 8 : 0;
	uint64_t mask = size_mask(a->insn.reg_size) << shift, old;

	if (a->insn.reg_size >= 4) {
		vmx_set_register(a->v, a->insn.reg, value & mask);
	} else {
		old = vmx_get_register(a->v, a->insn.reg);
		vmx_set_register(a->v, a->insn.reg, (old & ~mask) | (value << shift & mask));
	}
}

/* Counter and index registers are as wide as addresses. */
static uint64_t read_index(const struct access *a, unsigned int reg)
{
	return vmx_get_register(a->v, reg) & size_mask(a->insn.addr_size);
}

static void write_index(const struct access *a, unsigned int reg, uint64_t value)
{
	uint64_t old = vmx_get_register(a->v, reg), mask = size_mask(a->insn.addr_size);

	if (a->insn.addr_size == 2)
		value = (old & ~mask) | (value & mask);
	vmx_set_register(a->v, reg, value & (a->insn.addr_size == 4 ? mask : ~0ULL));
}

static uint64_t alu_flags(const struct access *a, enum insn_op op, unsigned int size, uint64_t x,
			  uint64_t y)
{
	uint64_t flags = vmx_get_rflags(a->v), old = flags, r;

	r = alu(op, size, x, y, &flags);
	if (flags != old)
		vmx_set_rflags(a->v, flags);
	return r;
}

/* ---- Instructions with one memory operand ---- */

static uint64_t sign_extend(uint64_t value, unsigned int size)
{
	unsigned int unused = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

static uint64_t swap_bytes(uint64_t value, unsigned int size)
{
	return __builtin_bswap64(value) >> (64 - 8 * size);
}

static void do_move(struct access *a)
{
	const struct insn *i = &a->insn;
	uint64_t value;

	if (i->to_reg) {
		value = device_read(a->v, a->gpa, i->mem_size);
		if (i->op == INSN_MOVSX)
			value = sign_extend(value, i->mem_size);
		else if (i->op == INSN_MOVBE)
			value = swap_bytes(value, i->mem_size);
		write_reg(a, value);
		return;
	}
	value = i->has_imm ? i->imm : read_reg(a);
	if (i->op == INSN_MOVBE)
		value = swap_bytes(value, i->mem_size);
	device_write(a->v, a->gpa, i->mem_size, value);
}

static void do_alu(struct access *a)
{
	const struct insn *i = &a->insn;
	uint64_t mem = device_read(a->v, a->gpa, i->mem_size), other = i->imm, r;

	if (!i->has_imm && i->reg != INSN_NO_REG)
		other = read_reg(a);
	if (i->to_reg) {
		r = alu_flags(a, i->op, i->mem_size, other, mem);
		if (i->op != INSN_CMP)
			write_reg(a, r);
		return;
	}
	r = alu_flags(a, i->op, i->mem_size, mem, other);
	if (i->op != INSN_CMP && i->op != INSN_TEST && i->op != INSN_BT)
		device_write(a->v, a->gpa, i->mem_size, r);
}

static void do_exchange(struct access *a)
{
	const struct insn *i = &a->insn;
	uint64_t mem = device_read(a->v, a->gpa, i->mem_size), reg = read_reg(a);
	struct access rax = *a;

	switch (i->op) {
	case INSN_XCHG:
		device_write(a->v, a->gpa, i->mem_size, reg);
		write_reg(a, mem);
		break;
	case INSN_XADD:
		device_write(a->v, a->gpa, i->mem_size,
			     alu_flags(a, INSN_ADD, i->mem_size, mem, reg));
		write_reg(a, mem);
		break;
	default: /* CMPXCHG */
		rax.insn.reg = 0;
		rax.insn.reg_high = false;
		(void)alu_flags(a, INSN_CMP, i->mem_size, read_reg(&rax), mem);
		if (vmx_get_rflags(a->v) & RFLAGS_ZF)
			device_write(a->v, a->gpa, i->mem_size, reg);
		else
			write_reg(&rax, mem);
	}
}

/* ---- String instructions: one element for each exit ---- */

static uint64_t string_linear(const struct access *a, unsigned int reg)
{
	enum vmx_segment seg = reg == REG_RDI ? VMX_SEG_ES : (enum vmx_segment)a->insn.seg;
	struct vmx_segment_state state;
	uint64_t linear = read_index(a, reg);
	enum vcpu_mode mode = vcpu_arch_mode(a->v);

	if (mode == VCPU_MODE_64 && seg != VMX_SEG_FS && seg != VMX_SEG_GS)
		return linear;
	vmx_get_segment(a->v, seg, &state);
	linear += state.base;
	return mode == VCPU_MODE_64 ? linear : low32(linear);
}

static enum outcome inject_fault(struct vcpu *v, const struct gwalk_fault *fault)
{
	if (nested_walk_fault(v, fault))
		return FAULTED;
	if (fault->non_canonical)
		vmx_inject_exception(v, EXC_GP, true, 0);
	else
		vmx_inject_page_fault(v, fault->linear, fault->error_code);
	return FAULTED;
}

/* The operand that did not exit may be memory or a device as well. */
static enum outcome read_other(struct access *a, unsigned int reg, uint64_t *value)
{
	const struct physmap *pm = &a->v->domain->physmap;
	uint64_t linear = string_linear(a, reg);
	struct gwalk_fault fault = { .linear = linear };
	gpa_t gpa;

	*value = 0;
	if (gwalk_translate(pm, &a->paging, linear, GWALK_READ, &gpa, &fault) != OK)
		return inject_fault(a->v, &fault);
	if (physmap_type_at(pm, gpa_gfn(gpa)) == PHYSMAP_NONE) {
		*value = device_read(a->v, gpa, a->insn.mem_size);
	} else if (gwalk_copy_from(pm, &a->paging, &a->v->walks, value, linear, a->insn.mem_size,
				   GWALK_READ, &fault) != OK) {
		return inject_fault(a->v, &fault);
	}
	return DONE;
}

static enum outcome write_other(struct access *a, unsigned int reg, uint64_t value)
{
	struct physmap *pm = &a->v->domain->physmap;
	uint64_t linear = string_linear(a, reg);
	struct gwalk_fault fault = { .linear = linear };
	gpa_t gpa;

	if (gwalk_translate(pm, &a->paging, linear, GWALK_WRITE, &gpa, &fault) != OK)
		return inject_fault(a->v, &fault);
	if (physmap_type_at(pm, gpa_gfn(gpa)) == PHYSMAP_NONE) {
		device_write(a->v, gpa, a->insn.mem_size, value);
	} else if (gwalk_copy_to(pm, &a->paging, &a->v->walks, linear, &value, a->insn.mem_size,
				 &fault) != OK) {
		return inject_fault(a->v, &fault);
	}
	return DONE;
}

static enum outcome string_element(struct access *a)
{
	const struct insn *i = &a->insn;
	enum outcome outcome;
	uint64_t value;

	switch (i->op) {
	case INSN_STOS: device_write(a->v, a->gpa, i->mem_size, read_reg(a)); return DONE;
	case INSN_LODS: write_reg(a, device_read(a->v, a->gpa, i->mem_size)); return DONE;
	case INSN_SCAS:
		value = device_read(a->v, a->gpa, i->mem_size);
		(void)alu_flags(a, INSN_CMP, i->mem_size, read_reg(a), value);
		return DONE;
	case INSN_MOVS:
		if (!a->write) {
			value = device_read(a->v, a->gpa, i->mem_size);
			return write_other(a, REG_RDI, value);
		}
		outcome = read_other(a, REG_RSI, &value);
		if (outcome == DONE)
			device_write(a->v, a->gpa, i->mem_size, value);
		return outcome;
	default: return UNKNOWN; /* CMPS: which of two reads has exited is not told */
	}
}

static enum outcome do_string(struct access *a)
{
	const struct insn *i = &a->insn;
	bool repeat = i->rep || i->repne;
	uint64_t count = repeat ? read_index(a, REG_RCX) : 1, step = i->mem_size;
	enum outcome outcome;

	if (!count)
		return DONE; /* another vCPU changed the code: nothing to do for this form */
	outcome = string_element(a);
	if (outcome != DONE)
		return outcome;
	if (vmx_get_rflags(a->v) & RFLAGS_DF)
		step = -step;
	if (i->op == INSN_MOVS || i->op == INSN_LODS)
		write_index(a, REG_RSI, vmx_get_register(a->v, REG_RSI) + step);
	if (i->op != INSN_LODS)
		write_index(a, REG_RDI, vmx_get_register(a->v, REG_RDI) + step);
	if (!repeat)
		return DONE;
	write_index(a, REG_RCX, count - 1);
	if (i->op == INSN_SCAS && !(vmx_get_rflags(a->v) & RFLAGS_ZF) == !i->repne)
		return DONE;
	return count > 1 ? AGAIN : DONE;
}

static enum outcome perform(struct access *a)
{
	switch (a->insn.op) {
	case INSN_MOV:
	case INSN_MOVZX:
	case INSN_MOVSX:
	case INSN_MOVBE: do_move(a); return DONE;
	case INSN_XCHG:
	case INSN_XADD:
	case INSN_CMPXCHG: do_exchange(a); return DONE;
	case INSN_MOVS:
	case INSN_CMPS:
	case INSN_STOS:
	case INSN_LODS:
	case INSN_SCAS: return do_string(a);
	default: do_alu(a); return DONE;
	}
}

/* ---- Fetch ---- */

static unsigned int code_size(enum vcpu_mode mode)
{
	switch (mode) {
	case VCPU_MODE_64: return 8;
	case VCPU_MODE_32: return 4;
	default: return 2;
	}
}

/* Decode what was fetched, or find that it was decoded before. */
static enum status decode(struct access *a, const uint64_t bytes[2], size_t have, unsigned int size)
{
	uint64_t rip = vmx_get_rip(a->v);
	struct mmio_decoded *d = &a->v->vmx->decoded[(rip >> 2 ^ rip) % MMIO_DECODED];
	uint64_t last = bytes[1] | (uint64_t)size << 56;
	enum status status;

	/* Fewer bytes than could be are padded with zeros here: not to be taken for real ones. */
	if (have == INSN_MAX && d->bytes[0] == bytes[0] && d->bytes[1] == last) {
		a->insn = d->insn;
		return OK;
	}
	status = insn_decode((const uint8_t *)bytes, have, size, &a->insn);
	if (status == OK && have == INSN_MAX) {
		d->bytes[0] = bytes[0];
		d->bytes[1] = last;
		d->insn = a->insn;
	}
	return status;
}

/* Not a byte further than needed: the next page may not be there. */
static enum outcome fetch(struct access *a)
{
	const struct physmap *pm = &a->v->domain->physmap;
	enum vcpu_mode mode = vcpu_arch_mode(a->v);
	uint64_t linear = vmx_get_rip(a->v), bytes[2] = { 0 };
	struct vmx_segment_state cs;
	struct gwalk_fault fault = { 0 };
	size_t have = 0, want;
	enum status status = ERR_TRUNCATED;

	if (mode != VCPU_MODE_64) {
		vmx_get_segment(a->v, VMX_SEG_CS, &cs);
		linear = low32(linear + cs.base);
	}
	/* A page that has left the guest under our hands raises no page fault of its own. */
	fault.linear = linear;
	want = min_u64(INSN_MAX, PAGE_SIZE - (linear & ~PAGE_MASK));
	while (status == ERR_TRUNCATED && have < INSN_MAX) {
		if (gwalk_copy_from(pm, &a->paging, &a->v->walks, (uint8_t *)bytes + have,
				    linear + have, want - have, GWALK_FETCH, &fault) != OK)
			return inject_fault(a->v, &fault);
		have = want;
		want = INSN_MAX;
		status = decode(a, bytes, have, code_size(mode));
	}
	if (status == ERR_INVALID) {
		vmx_inject_exception(a->v, EXC_UD, false, 0);
		return FAULTED;
	}
	return status == OK ? DONE : UNKNOWN;
}

bool mmio_access(struct vcpu *v, gpa_t gpa, uint64_t qualification)
{
	struct access a = { .v = v, .gpa = gpa, .write = qualification & QUAL_WRITE };
	enum outcome outcome;

	/* Code and page tables on the open bus cannot be emulated to any good. */
	if ((qualification & QUAL_FETCH) ||
	    (qualification & (QUAL_LINEAR | QUAL_TRANSLATED)) != (QUAL_LINEAR | QUAL_TRANSLATED))
		return false;
	vcpu_arch_paging(v, &a.paging);
	outcome = fetch(&a);
	if (outcome == DONE)
		outcome = perform(&a);
	if (outcome == DONE)
		vmx_skip_bytes(v, a.insn.length);
	return outcome != UNKNOWN;
}
