// SPDX-License-Identifier: MIT
/* What the boot loader and the command line said, for the rest of boot/. Constant after main. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "boot/cmdline.h"
#include "boot/multiboot2.h"

extern struct cmdline_options boot_options;
extern struct mb2_info boot_mb2;

#endif
