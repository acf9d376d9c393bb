// SPDX-License-Identifier: MIT
/* Host tests: the real fields, but VMREAD and VMWRITE are the test's functions. */
#ifndef TESTS_HOST_VMCS_H
#define TESTS_HOST_VMCS_H

#define vmread_field  insn_vmread_field
#define vmwrite_field insn_vmwrite_field
#define vmread16      insn_vmread16
#define vmread32      insn_vmread32
#define vmread64      insn_vmread64
#define vmreadn       insn_vmreadn
#define vmwrite16     insn_vmwrite16
#define vmwrite32     insn_vmwrite32
#define vmwrite64     insn_vmwrite64
#define vmwriten      insn_vmwriten
#include_next "arch/x86/vmx/vmcs.h"
#undef vmread_field
#undef vmwrite_field
#undef vmread16
#undef vmread32
#undef vmread64
#undef vmreadn
#undef vmwrite16
#undef vmwrite32
#undef vmwrite64
#undef vmwriten

uint64_t host_vmread(uint32_t encoding);
void host_vmwrite(uint32_t encoding, uint64_t value);

#define vmread16(f)       ((uint16_t)host_vmread((f).encoding))
#define vmread32(f)       ((uint32_t)host_vmread((f).encoding))
#define vmread64(f)       host_vmread((f).encoding)
#define vmreadn(f)        host_vmread((f).encoding)
#define vmwrite16(f, v16) host_vmwrite((f).encoding, (v16))
#define vmwrite32(f, v32) host_vmwrite((f).encoding, (v32))
#define vmwrite64(f, v64) host_vmwrite((f).encoding, (v64))
#define vmwriten(f, vn)   host_vmwrite((f).encoding, (vn))

#endif
