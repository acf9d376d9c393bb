// SPDX-License-Identifier: MIT
/*
 * Configuration of one guest: a subset of xl.cfg(5). Pure: any context, no allocation.
 */
#ifndef BOOT_CONFIG_H
#define BOOT_CONFIG_H

#include "core/lib/types.h"

#define CONFIG_NAME_MAX    63 /* characters, as all of these */
#define CONFIG_MODULE_MAX  127
#define CONFIG_CMDLINE_MAX 4096
#define CONFIG_DEVICE_MAX  255
#define CONFIG_DISKS_MAX   8
#define CONFIG_VIFS_MAX    4
#define CONFIG_VCPUS_MAX   128
#define CONFIG_CPUS_MAX    256
#define CONFIG_ERROR_MAX   192 /* enough for any error text, NUL included */

enum guest_action {
	GUEST_ACTION_DESTROY,
	GUEST_ACTION_RESTART,
	GUEST_ACTION_PRESERVE, /* leave it stopped, for the monitor to look at */
};

/* About 8 KiB: meant to be static in the caller. Strings are terminated and empty when not set. */
struct guest_config {
	char name[CONFIG_NAME_MAX + 1];
	char kernel[CONFIG_MODULE_MAX + 1];  /* name of a module */
	char ramdisk[CONFIG_MODULE_MAX + 1]; /* likewise */
	char cmdline[CONFIG_CMDLINE_MAX + 1];
	uint64_t memory_mib;                 /* 0: not set */
	uint32_t vcpus;                      /* 1 when not set */
	bool has_cpus;                       /* `cpus` was set; else any core */
	uint64_t cpus[CONFIG_CPUS_MAX / 64]; /* bit n % 64 of word n / 64: core n */
	bool nestedhvm;
	uint32_t disk_count;
	char disk[CONFIG_DISKS_MAX][CONFIG_DEVICE_MAX + 1];
	uint32_t vif_count;
	char vif[CONFIG_VIFS_MAX][CONFIG_DEVICE_MAX + 1];
	enum guest_action on_poweroff;
	enum guest_action on_reboot;
	enum guest_action on_crash;
	enum guest_action on_watchdog;
};

/* Everything as it is when the file says nothing (xl's defaults). */
void config_defaults(struct guest_config *out);

/*
 * Parse the whole of a file. On failure error (of CONFIG_ERROR_MAX bytes) holds one line such as
 * "guest.cfg:3: unknown key 'foo'", and out is of no use. ERR_INVALID. `name` and `kernel` are
 * mandatory; whether the modules exist, the memory suffices and the name is free is for the caller
 * to see.
 */
enum status config_parse(const char *file, const char *text, size_t size, struct guest_config *out,
			 char error[CONFIG_ERROR_MAX]) must_check;

/*
 * Parse a list of cores as in xl.cfg's `cpus`: "all", "0-3,5,^1". ERR_INVALID for bad syntax, a
 * number not below CONFIG_CPUS_MAX, or an empty result.
 */
enum status config_parse_cpus(const char *list, size_t len,
			      uint64_t cpus[CONFIG_CPUS_MAX / 64]) must_check;

#endif
