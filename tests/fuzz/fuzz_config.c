// SPDX-License-Identifier: MIT
// sources: boot/config.c core/lib/parse.c core/lib/printf.c
//
// The input is a guest's configuration file.
#include "boot/config.h"
#include "tests/fuzz/fuzz.h"

static struct guest_config config;

static void check_string(const char *s, size_t max)
{
	must(strnlen(s, max + 1) <= max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[CONFIG_ERROR_MAX];
	enum status status;

	memset(error, '#', sizeof(error));
	status = config_parse("fuzz.cfg", (const char *)data, size, &config, error);
	check_string(error, sizeof(error) - 1);
	must((status == OK) == (error[0] == '\0'));
	/* One line, whatever the file has in it. */
	for (const char *c = error; *c != '\0'; c++)
		must(*c != '\n' && *c != '\r');
	if (status != OK)
		return 0;
	check_string(config.name, CONFIG_NAME_MAX);
	check_string(config.kernel, CONFIG_MODULE_MAX);
	check_string(config.ramdisk, CONFIG_MODULE_MAX);
	check_string(config.cmdline, CONFIG_CMDLINE_MAX);
	must(config.name[0] != '\0' && config.kernel[0] != '\0');
	must(config.vcpus >= 1 && config.vcpus <= CONFIG_VCPUS_MAX);
	must(config.disk_count <= CONFIG_DISKS_MAX && config.vif_count <= CONFIG_VIFS_MAX);
	for (uint32_t i = 0; i < config.disk_count; i++)
		check_string(config.disk[i], CONFIG_DEVICE_MAX);
	for (uint32_t i = 0; i < config.vif_count; i++)
		check_string(config.vif[i], CONFIG_DEVICE_MAX);
	return 0;
}
