// SPDX-License-Identifier: MIT
// variants: 64 32
//
// Which hypercalls there are and who may issue them; xen_version row by row. On every machine: all
// ok.
#include "tests/guest/lib/guest.h"

static void identity(void)
{
	static char buf[1024];
	long v = xen_version(XENVER_version, 0);

	ok(v >> 16 == 4 && (v & 0xffff) >= 3, "version is a Xen 4: 0x%lx", (unsigned long)v);
	memset(buf, 'x', sizeof(buf));
	ok_eq((uint64_t)xen_version(XENVER_extraversion, buf), 0, "extraversion");
	ok(strlen(buf) < 16 && !buf[15] && buf[16] == 'x', "extraversion is a string of 16: %s",
	   buf);
	memset(buf, 'x', sizeof(buf));
	ok_eq((uint64_t)xen_version(XENVER_compile_info, buf), 0, "compile_info");
	ok(!buf[63] && !buf[79] && !buf[111] && !buf[143] && buf[144] == 'x',
	   "compile_info's strings end in zeroes");
	memset(buf, 'x', sizeof(buf));
	ok_eq((uint64_t)xen_version(XENVER_capabilities, buf), 0, "capabilities");
	ok(strstr(buf, "hvm-3.0-x86_32") && !buf[1023], "capabilities name HVM: %s", buf);
	memset(buf, 'x', sizeof(buf));
	ok_eq((uint64_t)xen_version(XENVER_changeset, buf), 0, "changeset");
	ok(!buf[63] && buf[64] == 'x', "changeset is a string of 64");
	memset(buf, 'x', sizeof(buf));
	ok_eq((uint64_t)xen_version(XENVER_platform_parameters, buf), 0, "platform_parameters");
	ok(buf[sizeof(long)] == 'x' && buf[0] != 'x', "platform_parameters is one long");
	ok_eq((uint64_t)xen_version(XENVER_pagesize, 0), 4096, "pagesize");
	memset(buf, 'x', sizeof(buf));
	ok_eq((uint64_t)xen_version(XENVER_guest_handle, buf), 0, "guest_handle");
	ok(buf[16] == 'x', "guest_handle is 16 bytes");
	memset(buf, 'x', sizeof(buf));
	ok_eq((uint64_t)xen_version(XENVER_commandline, buf), 0, "commandline");
	ok(strcmp(buf, "<denied>") == 0, "commandline is denied: %s", buf);
	ok_eq((uint64_t)xen_version(XENVER_build_id, 0), (uint64_t)-XEN_EPERM, "build_id");
	ok_eq((uint64_t)xen_version(99, buf), (uint64_t)-XEN_ENOSYS, "an unknown row");
	ok_eq((uint64_t)xen_version(XENVER_extraversion, HOLE), (uint64_t)-XEN_EFAULT,
	      "extraversion to where nothing is");
}

static void features(void)
{
	static const unsigned int set[] = { XENFEAT_writable_page_tables,
					    XENFEAT_auto_translated_physmap,
					    XENFEAT_hvm_callback_vector, XENFEAT_hvm_safe_pvclock };
	static const unsigned int clear[] = { XENFEAT_hvm_pirqs, XENFEAT_dom0, 18, 19, 20 };
	struct xen_feature_info info = { .submap_idx = 0 };

	ok_eq((uint64_t)xen_version(XENVER_get_features, &info), 0, "get_features");
	for (unsigned int i = 0; i < array_size(set); i++)
		ok(info.submap >> set[i] & 1, "feature %u is there", set[i]);
	for (unsigned int i = 0; i < array_size(clear); i++)
		ok(!(info.submap >> clear[i] & 1), "feature %u is not", clear[i]);
	info.submap_idx = 1;
	ok_eq((uint64_t)xen_version(XENVER_get_features, &info), (uint64_t)-XEN_EINVAL,
	      "submap 1 does not exist");
	ok_eq((uint64_t)xen_version(XENVER_get_features, HOLE), (uint64_t)-XEN_EFAULT,
	      "get_features from where nothing is");
}

static void absent_and_denied(void)
{
	static const uint8_t absent[] = { 0,  1,  2,  3,  4,  5,  6,  8,  9,  10, 14, 16,
					  19, 22, 23, 25, 27, 28, 30, 31, 37, 38, 48 };
	static const uint8_t denied[] = { 7, 35, 36 };
	static const uint8_t other[] = { 26, 39, 40, 41, 42 };
	static uint64_t zeroes[32];

	for (unsigned int i = 0; i < array_size(absent); i++)
		ok_eq((uint64_t)HC1(absent[i], zeroes), (uint64_t)-XEN_ENOSYS, "hypercall %u",
		      absent[i]);
	for (unsigned int i = 0; i < array_size(denied); i++)
		ok_eq((uint64_t)HC1(denied[i], zeroes), (uint64_t)-XEN_EPERM, "hypercall %u",
		      denied[i]);
	for (unsigned int i = 0; i < array_size(other); i++)
		ok(HC1(other[i], zeroes) < 0, "hypercall %u fails", other[i]);
	ok_eq((uint64_t)HC0(64), (uint64_t)-XEN_ENOSYS, "hypercall 64");
	ok_eq((uint64_t)HC0(0x7fffffff), (uint64_t)-XEN_ENOSYS, "hypercall 0x7fffffff");
	ok_eq((uint64_t)HC0(0xffffffff), (uint64_t)-XEN_ENOSYS, "hypercall 0xffffffff");
}

static void callers(void)
{
	static struct multicall_entry calls[3];

	ok_eq((uint64_t)user_call(__HYPERVISOR_xen_version, XENVER_version, 0),
	      (uint64_t)-XEN_EPERM, "no hypercall from CPL 3");
	for (unsigned int i = 0; i < 3; i++) {
		calls[i].op = i == 1 ? 63 : __HYPERVISOR_xen_version;
		calls[i].args[0] = XENVER_pagesize;
	}
	ok_eq((uint64_t)HC2(__HYPERVISOR_multicall, calls, 3), 0, "multicall");
	ok_eq(calls[0].result, 4096, "its first entry");
	ok((long)calls[1].result == -XEN_ENOSYS, "its second entry does not exist");
	ok_eq(calls[2].result, 4096, "its third entry");
	ok_eq((uint64_t)HC2(__HYPERVISOR_multicall, HOLE, 1), (uint64_t)-XEN_EFAULT,
	      "multicall from where nothing is");
}

void test_main(void)
{
	identity();
	features();
	absent_and_denied();
	callers();
}
