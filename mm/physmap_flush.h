// SPDX-License-Identifier: MIT
#ifndef MM_PHYSMAP_FLUSH_H
#define MM_PHYSMAP_FLUSH_H

#include "mm/physmap.h"

/*
 * No vCPU of the guest goes on with a translation that its processor has cached: neither of the
 * physmap nor of the guest's own page tables (INVEPT drops combined mappings too: SDM vol. 3,
 * 28.4.3). Context as physmap_change().
 */
void physmap_flush(struct physmap *pm);

#endif
