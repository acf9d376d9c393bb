// SPDX-License-Identifier: MIT
/* HYPERVISOR_xen_version (xen/version.h). */
#include "core/lib/bits.h"
#include "core/lib/string.h"
#include "xenabi/compat.h"
#include "xenabi/domain.h"
#include "xenabi/ops.h"

#include <xen/version.h>

/*
 * 0, 2, 8, 9, 13, 16 as a PVH domU of Xen 4.17 sees them. Not 3 and 4 (PV's), 10 (no PIRQs), nor
 * the areas by physical address (18, 19), which are later than 4.17.
 */
#define FEATURES                                                                                   \
	(BIT(XENFEAT_writable_page_tables) | BIT(XENFEAT_auto_translated_physmap) |                \
	 BIT(XENFEAT_hvm_callback_vector) | BIT(XENFEAT_hvm_safe_pvclock) |                        \
	 BIT(XENFEAT_memory_op_vnode_supported) | BIT(XENFEAT_not_direct_mapped))

/* A text of fixed size: its tail is zero, nothing of ours shows behind it. */
static int put_text(struct hypercall *h, size_t size, const char *text)
{
	char out[1024];

	memset(out, 0, size);
	memcpy(out, text, strlen(text));
	return guest_copy_out(h->v, h->arg[1], out, size);
}

static int get_compile_info(struct hypercall *h)
{
	struct xen_compile_info info;

	memset(&info, 0, sizeof(info));
	memcpy(info.compiler, __VERSION__, min_u64(sizeof(__VERSION__), sizeof(info.compiler) - 1));
	/* Who built it, where and when is not recorded: the same source gives the same bytes. */
	memcpy(info.compile_by, "xenith", 6);
	return guest_copy_out(h->v, h->arg[1], &info, sizeof(info));
}

static int platform_parameters(struct hypercall *h)
{
	/* Where PV guests find the hypervisor; others do not. */
	static const uint64_t none;

	return guest_copy_out(h->v, h->arg[1], &none,
			      h->narrow ? COMPAT_PLATFORM_PARAMETERS_SIZE : sizeof(none));
}

static int get_features(struct hypercall *h)
{
	struct xen_feature_info f;
	int rc = guest_copy_in(h->v, &f, h->arg[1], sizeof(f));

	if (rc)
		return rc;
	if (f.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -XEN_EINVAL;
	f.submap = (uint32_t)FEATURES;
	return guest_copy_out(h->v, h->arg[1], &f, sizeof(f));
}

int64_t version_hypercall(struct hypercall *h)
{
	const struct domain *d = h->v->domain;

	switch ((uint32_t)h->arg[0]) {
	case XENVER_version: return XENABI_MAJOR << 16 | XENABI_MINOR;
	case XENVER_extraversion:
		return put_text(h, sizeof(xen_extraversion_t), XENABI_EXTRAVERSION);
	case XENVER_compile_info: return get_compile_info(h);
	case XENVER_capabilities:
		return put_text(h, sizeof(xen_capabilities_info_t),
				"hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ");
	case XENVER_changeset: return put_text(h, sizeof(xen_changeset_info_t), "unavailable");
	case XENVER_platform_parameters: return platform_parameters(h);
	case XENVER_get_features: return get_features(h);
	case XENVER_pagesize: return h->arg[1] ? -XEN_EINVAL : (int64_t)PAGE_SIZE;
	case XENVER_guest_handle:
		return guest_copy_out(h->v, h->arg[1], d->handle, sizeof(d->handle));
	case XENVER_commandline: return put_text(h, sizeof(xen_commandline_t), "<denied>");
	case XENVER_build_id: return -XEN_EPERM;
	default: return -XEN_ENOSYS;
	}
}
