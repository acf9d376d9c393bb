// SPDX-License-Identifier: MIT
/*
 * What a guest finds in the xenstore when it starts: what xl and QEMU's Xen emulation put there.
 * Its own part is readable to it; the places that it is to write belong to it.
 */
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "xenabi/pv/internal.h"

#define SEED_PATH_MAX  64
#define SEED_VALUE_MAX 80
#define UUID_TEXT_MAX  40

struct seed {
	struct xs_view view;
	uint16_t domid;
	size_t base; /* length of what path begins with */
	char path[SEED_PATH_MAX + SEED_VALUE_MAX];
	int err; /* the first that happened */
};

/* Write base/name, owned by the guest or only readable to it. Printed values fit by construction. */
static void put(struct seed *s, bool guest_owned, const char *name, const char *fmt, ...)
	printf_like(4, 5);

static void put(struct seed *s, bool guest_owned, const char *name, const char *fmt, ...)
{
	struct xs_perms perms = { .count = 2,
				  .entry = { { 0, XS_PERM_NONE }, { s->domid, XS_PERM_READ } } };
	char value[SEED_VALUE_MAX];
	va_list ap;
	size_t len, at;

	if (guest_owned)
		perms = (struct xs_perms){ .count = 1, .entry = { { s->domid, XS_PERM_NONE } } };
	va_start(ap, fmt);
	len = (size_t)xvsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	len = (size_t)min_u64(len, sizeof(value) - 1);
	at = s->base + (size_t)xsnprintf(s->path + s->base, SEED_PATH_MAX, "%s", name);
	if (!s->err)
		s->err = xs_store_write(&s->view, s->path, at, value, len);
	if (!s->err)
		s->err = xs_store_set_perms(&s->view, s->path, at, &perms);
}

static void uuid_text(const struct domain *d, char out[UUID_TEXT_MAX])
{
	const uint8_t *h = d->handle;
	size_t at = 0;

	for (int i = 0; i < 16; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		at += (size_t)xsnprintf(out + at, UUID_TEXT_MAX - at, "%s%02x", dash ? "-" : "",
					h[i]);
	}
}

/* The toolstack's record of the virtual machine, beside that of the domain it is now. */
static void seed_vm(struct seed *s, const struct domain *d, const char *uuid)
{
	s->base = (size_t)xsnprintf(s->path, sizeof(s->path), "/vm/%s", uuid);
	put(s, false, "", "%s", "");
	put(s, false, "/uuid", "%s", uuid);
	put(s, false, "/name", "%s", d->name);
}

static void seed_control(struct seed *s)
{
	put(s, false, "control", "%s", "");
	put(s, true, "control/shutdown", "%s", "");
	put(s, true, "control/feature-poweroff", "%s", "");
	put(s, true, "control/feature-reboot", "%s", "");
	put(s, true, "control/feature-suspend", "%s", "");
	put(s, true, "control/sysrq", "%s", "");
	put(s, false, "control/platform-feature-xs_reset_watches", "1");
	put(s, false, "control/platform-feature-multiprocessor-suspend", "1");
	put(s, false, "platform/acpi", "1");
	put(s, false, "platform/acpi_s3", "0");
	put(s, false, "platform/acpi_s4", "0");
}

static void seed_domain(struct seed *s, const struct pv_domain *pv, const char *uuid)
{
	static const char *const own[] = {
		"attr", "data", "device", "drivers", "error", "feature"
	};
	const struct domain *d = pv->domain;
	unsigned long kib = (unsigned long)(d->memory_pages * (PAGE_SIZE / 1024));
	char name[SEED_PATH_MAX];

	/* The domain's own node first: what is below is made with its permissions. */
	s->base = xs_path_of_domain(d->id, s->path) - 1;
	put(s, false, "", "%s", "");
	s->base = xs_path_of_domain(d->id, s->path);
	put(s, false, "vm", "/vm/%s", uuid);
	put(s, false, "name", "%s", d->name);
	put(s, false, "domid", "%u", d->id);
	for (size_t i = 0; i < array_size(own); i++)
		put(s, true, own[i], "%s", "");
	put(s, true, "device/suspend/event-channel", "%s", "");
	/* What it was built with: anything else makes Linux balloon when it boots. */
	put(s, false, "memory/static-max", "%lu", kib);
	put(s, false, "memory/target", "%lu", kib);
	for (uint32_t i = 0; i < d->vcpu_count; i++) {
		(void)xsnprintf(name, sizeof(name), "cpu/%u/availability", i);
		put(s, false, name, "online");
	}
	put(s, false, "store/port", "%u", pv->store_port);
	put(s, false, "store/ring-ref", "%lu", (unsigned long)pv->store_gfn.n);
	put(s, false, "console/port", "%u", pv->console_port);
	put(s, false, "console/ring-ref", "%lu", (unsigned long)pv->console_gfn.n);
	put(s, false, "console/type", "xenconsoled");
	put(s, false, "console/limit", "1048576");
}

enum status pv_seed(struct xs_store *store, const struct pv_domain *pv)
{
	struct seed s = { .view = { .store = store, .conn = &store->self },
			  .domid = pv->domain->id };
	char uuid[UUID_TEXT_MAX];

	uuid_text(pv->domain, uuid);
	seed_vm(&s, pv->domain, uuid);
	seed_domain(&s, pv, uuid);
	seed_control(&s);
	return s.err ? ERR_NOMEM : OK;
}

/* Nothing there any more is as good: a domain may end before it was seeded. */
void pv_seed_remove(struct xs_store *store, const struct pv_domain *pv)
{
	struct xs_view view = { .store = store, .conn = &store->self };
	char path[SEED_PATH_MAX], uuid[UUID_TEXT_MAX];
	size_t len = xs_path_of_domain(pv->domain->id, path) - 1;

	(void)!xs_store_rm(&view, path, len);
	uuid_text(pv->domain, uuid);
	len = (size_t)xsnprintf(path, sizeof(path), "/vm/%s", uuid);
	(void)!xs_store_rm(&view, path, len);
}
