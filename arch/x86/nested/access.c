// SPDX-License-Identifier: MIT
/* VMREAD and VMWRITE of L1, and those of L2 that go to its shadow VMCS (SDM vol. 3, 24.10, 30.3). */
#include "arch/x86/nested/instruction.h"
#include "arch/x86/nested/operand.h"
#include "arch/x86/nested/state.h"

/* The operand size is that of the mode: prefixes have no say. */
static unsigned int operand_size(struct vcpu *v)
{
	return likely(vcpu_arch_mode(v) == VCPU_MODE_64) ? 8 : 4;
}

static uint64_t read_register(struct vcpu *v, unsigned int reg, unsigned int size)
{
	uint64_t value = vmx_get_register(v, reg);

	return likely(size == 8) ? value : (uint32_t)value;
}

/* Where VMREAD puts the value. False: it raised an exception. */
static bool store(struct vcpu *v, uint32_t info, unsigned int size, uint64_t value)
{
	if (!operand_is_register(info))
		return memory_operand_write(v, info, &value, size);
	vmx_set_register(v, operand_reg1(info), size == 8 ? value : (uint32_t)value);
	return true;
}

/* Where VMWRITE takes the value from. */
static bool fetch(struct vcpu *v, uint32_t info, unsigned int size, uint64_t *value)
{
	*value = 0;
	if (!operand_is_register(info))
		return memory_operand_read(v, info, value, size);
	*value = read_register(v, operand_reg1(info), size);
	return true;
}

/* The operand that names the field, with which vmcs12 then is up to date. */
static uint64_t field_operand(struct vcpu *v, uint32_t info, unsigned int size)
{
	uint64_t encoding = read_register(v, operand_reg2(info), size);

	if (nested_rare(encoding))
		nested_read_rare(v);
	return encoding;
}

static void read_current(struct vcpu *v)
{
	uint32_t info = vmread32(VMCS32_EXIT_INSN_INFO);
	unsigned int size = operand_size(v);
	uint64_t encoding = field_operand(v, info, size), value;
	enum vmfail error = vmcs12_read(nested_caps_of(v), nested_of(v)->vmcs12, encoding, &value);

	if (error || store(v, info, size, value))
		nested_instruction_done(v, (int)error);
}

static void write_current(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	uint32_t info = vmread32(VMCS32_EXIT_INSN_INFO);
	unsigned int size = operand_size(v);
	uint64_t encoding, value;
	enum vmfail error;

	if (!fetch(v, info, size, &value))
		return;
	encoding = field_operand(v, info, size);
	error = vmcs12_write(nested_caps_of(v), n->vmcs12, encoding, value, &n->groups);
	if (!error)
		hw_shadow_written(v, encoding);
	nested_instruction_done(v, (int)error);
}

void access_current(struct vcpu *v, bool write)
{
	if (nested_of(v)->current == NESTED_NO_VMCS)
		nested_instruction_done(v, INSTRUCTION_INVALID);
	else if (write)
		write_current(v);
	else
		read_current(v);
}

/* The slot of L1's memory that a field of the linked VMCS has. */
static uint64_t linked_slot(const struct vcpu *v, uint32_t slot)
{
	return nested_of(v)->vmcs12->link_pointer + offsetof(struct vmcs12, vpid) + 8ULL * slot;
}

static bool shadow_read(struct vcpu *v, uint32_t info, unsigned int size, uint64_t encoding,
			uint32_t slot)
{
	uint64_t stored;

	nested_read_memory(v, linked_slot(v, slot), &stored, sizeof(stored));
	return store(v, info, size, vmcs12_get(encoding, stored));
}

static bool shadow_write(struct vcpu *v, uint32_t info, unsigned int size, uint64_t encoding,
			 uint32_t slot)
{
	uint64_t stored, value;

	if (!fetch(v, info, size, &value))
		return false;
	nested_read_memory(v, linked_slot(v, slot), &stored, sizeof(stored));
	stored = vmcs12_put(encoding, stored, value);
	nested_write_memory(v, linked_slot(v, slot), &stored, sizeof(stored));
	return true;
}

void nested_shadow_access(struct vcpu *v, bool write)
{
	uint32_t info = vmread32(VMCS32_EXIT_INSN_INFO), slot;
	unsigned int size = operand_size(v);
	uint64_t encoding = read_register(v, operand_reg2(info), size);
	enum vmfail error;

	if (nested_instruction_faults(v, false))
		return;
	if (nested_of(v)->vmcs12->link_pointer == NESTED_NO_VMCS) {
		nested_instruction_done(v, INSTRUCTION_INVALID);
		return;
	}
	error = vmcs12_find(nested_caps_of(v), encoding, write, &slot);
	if (error || (write ? shadow_write(v, info, size, encoding, slot)
			    : shadow_read(v, info, size, encoding, slot)))
		nested_instruction_done(v, (int)error);
}
