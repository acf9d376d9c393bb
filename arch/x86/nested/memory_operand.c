// SPDX-License-Identifier: MIT
/* Memory operands of VMX instructions, in the linear memory of who executed it. */
#include "arch/x86/nested/operand.h"
#include "arch/x86/nested/state.h"
#include "core/lib/string.h"

static uint64_t get_register(void *opaque, unsigned int reg)
{
	return vmx_get_register(opaque, reg);
}

static void get_segment(void *opaque, enum vmx_segment seg, struct vmx_segment_state *out)
{
	vmx_get_segment(opaque, seg, out);
}

static bool linear_address(struct vcpu *v, uint32_t info, unsigned int size, bool write,
			   uint64_t *linear)
{
	struct operand_args a = {
		.info = info,
		.displacement = vmx_get_qualification(v),
		.mode_64 = vcpu_arch_mode(v) == VCPU_MODE_64,
		.write = write,
		.size = size,
		.get_register = get_register,
		.get_segment = get_segment,
		.opaque = v,
	};
	int fault = operand_linear(&a, linear);

	if (fault)
		vmx_inject_exception(v, (uint8_t)fault, true, 0);
	return !fault;
}

/* True: there is nothing wrong but that there is no memory. Else the fault was injected. */
static bool is_open_bus(struct vcpu *v, const struct gwalk_fault *fault)
{
	uint32_t error = fault->error_code;

	if (nested_walk_fault(v, fault))
		return false;
	if (fault->nowhere != INVALID_FRAME) {
		if (!(fault->nowhere >> (v->domain->vmx->cpuid.phys_bits - PAGE_SHIFT)))
			return true;
		error |= (uint32_t)(PF_PRESENT | PF_RESERVED); /* the entry's reserved bits */
	}
	vmx_inject_page_fault(v, fault->linear, error);
	return false;
}

bool memory_operand_read(struct vcpu *v, uint32_t info, void *dst, unsigned int size)
{
	struct gwalk_fault fault = { 0 };
	struct guest_paging paging;
	uint64_t linear;

	if (!linear_address(v, info, size, false, &linear))
		return false;
	vcpu_arch_paging(v, &paging);
	if (gwalk_copy_from(&v->domain->physmap, &paging, &v->walks, dst, linear, size, GWALK_READ,
			    &fault) == OK)
		return true;
	memset(dst, 0xff, size);
	return is_open_bus(v, &fault);
}

bool memory_operand_write(struct vcpu *v, uint32_t info, const void *src, unsigned int size)
{
	struct gwalk_fault fault = { 0 };
	struct guest_paging paging;
	uint64_t linear;

	if (!linear_address(v, info, size, true, &linear))
		return false;
	vcpu_arch_paging(v, &paging);
	return gwalk_copy_to(&v->domain->physmap, &paging, &v->walks, linear, src, size, &fault) ==
		       OK ||
	       is_open_bus(v, &fault);
}
