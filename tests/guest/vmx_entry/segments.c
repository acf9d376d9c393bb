// SPDX-License-Identifier: MIT
/* Guest segment registers (SDM vol. 3, 26.3.1.2). */
#include "tests/guest/vmx_entry/cases.h"

#define UNRESTRICTED .proc2 = PROC2_UNRESTRICTED | PROC2_EPT
#define RIGHTS(seg, value)                                                                         \
	{                                                                                          \
		GUEST_RIGHTS(seg), SET, value                                                      \
	}
#define SELECTOR(seg, value)                                                                       \
	{                                                                                          \
		GUEST_SELECTOR(seg), SET, value                                                    \
	}
#define BASE(seg, value)                                                                           \
	{                                                                                          \
		GUEST_BASE(seg), SET, value                                                        \
	}
#define LIMIT(seg, value)                                                                          \
	{                                                                                          \
		GUEST_LIMIT(seg), SET, value                                                       \
	}
#define A_LDT RIGHTS(LDTR, 0x82), LIMIT(LDTR, 0xff)

/* clang-format off */
const struct entry_case segment_cases[] = {
	{ .name = "TR_TI", STATE, { SELECTOR(TR, 0x4c) } },
	{ .name = "LDTR_TI", STATE, { A_LDT, SELECTOR(LDTR, 0x4c) } },
	{ .name = "LDTR_TI.unusable", ENTERED, { SELECTOR(LDTR, 0x4c) } },
	{ .name = "LDTR.good", ENTERED, { A_LDT, SELECTOR(LDTR, 0x48) } },
	{ .name = "SS_RPL", STATE, { SELECTOR(SS, 0x13) } },
	{ .name = "SS_RPL.unrestricted", ENTERED, { SELECTOR(SS, 0x13) }, UNRESTRICTED },
	{ .name = "V86_BASE.cs", STATE, { BASE(CS, 0x10) }, V86 },
	{ .name = "V86_BASE.gs", STATE, { SELECTOR(GS, 0x1000) }, V86 },
	{ .name = "V86_BASE.good", V86_ENTERED, { SELECTOR(GS, 0x1000), BASE(GS, 0x10000) }, V86 },
	{ .name = "V86_LIMIT", STATE, { LIMIT(SS, 0xfffff) }, V86 },
	{ .name = "V86_RIGHTS.dpl", STATE, { RIGHTS(DS, 0x93) }, V86 },
	{ .name = "V86_RIGHTS.unusable", STATE, { RIGHTS(FS, 0x100f3) }, V86 },
	{ .name = "V86_RIGHTS.code", STATE, { RIGHTS(CS, 0xfb) }, V86 },
	{ .name = "BASE_CANONICAL.tr", STATE, { BASE(TR, NOT_CANONICAL) } },
	{ .name = "BASE_CANONICAL.fs", STATE, { BASE(FS, NOT_CANONICAL) } },
	{ .name = "BASE_CANONICAL.gs", STATE, { BASE(GS, NOT_CANONICAL) } },
	{ .name = "BASE_CANONICAL.ldtr", STATE, { A_LDT, BASE(LDTR, NOT_CANONICAL) } },
	{ .name = "BASE_CANONICAL.ldtr_unusable", ENTERED, { BASE(LDTR, NOT_CANONICAL) } },
	{ .name = "BASE_HIGH.cs", STATE, { BASE(CS, 1ULL << 32) } },
	{ .name = "BASE_HIGH.ss", STATE, { BASE(SS, 1ULL << 32) } },
	{ .name = "BASE_HIGH.ds", STATE, { BASE(DS, 1ULL << 32) } },
	{ .name = "BASE_HIGH.es", STATE, { BASE(ES, 1ULL << 32) } },
	{ .name = "BASE_HIGH.es_unusable", ENTERED, { BASE(ES, 1ULL << 32), RIGHTS(ES, 0x10000) } },
	{ .name = "CS_TYPE.not_accessed", STATE, { RIGHTS(CS, 0xa09a) } },
	{ .name = "CS_TYPE.data", STATE, { RIGHTS(CS, 0xa093) } },
	{ .name = "CS_TYPE.data_unrestricted", ENTERED, { RIGHTS(CS, 0xa093) }, UNRESTRICTED },
	{ .name = "CS_TYPE.read_only_unrestricted", STATE, { RIGHTS(CS, 0xa091) }, UNRESTRICTED },
	{ .name = "CS_TYPE.execute_only", ENTERED, { RIGHTS(CS, 0xa099) } },
	{ .name = "CS_TYPE.conforming", ENTERED, { RIGHTS(CS, 0xa09f) } },
	{ .name = "SS_TYPE.read_only", STATE, { RIGHTS(SS, 0xc091) } },
	{ .name = "SS_TYPE.not_accessed", STATE, { RIGHTS(SS, 0xc092) } },
	{ .name = "SS_TYPE.code", STATE, { RIGHTS(SS, 0xc09b) } },
	{ .name = "SS_TYPE.32", STATE, { RIGHTS(SS, 0xc091) }, PROTECTED },
	{ .name = "SS_TYPE.down", ENTERED, { RIGHTS(SS, 0xc097) } },
	{ .name = "SS_TYPE.unusable", ENTERED, { RIGHTS(SS, 0x10000) } },
	{ .name = "DATA_TYPE.not_accessed", STATE, { RIGHTS(DS, 0xc092) } },
	{ .name = "DATA_TYPE.execute_only", STATE, { RIGHTS(ES, 0xc099) } },
	{ .name = "DATA_TYPE.fs", STATE, { RIGHTS(FS, 0xc090) } },
	{ .name = "DATA_TYPE.gs_code", ENTERED, { RIGHTS(GS, 0xc09b) } },
	{ .name = "SEGMENT_S.cs", STATE, { RIGHTS(CS, 0xa08b) } },
	{ .name = "SEGMENT_S.ss", STATE, { RIGHTS(SS, 0xc083) } },
	{ .name = "SEGMENT_S.ds", STATE, { RIGHTS(DS, 0xc083) } },
	{ .name = "SEGMENT_S.tr", STATE, { RIGHTS(TR, 0x9b) } },
	{ .name = "SEGMENT_S.ldtr", STATE, { RIGHTS(LDTR, 0x92) } },
	{ .name = "CS_DPL", STATE, { RIGHTS(CS, 0xa0fb) } },
	{ .name = "CS_DPL.32", STATE, { RIGHTS(CS, 0xc0bb) }, PROTECTED },
	{ .name = "CS_DPL.conforming", STATE, { RIGHTS(CS, 0xa0ff) } },
	{ .name = "CS_DPL.data", STATE, { RIGHTS(CS, 0xa0f3) }, UNRESTRICTED },
	{ .name = "CS_DPL.user", ENTERED, { SELECTOR(CS, 0x43), RIGHTS(CS, 0xa0fb), SELECTOR(SS, 0x3b),
	  RIGHTS(SS, 0xc0f3) } },
	{ .name = "CS_DPL.not_as_ss", STATE, { SELECTOR(CS, 0x43), RIGHTS(CS, 0xa09b), SELECTOR(SS, 0x3b),
	  RIGHTS(SS, 0xc0f3) } },
	{ .name = "SS_DPL", STATE, { RIGHTS(SS, 0xc0f3) } },
	{ .name = "SS_DPL.real", STATE, { RIGHTS(SS, 0xf3) }, REAL, UNRESTRICTED },
	{ .name = "SS_DPL.unusable", STATE, { RIGHTS(SS, 0x10060) } },
	{ .name = "DATA_DPL.ds", STATE, { SELECTOR(DS, 0x13) } },
	{ .name = "DATA_DPL.gs", STATE, { RIGHTS(GS, 0xc0b3), SELECTOR(GS, 0x12) } },
	{ .name = "DATA_DPL.code", STATE, { RIGHTS(FS, 0xc09b), SELECTOR(FS, 0x1a) } },
	{ .name = "DATA_DPL.conforming", ENTERED, { RIGHTS(FS, 0xc09f), SELECTOR(FS, 0x1a) } },
	{ .name = "DATA_DPL.unrestricted", ENTERED, { SELECTOR(DS, 0x13) }, UNRESTRICTED },
	{ .name = "SEGMENT_P.cs", STATE, { RIGHTS(CS, 0xa01b) } },
	{ .name = "SEGMENT_P.ss", STATE, { RIGHTS(SS, 0xc013) } },
	{ .name = "SEGMENT_P.es", STATE, { RIGHTS(ES, 0xc013) } },
	{ .name = "SEGMENT_P.tr", STATE, { RIGHTS(TR, 0x0b) } },
	{ .name = "SEGMENT_P.ldtr", STATE, { RIGHTS(LDTR, 0x02) } },
	{ .name = "SEGMENT_RESERVED.cs", STATE, { RIGHTS(CS, 0xa19b) } },
	{ .name = "SEGMENT_RESERVED.cs_high", STATE, { RIGHTS(CS, 0x2a09b) } },
	{ .name = "SEGMENT_RESERVED.ds", STATE, { RIGHTS(DS, 0xc893) } },
	{ .name = "SEGMENT_RESERVED.ds_unusable", ENTERED, { RIGHTS(DS, 0x1c893) } },
	{ .name = "SEGMENT_RESERVED.tr", STATE, { RIGHTS(TR, 0x48b) } },
	{ .name = "SEGMENT_RESERVED.ldtr", STATE, { RIGHTS(LDTR, 0x182) } },
	{ .name = "CS_DB", STATE, { RIGHTS(CS, 0xe09b) } },
	{ .name = "SEGMENT_G.cs_low", STATE, { LIMIT(CS, 0xfffff000) } },
	{ .name = "SEGMENT_G.cs_high", STATE, { RIGHTS(CS, 0x209b) } },
	{ .name = "SEGMENT_G.cs_bytes", ENTERED, { RIGHTS(CS, 0x209b), LIMIT(CS, 0xfffff) } },
	{ .name = "SEGMENT_G.ss", STATE, { RIGHTS(SS, 0x4093) } },
	{ .name = "SEGMENT_G.ds", STATE, { LIMIT(DS, 0xfffffffe) } },
	{ .name = "SEGMENT_G.tr", STATE, { LIMIT(TR, 1 << 20) } },
	{ .name = "SEGMENT_G.ldtr", STATE, { RIGHTS(LDTR, 0x8082), LIMIT(LDTR, 0xff) } },
	{ .name = "TR_TYPE.available", STATE, { RIGHTS(TR, 0x89) } },
	{ .name = "TR_TYPE.16", STATE, { RIGHTS(TR, 0x83) } },
	{ .name = "TR_TYPE.16_in_32", ENTERED, { RIGHTS(TR, 0x83) }, PROTECTED },
	{ .name = "TR_TYPE.ldt", STATE, { RIGHTS(TR, 0x82) } },
	{ .name = "TR_UNUSABLE", STATE, { RIGHTS(TR, 0x1008b) } },
	{ .name = "LDTR_TYPE", STATE, { RIGHTS(LDTR, 0x8b), LIMIT(LDTR, 103) } },
};
/* clang-format on */

const unsigned int segment_count = array_size(segment_cases);
