// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/decode.h"
#include "core/lib/string.h"

#define REX_W 8
#define REX_R 4

struct cursor {
	const uint8_t *p, *end;
	enum status status; /* the first thing that went wrong */
	unsigned int code_size;
	uint8_t rex; /* 0 when there is none */
	bool opsize; /* prefix 66 */
	uint8_t modrm;
};

static uint64_t take(struct cursor *c, unsigned int bytes)
{
	uint64_t v = 0;

	if ((size_t)(c->end - c->p) < bytes) {
		if (c->status == OK)
			c->status = ERR_TRUNCATED;
		return 0;
	}
	for (unsigned int i = 0; i < bytes; i++)
		v |= (uint64_t)c->p[i] << (8 * i);
	c->p += bytes;
	return v;
}

static uint64_t take_signed(struct cursor *c, unsigned int bytes)
{
	unsigned int unused = 64 - 8 * bytes;

	return (uint64_t)((int64_t)(take(c, bytes) << unused) >> unused);
}

static void fail(struct cursor *c, enum status status)
{
	if (c->status == OK)
		c->status = status;
}

/* One legacy prefix; false when the byte is none. SDM vol. 2, 2.1.1. */
static bool take_prefix(struct cursor *c, uint8_t byte, struct insn *out, bool *addrsize)
{
	/* In 64-bit mode the four old segment prefixes have no effect (SDM vol. 1, 3.3.7.1). */
	bool segments = c->code_size != 8;

	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		if (segments)
			out->seg = (enum insn_seg)(byte >> 3 & 3);
		break;
	case 0x64: out->seg = SEG_FS; break;
	case 0x65: out->seg = SEG_GS; break;
	case 0x66: c->opsize = true; break;
	case 0x67: *addrsize = true; break;
	case 0xf0: out->lock = true; break;
	case 0xf2:
		out->repne = true;
		out->rep = false;
		break;
	case 0xf3:
		out->rep = true;
		out->repne = false;
		break;
	default: return false;
	}
	return true;
}

/* All prefixes; returns the first opcode byte. */
static uint8_t take_prefixes(struct cursor *c, struct insn *out)
{
	bool addrsize = false;
	uint8_t byte;

	for (;;) {
		byte = (uint8_t)take(c, 1);
		if (c->status != OK)
			return 0;
		if (take_prefix(c, byte, out, &addrsize)) {
			c->rex = 0; /* a REX that is not last has no effect */
		} else if (c->code_size == 8 && (byte & 0xf0) == 0x40) {
			c->rex = byte;
		} else {
			break;
		}
	}
	if (c->code_size == 8)
		out->addr_size = addrsize ? 4 : 8;
	else
		out->addr_size = (c->code_size == 4) != addrsize ? 4 : 2;
	return byte;
}

/* The size of an operand that is not a byte. */
static uint8_t operand_size(const struct cursor *c)
{
	if (c->rex & REX_W)
		return 8;
	if (c->code_size == 8)
		return c->opsize ? 2 : 4;
	return (c->code_size == 4) != c->opsize ? 4 : 2;
}

/* ModRM, SIB and displacement; only memory forms are ours. SDM vol. 2, tables 2-1 to 2-3. */
static void take_modrm(struct cursor *c, const struct insn *out)
{
	uint8_t mod, rm;

	c->modrm = (uint8_t)take(c, 1);
	mod = c->modrm >> 6;
	rm = c->modrm & 7;
	if (mod == 3) {
		fail(c, ERR_UNSUPPORTED);
		return;
	}
	if (out->addr_size == 2) {
		if (mod == 2 || (mod == 0 && rm == 6))
			take(c, 2);
		else if (mod == 1)
			take(c, 1);
		return;
	}
	if (rm == 4)
		rm = take(c, 1) & 7; /* the base of the SIB byte */
	if (mod == 2 || (mod == 0 && rm == 5))
		take(c, 4);
	else if (mod == 1)
		take(c, 1);
}

/* The register operand in ModRM.reg. */
static void use_reg(const struct cursor *c, struct insn *out, uint8_t size)
{
	uint8_t reg = c->modrm >> 3 & 7;

	out->reg_size = size;
	if (size == 1 && !c->rex && reg >= 4) {
		out->reg = reg & 3;
		out->reg_high = true;
	} else {
		out->reg = (uint8_t)(reg | (c->rex & REX_R) << 1);
	}
}

static void use_imm(struct cursor *c, struct insn *out, uint8_t bytes)
{
	out->imm = take_signed(c, bytes);
	out->has_imm = true;
}

/* An instruction with ModRM: memory and a register of the same size. */
static void mem_reg(struct cursor *c, struct insn *out, enum insn_op op, uint8_t size, bool to_reg)
{
	out->op = op;
	out->mem_size = size;
	out->to_reg = to_reg;
	take_modrm(c, out);
	use_reg(c, out, size);
}

/* Group encodings: ModRM.reg is part of the opcode. */
static unsigned int mem_group(struct cursor *c, struct insn *out, uint8_t size)
{
	out->mem_size = size;
	take_modrm(c, out);
	return c->modrm >> 3 & 7;
}

static void string_op(struct insn *out, enum insn_op op, uint8_t size)
{
	out->op = op;
	out->mem_size = size;
	out->reg_size = size;
	out->reg = 0;
	out->to_reg = op == INSN_LODS;
}

/* F6, F7, FE, FF: one operand, or TEST with an immediate. */
static void decode_unary(struct cursor *c, struct insn *out, uint8_t byte, uint8_t size)
{
	unsigned int group = mem_group(c, out, size);

	if (byte >= 0xfe && group <= 1) {
		out->op = group ? INSN_DEC : INSN_INC;
	} else if (byte <= 0xf7 && group <= 1) {
		out->op = INSN_TEST;
		use_imm(c, out, size == 8 ? 4 : size);
	} else if (byte <= 0xf7 && group <= 3) {
		out->op = group == 2 ? INSN_NOT : INSN_NEG;
	} else {
		fail(c, ERR_UNSUPPORTED);
	}
}

/* 80-83 and C6, C7: memory and an immediate. */
static void decode_immediate(struct cursor *c, struct insn *out, uint8_t byte, uint8_t size)
{
	unsigned int group = mem_group(c, out, size);

	if (byte >= 0xc6) {
		out->op = INSN_MOV;
		if (group != 0)
			fail(c, ERR_UNSUPPORTED);
	} else {
		out->op = (enum insn_op)(INSN_ADD + group);
		if (byte == 0x82 && c->code_size == 8)
			fail(c, ERR_INVALID);
	}
	use_imm(c, out, byte == 0x83 ? 1 : size == 8 ? 4 : size);
}

static void decode_one_byte(struct cursor *c, struct insn *out, uint8_t byte)
{
	uint8_t size = byte & 1 ? operand_size(c) : 1;

	if (byte < 0x40 && (byte & 7) < 4) {
		mem_reg(c, out, (enum insn_op)(INSN_ADD + (byte >> 3)), size, byte & 2);
		return;
	}
	switch (byte) {
	case 0x63:
		if (c->code_size != 8) {
			fail(c, ERR_UNSUPPORTED);
			break;
		}
		mem_reg(c, out, INSN_MOVSX, size, true);
		out->mem_size = size == 2 ? 2 : 4;
		break;
	case 0x80:
	case 0x81:
	case 0x82:
	case 0x83:
	case 0xc6:
	case 0xc7: decode_immediate(c, out, byte, byte == 0x82 ? 1 : size); break;
	case 0x84:
	case 0x85: mem_reg(c, out, INSN_TEST, size, false); break;
	case 0x86:
	case 0x87: mem_reg(c, out, INSN_XCHG, size, false); break;
	case 0x88:
	case 0x89: mem_reg(c, out, INSN_MOV, size, false); break;
	case 0x8a:
	case 0x8b: mem_reg(c, out, INSN_MOV, size, true); break;
	case 0xa0:
	case 0xa1:
	case 0xa2:
	case 0xa3:
		string_op(out, INSN_MOV, size);
		out->to_reg = !(byte & 2);
		take(c, out->addr_size);
		break;
	case 0xa4:
	case 0xa5: string_op(out, INSN_MOVS, size); break;
	case 0xa6:
	case 0xa7: string_op(out, INSN_CMPS, size); break;
	case 0xaa:
	case 0xab: string_op(out, INSN_STOS, size); break;
	case 0xac:
	case 0xad: string_op(out, INSN_LODS, size); break;
	case 0xae:
	case 0xaf: string_op(out, INSN_SCAS, size); break;
	case 0xf6:
	case 0xf7:
	case 0xfe:
	case 0xff: decode_unary(c, out, byte, size); break;
	default: fail(c, ERR_UNSUPPORTED);
	}
}

static void decode_two_byte(struct cursor *c, struct insn *out, uint8_t byte)
{
	uint8_t full = operand_size(c), size = byte & 1 ? full : 1;
	unsigned int group;

	switch (byte) {
	case 0xa3:
	case 0xab:
	case 0xb3:
	case 0xbb: mem_reg(c, out, (enum insn_op)(INSN_BT + (byte >> 3 & 3)), full, false); break;
	case 0xba:
		group = mem_group(c, out, full);
		if (group < 4)
			fail(c, ERR_INVALID);
		out->op = (enum insn_op)(INSN_BT + (group & 3));
		use_imm(c, out, 1);
		break;
	case 0xb0:
	case 0xb1: mem_reg(c, out, INSN_CMPXCHG, size, false); break;
	case 0xb6:
	case 0xb7:
	case 0xbe:
	case 0xbf:
		mem_reg(c, out, byte & 8 ? INSN_MOVSX : INSN_MOVZX, full, true);
		out->mem_size = byte & 1 ? 2 : 1;
		break;
	case 0xc0:
	case 0xc1: mem_reg(c, out, INSN_XADD, size, false); break;
	case 0xc3: /* MOVNTI */
		if (c->opsize || out->rep || out->repne)
			fail(c, ERR_INVALID);
		mem_reg(c, out, INSN_MOV, full, false);
		break;
	case 0x38:
		byte = (uint8_t)take(c, 1);
		/* F2 makes it CRC32. */
		if ((byte != 0xf0 && byte != 0xf1) || out->rep || out->repne)
			fail(c, ERR_UNSUPPORTED);
		mem_reg(c, out, INSN_MOVBE, full, byte == 0xf0);
		break;
	default: fail(c, ERR_UNSUPPORTED);
	}
}

/* LOCK is for instructions that read, change and write memory; else #UD (SDM vol. 2, LOCK). */
static bool lock_allowed(const struct insn *insn)
{
	switch (insn->op) {
	case INSN_ADD:
	case INSN_OR:
	case INSN_ADC:
	case INSN_SBB:
	case INSN_AND:
	case INSN_SUB:
	case INSN_XOR: return !insn->to_reg;
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
	case INSN_NOT:
	case INSN_NEG:
	case INSN_INC:
	case INSN_DEC:
	case INSN_XCHG:
	case INSN_XADD:
	case INSN_CMPXCHG: return true;
	default: return false;
	}
}

enum status insn_decode(const uint8_t *bytes, size_t len, unsigned int code_size, struct insn *out)
{
	bool whole = len >= INSN_MAX;
	struct cursor c = { .p = bytes,
			    .end = bytes + (whole ? INSN_MAX : len),
			    .status = OK,
			    .code_size = code_size };
	uint8_t byte;

	memset(out, 0, sizeof(*out));
	out->seg = SEG_DS;
	out->reg = INSN_NO_REG;
	byte = take_prefixes(&c, out);
	if (c.status == OK && byte == 0x0f)
		decode_two_byte(&c, out, (uint8_t)take(&c, 1));
	else if (c.status == OK)
		decode_one_byte(&c, out, byte);
	/* 15 bytes are all there can be of an instruction. */
	if (c.status == ERR_TRUNCATED && whole)
		c.status = ERR_INVALID;
	if (c.status == OK && out->lock && !lock_allowed(out))
		c.status = ERR_INVALID;
	out->length = (uint8_t)(c.p - bytes);
	return c.status;
}
