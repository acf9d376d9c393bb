// SPDX-License-Identifier: MIT
/* Exit qualifications as structures (SDM vol. 3, 27.2.1). Pure. */
#ifndef ARCH_X86_VMX_QUALIFICATION_H
#define ARCH_X86_VMX_QUALIFICATION_H

#include "core/lib/types.h"

enum cr_access_kind { CR_MOV_TO, CR_MOV_FROM, CR_CLTS, CR_LMSW };

struct cr_access {
	enum cr_access_kind kind;
	uint8_t cr;
	uint8_t reg; /* general register by its encoding */
};

struct io_access {
	uint16_t port;
	uint8_t size; /* 1, 2, 4 */
	bool in, string, rep;
};

/* EPT violation. */
#define EPT_VIOLATION_READ        (1U << 0)
#define EPT_VIOLATION_WRITE       (1U << 1)
#define EPT_VIOLATION_FETCH       (1U << 2)
#define EPT_VIOLATION_LINEAR      (1U << 7) /* the linear address is valid */
#define EPT_VIOLATION_TRANSLATED  (1U << 8) /* access by that address, not by a walk to it */
#define EPT_VIOLATION_NMI_UNBLOCK (1U << 12)

static inline struct cr_access qualification_cr(uint64_t q)
{
	return (struct cr_access){
		.kind = (enum cr_access_kind)(q >> 4 & 3),
		.cr = (uint8_t)(q & 0xf),
		.reg = (uint8_t)(q >> 8 & 0xf),
	};
}

static inline struct io_access qualification_io(uint64_t q)
{
	return (struct io_access){
		.port = (uint16_t)(q >> 16),
		.size = (uint8_t)((q & 7) + 1),
		.in = q >> 3 & 1,
		.string = q >> 4 & 1,
		.rep = q >> 5 & 1,
	};
}

/* The address size in bytes of INS or OUTS, from the VM-exit instruction information. */
static inline unsigned int qualification_string_address(uint32_t info)
{
	return 2U << (info >> 7 & 7);
}

#endif
