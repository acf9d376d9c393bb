// SPDX-License-Identifier: MIT
/* Grant tables, version 1: frames of the hypervisor's own that the guest maps and fills. */
#ifndef XENABI_GRANT_TABLE_H
#define XENABI_GRANT_TABLE_H

#include "core/domain.h"

#define GRANT_FRAMES_MAX 64 /* xl's max_grant_frames */

enum status grant_table_create(struct domain *d) must_check;
void grant_table_destroy(struct domain *d);

/*
 * XENMAPSPACE_grant_table: the idx-th frame, made if it is the next ones' turn, and where to keep
 * the gfn at which it is mapped. 0, -EINVAL or -ENOMEM. Under memory_lock.
 */
int grant_table_frame(struct domain *d, uint64_t idx, pfn_t *pfn, gfn_t **where) must_check;
/* Frames there are, for the monitor. */
uint32_t grant_table_frames(const struct domain *d);
/* Entry `ref` as the guest has written it; false beyond the table. For the monitor. */
struct grant_entry_v1;
bool grant_table_entry(const struct domain *d, uint32_t ref, struct grant_entry_v1 *out);

#endif
