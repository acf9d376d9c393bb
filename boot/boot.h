// SPDX-License-Identifier: MIT
/* What the boot loader and the command line said, for the rest of boot/. Constant after main. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "boot/boot_info.h"
#include "boot/cmdline.h"

extern struct cmdline_options boot_options;
extern struct boot_info boot_info;

#endif
