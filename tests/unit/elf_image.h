// SPDX-License-Identifier: MIT
/* Makes ELF files for tests, in both classes, with whatever is wrong in them. */
#ifndef TESTS_UNIT_ELF_IMAGE_H
#define TESTS_UNIT_ELF_IMAGE_H

#include "core/lib/bytes.h"
#include "core/lib/types.h"

#define ELF_IMAGE_MAX 16384

struct elf_image {
	uint8_t bytes[ELF_IMAGE_MAX];
	size_t size;
	bool wide;
	uint32_t phnum;
	size_t notes_at, notes_size;
};

/* Program headers start here, the content of segments at 4096, notes at 2048. */
#define ELF_IMAGE_PHOFF 64

static inline void elf_image_put(struct elf_image *e, size_t at, size_t at32, size_t at64,
				 uint64_t value)
{
	if (e->wide)
		bytes_put64(e->bytes + at + at64, value);
	else
		bytes_put32(e->bytes + at + at32, (uint32_t)value);
}

static inline void elf_image_begin(struct elf_image *e, bool wide, uint16_t machine)
{
	memset(e, 0, sizeof(*e));
	e->wide = wide;
	e->size = 4096;
	e->notes_at = 2048;
	memcpy(e->bytes, "\177ELF", 4);
	e->bytes[4] = wide ? 2 : 1;
	e->bytes[5] = 1;
	e->bytes[6] = 1;
	bytes_put16(e->bytes + 16, 2);
	bytes_put16(e->bytes + 18, machine);
	bytes_put32(e->bytes + 20, 1);
	elf_image_put(e, 0, 28, 32, ELF_IMAGE_PHOFF);
	bytes_put16(e->bytes + (wide ? 54 : 42), wide ? 56 : 32);
}

/* Offset of the program header added. */
static inline size_t elf_image_ph(struct elf_image *e, uint32_t type, uint64_t offset,
				  uint64_t filesz, uint64_t memsz, uint64_t paddr)
{
	size_t at = ELF_IMAGE_PHOFF + e->phnum * (e->wide ? 56U : 32U);

	bytes_put32(e->bytes + at, type);
	elf_image_put(e, at, 4, 8, offset);
	elf_image_put(e, at, 12, 24, paddr);
	elf_image_put(e, at, 16, 32, filesz);
	elf_image_put(e, at, 20, 40, memsz);
	e->phnum++;
	bytes_put16(e->bytes + (e->wide ? 56 : 44), (uint16_t)e->phnum);
	return at;
}

/* A segment with len bytes of file behind those there are. */
static inline void elf_image_load(struct elf_image *e, uint64_t paddr, size_t len, uint64_t memsz)
{
	elf_image_ph(e, 1, e->size, len, memsz, paddr);
	memset(e->bytes + e->size, 0x90, len);
	e->size += len;
}

static inline void elf_image_note(struct elf_image *e, const char *name, uint32_t type,
				  const void *desc, uint32_t len)
{
	uint8_t *p = e->bytes + e->notes_at + e->notes_size;
	uint32_t name_len = (uint32_t)strlen(name) + 1;

	bytes_put32(p, name_len);
	bytes_put32(p + 4, len);
	bytes_put32(p + 8, type);
	memcpy(p + 12, name, name_len);
	memcpy(p + 12 + round_up(name_len, 4), desc, len);
	e->notes_size += 12 + round_up(name_len, 4) + round_up(len, 4);
}

/* The program header for all notes so far. */
static inline void elf_image_end_notes(struct elf_image *e)
{
	elf_image_ph(e, 4, e->notes_at, e->notes_size, e->notes_size, 0);
}

/* What most tests want: one segment of 4 KiB at 1 MiB, entered at its start. */
static inline void elf_image_simple(struct elf_image *e, bool wide, uint16_t machine)
{
	uint32_t entry = 0x100000;

	elf_image_begin(e, wide, machine);
	elf_image_load(e, 0x100000, 4096, 8192);
	elf_image_note(e, "Xen", 18, &entry, 4);
	elf_image_end_notes(e);
}

#endif
