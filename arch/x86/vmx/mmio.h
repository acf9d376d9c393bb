// SPDX-License-Identifier: MIT
/* Memory accesses where nothing is mapped: the xAPIC page, else an open bus. */
#ifndef ARCH_X86_VMX_MMIO_H
#define ARCH_X86_VMX_MMIO_H

#include "arch/x86/vmx/decode.h"
#include "core/vcpu.h"

#define MMIO_DECODED 4 /* power of two */

/*
 * Instructions decoded before, by their address; the bytes are fetched and compared on each use.
 * A guest has few that touch its local APIC.
 */
struct mmio_decoded {
	uint64_t bytes[2]; /* the last byte is the size of the code segment; 0: empty */
	struct insn insn;
};

/*
 * Serve an EPT violation on a gfn where nothing is mapped: fetch and decode the guest's
 * instruction, perform it on the device at gpa, and step over it (or inject the fault that the
 * fetch or the other operand raised). qualification: the exit's (SDM vol. 3, table 27-7). False
 * when it is not an access that can be emulated: the caller crashes the guest. Own core, loaded
 * vCPU, outside sections.
 */
bool mmio_access(struct vcpu *v, gpa_t gpa, uint64_t qualification) must_check;

#endif
