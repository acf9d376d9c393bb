// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/decode.c arch/x86/vmx/alu.c
//
// The first byte chooses the mode; the rest is code, in a block of its own size.
#include "arch/x86/vmx/alu.h"
#include "arch/x86/vmx/decode.h"
#include "tests/fuzz/fuzz.h"

static const unsigned int code_sizes[] = { 2, 4, 8 };

static bool is_size(unsigned int n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
}

static void check_fields(const struct insn *insn, size_t len)
{
	uint64_t flags = 2;

	must(insn->length >= 1 && insn->length <= len && insn->length <= INSN_MAX);
	must(is_size(insn->mem_size));
	must(insn->addr_size >= 2 && is_size(insn->addr_size));
	must(insn->reg == INSN_NO_REG || (insn->reg < 16 && is_size(insn->reg_size)));
	must(!insn->reg_high || (insn->reg < 4 && insn->reg_size == 1));
	must(insn->op <= INSN_SCAS);
	(void)alu(insn->op, insn->mem_size, insn->imm, ~insn->imm, &flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct insn insn, again;
	unsigned int code_size;
	uint8_t *code;
	size_t len;

	if (!size)
		return 0;
	code_size = code_sizes[data[0] % array_size(code_sizes)];
	len = size - 1;
	code = malloc(len + 1);
	memcpy(code, data + 1, len);
	if (insn_decode(code, len, code_size, &insn) == OK) {
		check_fields(&insn, len);
		/* What comes after it is no part of it; a byte less is too little. */
		must(insn_decode(code, insn.length, code_size, &again) == OK);
		must(again.length == insn.length && again.op == insn.op);
		must(insn_decode(code, insn.length - 1U, code_size, &again) == ERR_TRUNCATED);
	}
	free(code);
	return 0;
}
