// SPDX-License-Identifier: MIT
/* Which guests there are to be, and what happens when none is left. */
#include "arch/x86/cpu/paging.h"
#include "boot/boot.h"
#include "boot/build.h"
#include "core/hooks.h"
#include "core/lib/log.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "core/monitor.h"
#include "drivers/power.h"
#include "mm/frame.h"
#include "mm/own.h"

#define BUILD_ORDER 2
static_assert(sizeof(struct build) <= PAGE_SIZE << BUILD_ORDER, "struct build");

static struct build *builds[MAX_PHYSMAPS];
static uint32_t build_count, refused;

static void refuse_guest(const char *who, const char *error)
{
	log_error("%s: refused: %s", who, error);
	refused++;
}

static bool is_config(const struct module *m)
{
	return m->name_len > 4 && !memcmp(m->name + m->name_len - 4, ".cfg", 4);
}

static bool name_taken(const char *name)
{
	for (uint32_t i = 0; i < build_count; i++)
		if (!strcmp(builds[i]->config.name, name))
			return true;
	return false;
}

/* Frames that guests already planned will take. */
static uint64_t frames_promised(void)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < build_count; i++)
		n += builds[i]->layout.memory >> PAGE_SHIFT;
	return n;
}

static enum status check_room(const struct build *b, char *error)
{
	struct frame_stats stats;
	uint64_t promised = frames_promised();

	frame_stats(&stats);
	if (promised + (b->layout.memory >> PAGE_SHIFT) <= stats.free)
		return OK;
	xsnprintf(error, CONFIG_ERROR_MAX, "memory: %lu MiB wanted, %lu MiB left",
		  b->config.memory_mib, stats.free > promised ? (stats.free - promised) >> 8 : 0UL);
	return ERR_NOMEM;
}

/* A guest whose configuration has been parsed: check the rest and keep it. */
static void plan(struct build *b, const char *who)
{
	char error[CONFIG_ERROR_MAX];
	enum status st = ERR_EXISTS;

	if (build_count == MAX_PHYSMAPS)
		xsnprintf(error, sizeof(error), "more than %u guests", MAX_PHYSMAPS);
	else if (name_taken(b->config.name))
		xsnprintf(error, sizeof(error), "name: another guest is named '%s'",
			  b->config.name);
	else
		st = plan_guest(b, error);
	if (st == OK)
		st = check_room(b, error);
	if (st != OK) {
		refuse_guest(who, error);
		own_free_pages(b, BUILD_ORDER);
		return;
	}
	builds[build_count++] = b;
}

static void plan_config(const struct module *m)
{
	struct build *b = own_alloc_pages(BUILD_ORDER);
	char name[CONFIG_MODULE_MAX + 1], error[CONFIG_ERROR_MAX];
	void *text;

	xsnprintf(name, sizeof(name), "%.*s", (int)m->name_len, m->name);
	text = m->size ? paging_map(m->start, m->size, MAP_RAM_RO) : NULL;
	if (!b || !text) {
		refuse_guest(name, m->size ? "no memory to read it" : "the module is empty");
		return;
	}
	if (config_parse(name, text, m->size, &b->config, error) == OK) {
		plan(b, name);
	} else {
		/* The text names the file itself. */
		log_error("%s", error);
		refused++;
		own_free_pages(b, BUILD_ORDER);
	}
	paging_unmap(text, m->size);
}

/* Memory for a guest that gets the machine: what is free, but for our own growth. */
static uint64_t machine_mib(void)
{
	struct frame_stats stats;
	uint64_t mib;

	frame_stats(&stats);
	mib = stats.free >> 8;
	return mib - min_u64(mib / 2, 16 + mib / 64);
}

static void copy_string(char *dst, size_t size, const char *src, size_t len)
{
	xsnprintf(dst, size, "%.*s", (int)len, src);
}

/* No configuration: the first module is the kernel, the second its ramdisk. */
static void plan_default(const struct module *kernel)
{
	struct build *b = own_alloc_pages(BUILD_ORDER);
	struct guest_config *c;
	struct module ramdisk;

	if (!b) {
		refuse_guest("guest", "no memory to prepare it");
		return;
	}
	c = &b->config;
	config_defaults(c);
	copy_string(c->name, sizeof(c->name), "guest", 5);
	if (kernel->name_len >= sizeof(c->kernel) || strlen(kernel->args) >= sizeof(c->cmdline)) {
		refuse_guest("guest", "the kernel's module string is too long");
		return;
	}
	copy_string(c->kernel, sizeof(c->kernel), kernel->name, kernel->name_len);
	copy_string(c->cmdline, sizeof(c->cmdline), kernel->args, strlen(kernel->args));
	if (module_at(1, &ramdisk))
		copy_string(c->ramdisk, sizeof(c->ramdisk), ramdisk.name, ramdisk.name_len);
	c->vcpus = core_count;
	c->memory_mib = machine_mib();
	plan(b, "guest");
}

void build_all(void)
{
	struct module m;
	bool configured = false;

	modules_unpack();
	for (uint32_t i = 0; module_at(i, &m); i++) {
		if (!is_config(&m))
			continue;
		configured = true;
		plan_config(&m);
	}
	if (!configured) {
		if (module_at(0, &m))
			plan_default(&m);
		else
			log_warning("no module was given: nothing to run");
	}
	for (uint32_t i = 0; i < build_count; i++)
		build_start(builds[i]);
	if (!build_count)
		build_all_gone(refused);
}

void build_all_gone(uint32_t crashed)
{
	uint32_t bad = build_count ? crashed + refused : refused;

	if (!boot_info.module_count)
		bad = 0;
	if (bad)
		log_info("all guests gone: %u crashed or refused", bad);
	else
		log_info("all guests gone: clean");
	switch (boot_options.idle) {
	case CMDLINE_IDLE_POWEROFF: machine_poweroff(); break;
	case CMDLINE_IDLE_REBOOT: machine_reboot(); break;
	case CMDLINE_IDLE_EXIT: machine_exit(bad ? 1 : 0); break;
	case CMDLINE_IDLE_MONITOR: console_focus(NULL); break;
	}
}
