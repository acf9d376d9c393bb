// SPDX-License-Identifier: MIT
/*
 * The domain builder: from modules to running guests. What can be wrong with a guest's input is
 * found when it is planned, at boot; what is left (filling memory) runs as work in bounded pieces,
 * at boot and again at each restart.
 */
#ifndef BOOT_BUILD_H
#define BOOT_BUILD_H

#include "boot/config.h"
#include "boot/layout.h"
#include "boot/load_plan.h"
#include "core/domain.h"
#include "core/work.h"

/* A module of the boot loader. */
struct module {
	const char *name; /* first word of its string */
	uint32_t name_len;
	const char *args; /* the rest of it */
	hpa_t start;
	uint64_t size;
};

enum build_stage {
	BUILD_CREATE,
	BUILD_POPULATE_LOW,
	BUILD_POPULATE_HIGH,
	BUILD_KERNEL,
	BUILD_RAMDISK,
	BUILD_FINISH,
};

/* All that it takes to start a guest, as often as wanted. Lives for ever. */
struct build {
	struct work work;
	struct guest_config config;
	struct module kernel, ramdisk; /* ramdisk.size 0: none */
	struct guest_layout layout;
	struct load_plan plan;
	struct layout_places places;
	uint8_t *info; /* start_info, or boot_params and command line; own memory */
	size_t info_size;
	uint8_t *acpi; /* all tables but the RSDP; own memory */
	size_t acpi_size;
	uint8_t rsdp[36];

	/* Progress of the present run. */
	enum build_stage stage;
	struct domain *domain;
	uint64_t done;    /* frames populated, or bytes copied, in this stage */
	uint32_t segment; /* of the plan */
};

/*
 * Read the configurations (modules named *.cfg), or make one of the first two modules, plan every
 * guest and queue the work that builds it. A guest with bad input is refused with one line, the
 * others are built. Boot core, before sched_run().
 */
void build_all(void);

/* boot/plan.c: check everything about one guest and prepare what does not change between its
 * starts. On failure error (CONFIG_ERROR_MAX bytes) says why in one line. */
enum status plan_guest(struct build *b, char *error) must_check;

/* boot/build.c: queue the work that builds and starts a planned guest. */
void build_start(struct build *b);

/* boot/modules.c: find a module by name; false when there is none. */
bool module_find(const char *name, struct module *out) must_check;
/* The i-th module; false past the last. */
bool module_at(uint32_t i, struct module *out) must_check;
/* A single module that is an archive (boot/archive.h) becomes its files. Before the others. */
void modules_unpack(void);

#endif
