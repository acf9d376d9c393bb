// SPDX-License-Identifier: MIT
#include "boot/archive.h"

#include "core/lib/bytes.h"

#define MAGIC "070701"
#define ALIGN 4
/* A header: the magic, then 13 numbers of 8 hexadecimal digits. */
#define MAGIC_LEN   6
#define HEADER_SIZE (MAGIC_LEN + 13 * 8)
#define MODE        1
#define FILE_SIZE   6
#define NAME_SIZE   11 /* NUL included */

#define MODE_TYPE    0170000
#define MODE_REGULAR 0100000

#define TRAILER "TRAILER!!!"

struct entry {
	const char *name;
	uint32_t name_size;
	uint32_t mode;
	uint64_t data; /* offset in the archive */
	uint32_t size;
	uint64_t next;
};

struct reader {
	const char *bytes;
	size_t size;
	const char **error;
};

static enum status refuse(const struct reader *r, enum status status, const char *text)
{
	*r->error = text;
	return status;
}

static bool hex(const char *digits, uint32_t *value)
{
	*value = 0;
	for (uint32_t i = 0; i < 8; i++) {
		char c = digits[i];
		char lower = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint32_t)(c - '0');
		else if (lower >= 'a' && lower <= 'f')
			*value = *value << 4 | (uint32_t)(lower - 'a' + 10);
		else
			return false;
	}
	return true;
}

static bool number(const char *header, uint32_t index, uint32_t *value)
{
	return hex(header + MAGIC_LEN + (size_t)index * 8, value);
}

static enum status read_entry(const struct reader *r, uint64_t at, struct entry *out)
{
	const char *header = r->bytes + at;
	uint64_t name = at + HEADER_SIZE;

	if (!bytes_within(r->size, at, HEADER_SIZE))
		return refuse(r, ERR_TRUNCATED, "archive: it ends without its trailer");
	if (!archive_probe(header, HEADER_SIZE) || !number(header, MODE, &out->mode) ||
	    !number(header, FILE_SIZE, &out->size) || !number(header, NAME_SIZE, &out->name_size))
		return refuse(r, ERR_INVALID, "archive: a header is not of cpio's newc format");
	out->name = r->bytes + name;
	out->data = round_up(name + out->name_size, ALIGN);
	out->next = round_up(out->data + out->size, ALIGN);
	if (!bytes_within(r->size, name, out->name_size) ||
	    !bytes_within(r->size, out->data, out->size))
		return refuse(r, ERR_TRUNCATED, "archive: it ends within a file");
	if (out->name_size == 0 ||
	    memchr(out->name, '\0', out->name_size) != out->name + out->name_size - 1)
		return refuse(r, ERR_INVALID, "archive: a name is not terminated");
	return OK;
}

/* The file becomes a module of out; used counts bytes of names. */
static enum status add(const struct reader *r, const struct entry *e, hpa_t base,
		       struct boot_info *out, size_t *used)
{
	struct boot_module *m = &out->module[out->module_count];

	if (out->module_count == BOOT_MODULES_MAX)
		return refuse(r, ERR_NOMEM, "archive: more than 64 files");
	if (memchr(e->name, ' ', e->name_size) != NULL)
		return refuse(r, ERR_INVALID, "archive: a name has a blank in it");
	if (!bytes_within(sizeof(out->names), *used, e->name_size))
		return refuse(r, ERR_NOMEM, "archive: names of more than 2048 bytes");
	memcpy(out->names + *used, e->name, e->name_size);
	m->string = out->names + *used;
	m->start = to_hpa(base.a + e->data);
	m->end = to_hpa(m->start.a + e->size);
	*used += e->name_size;
	out->module_count++;
	return OK;
}

bool archive_probe(const void *module, size_t size)
{
	return size >= HEADER_SIZE && memcmp(module, MAGIC, MAGIC_LEN) == 0;
}

enum status archive_expand(const void *module, size_t size, struct boot_info *info,
			   const char **error)
{
	const struct reader r = { module, size, error };
	const struct boot_module whole = info->module[0];
	struct entry e;
	size_t used = 0;
	enum status status;

	info->module_count = 0;
	for (uint64_t at = 0;; at = e.next) {
		status = read_entry(&r, at, &e);
		if (status != OK ||
		    (e.name_size == sizeof(TRAILER) && !memcmp(e.name, TRAILER, sizeof(TRAILER))))
			break;
		if ((e.mode & MODE_TYPE) == MODE_REGULAR)
			status = add(&r, &e, whole.start, info, &used);
		if (status != OK)
			break;
	}
	if (status != OK) {
		info->module[0] = whole;
		info->module_count = 1;
	}
	return status;
}
