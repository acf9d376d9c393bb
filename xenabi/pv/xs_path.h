// SPDX-License-Identifier: MIT
/* The rules of xenstore's paths (xen.git docs/misc/xenstore.txt). Pure: any context, no lock. */
#ifndef XENABI_PV_XS_PATH_H
#define XENABI_PV_XS_PATH_H

#include "core/lib/types.h"

#define XS_ABS_PATH_MAX    3072 /* xen/io/xs_wire.h XENSTORE_ABS_PATH_MAX */
#define XS_REL_PATH_MAX    2048 /* XENSTORE_REL_PATH_MAX, below /local/domain/N */
#define XS_DOMAIN_PATH_MAX 24   /* "/local/domain/65535/" with its NUL, rounded up */

/* "/local/domain/N/" with a NUL into out; its length. */
size_t xs_path_of_domain(uint16_t domid, char out[XS_DOMAIN_PATH_MAX]);

/*
 * Make the path that a guest sent absolute: as it is when it begins with '/', below the sender's
 * own path otherwise. *relative says which. False for anything that is no path: empty, too long, a
 * character that is not allowed, "//", a '/' at the end. With `special`, "@name" is allowed too
 * (watches). out holds at least XS_ABS_PATH_MAX + 1 bytes and is terminated.
 */
bool xs_path_canonical(const char *path, size_t len, uint16_t domid, bool special, char *out,
		       size_t *out_len, bool *relative) must_check;

/* Length of the parent's path: 1 for a child of the root, 0 for the root and for "@name". */
size_t xs_path_parent(const char *path, size_t len);

/* Is `path` the same as `base` or below it? */
bool xs_path_below(const char *path, size_t len, const char *base, size_t base_len) must_check;

#endif
