// SPDX-License-Identifier: MIT
#include "boot/elf.h"

#include <xen/elfnote.h>
#include <xen/features.h>

#include "core/lib/bits.h"
#include "core/lib/bytes.h"

/* System V ABI, chapters 4 and 5. */
#define ELF_CLASS_32       1
#define ELF_CLASS_64       2
#define ELF_DATA_LITTLE    1
#define ELF_TYPE_EXEC      2
#define ELF_TYPE_DYN       3
#define ELF_MACHINE_386    3
#define ELF_MACHINE_X86_64 62
#define ELF_PT_LOAD        1
#define ELF_PT_NOTE        4
#define ELF_SHT_NOTE       7

/* Notes looked at in one image: a bound for images made to cost time. */
#define NOTES_MAX 4096

struct elf {
	const uint8_t *image;
	uint64_t size;
	bool wide; /* 64-bit class */
	uint64_t phoff, shoff;
	uint16_t phnum, phentsize, shnum, shentsize;
	/* From the notes */
	uint32_t notes; /* of any kind, seen so far */
	bool has_entry;
	uint64_t entry;
	bool linux_guest;
	bool rsdp_unrestricted;
};

/* A field whose place and width depend on the class. */
static uint64_t field(const struct elf *elf, uint64_t base, unsigned int at32, unsigned int at64)
{
	return elf->wide ? bytes_get64(elf->image + base + at64)
			 : bytes_get32(elf->image + base + at32);
}

static const char *parse_header(struct elf *elf)
{
	const uint8_t *p = elf->image;
	uint16_t machine, type;

	if (!elf_probe(p, elf->size))
		return "kernel: not an ELF file";
	if (elf->size < 16 || (p[4] != ELF_CLASS_32 && p[4] != ELF_CLASS_64))
		return "kernel: ELF file of unknown class";
	elf->wide = p[4] == ELF_CLASS_64;
	if (elf->size < (elf->wide ? 64 : 52))
		return "kernel: ELF file truncated in its header";
	if (p[5] != ELF_DATA_LITTLE)
		return "kernel: ELF file is not little-endian";
	type = bytes_get16(p + 16);
	machine = bytes_get16(p + 18);
	if (machine != ELF_MACHINE_386 && machine != ELF_MACHINE_X86_64)
		return "kernel: ELF file for another machine than x86";
	if (type != ELF_TYPE_EXEC && type != ELF_TYPE_DYN)
		return "kernel: ELF file is not an executable";
	elf->phoff = field(elf, 0, 28, 32);
	elf->shoff = field(elf, 0, 32, 40);
	elf->phentsize = bytes_get16(p + (elf->wide ? 54 : 42));
	elf->phnum = bytes_get16(p + (elf->wide ? 56 : 44));
	elf->shentsize = bytes_get16(p + (elf->wide ? 58 : 46));
	elf->shnum = bytes_get16(p + (elf->wide ? 60 : 48));
	if (elf->phnum == 0)
		return "kernel: ELF file without program headers";
	if (elf->phentsize < (elf->wide ? 56 : 32))
		return "kernel: ELF program headers of a bad size";
	if (!bytes_within(elf->size, elf->phoff, (uint64_t)elf->phnum * elf->phentsize))
		return "kernel: ELF file truncated in its program headers";
	return NULL;
}

static const char *add_segment(struct elf *elf, uint64_t ph, struct load_plan *plan)
{
	struct load_segment s = {
		.file_offset = field(elf, ph, 4, 8),
		.file_size = field(elf, ph, 16, 32),
		.mem_size = field(elf, ph, 20, 40),
		.gpa = to_gpa(field(elf, ph, 12, 24)),
	};
	uint32_t i = plan->count;

	if (s.mem_size == 0 && s.file_size == 0)
		return NULL;
	if (s.file_size > s.mem_size)
		return "kernel: ELF segment bigger in the file than in memory";
	if (!bytes_within(elf->size, s.file_offset, s.file_size))
		return "kernel: ELF file truncated in a segment";
	if (s.mem_size > UINT64_MAX - s.gpa.a)
		return "kernel: ELF segment wraps around the end of memory";
	if (plan->count == LOAD_SEGMENTS_MAX)
		return "kernel: ELF file with more than 16 segments";
	for (; i > 0 && plan->segment[i - 1].gpa.a > s.gpa.a; i--)
		plan->segment[i] = plan->segment[i - 1];
	plan->segment[i] = s;
	plan->count++;
	return NULL;
}

static const char *parse_segments(struct elf *elf, struct load_plan *plan)
{
	for (uint16_t i = 0; i < elf->phnum; i++) {
		uint64_t ph = elf->phoff + (uint64_t)i * elf->phentsize;
		const char *fault;

		if (bytes_get32(elf->image + ph) != ELF_PT_LOAD)
			continue;
		fault = add_segment(elf, ph, plan);
		if (fault != NULL)
			return fault;
	}
	if (plan->count == 0)
		return "kernel: ELF file without anything to load";
	for (uint32_t i = 1; i < plan->count; i++) {
		const struct load_segment *below = &plan->segment[i - 1];

		if (below->gpa.a + below->mem_size > plan->segment[i].gpa.a)
			return "kernel: ELF segments overlap";
	}
	plan->low = plan->segment[0].gpa;
	plan->high = to_gpa(plan->segment[plan->count - 1].gpa.a +
			    plan->segment[plan->count - 1].mem_size);
	return NULL;
}

/* The number in a note's descriptor, of 1, 2, 4 or 8 bytes as Xen takes them; others are 0. */
static uint64_t note_number(const uint8_t *desc, uint32_t size)
{
	switch (size) {
	case 1: return desc[0];
	case 2: return bytes_get16(desc);
	case 4: return bytes_get32(desc);
	case 8: return bytes_get64(desc);
	default: return 0;
	}
}

/* Is name one of the words between '|' in the text, perhaps marked as required by '!'? */
static bool has_feature(const uint8_t *text, uint32_t size, const char *name)
{
	size_t len = strlen(name), at = 0;

	while (at < size && text[at] != '\0') {
		size_t end = at;

		while (end < size && text[end] != '|' && text[end] != '\0')
			end++;
		if (text[at] == '!')
			at++;
		if (end - at == len && memcmp(text + at, name, len) == 0)
			return true;
		at = end + (end < size && text[end] == '|');
	}
	return false;
}

static void parse_xen_note(struct elf *elf, uint32_t type, const uint8_t *desc, uint32_t size)
{
	switch (type) {
	case XEN_ELFNOTE_PHYS32_ENTRY:
		elf->has_entry = true;
		elf->entry = note_number(desc, size);
		break;
	case XEN_ELFNOTE_GUEST_OS:
		elf->linux_guest = size >= 5 && memcmp(desc, "linux", 5) == 0 &&
				   (size == 5 || desc[5] == '\0');
		break;
	case XEN_ELFNOTE_FEATURES:
		elf->rsdp_unrestricted |= has_feature(desc, size, "linux_rsdp_unrestricted");
		break;
	case XEN_ELFNOTE_SUPPORTED_FEATURES:
		elf->rsdp_unrestricted |=
			(note_number(desc, size) & BIT(XENFEAT_linux_rsdp_unrestricted)) != 0;
		break;
	default: break;
	}
}

/* The notes in size bytes at offset of the file; a broken one ends the list. */
static void parse_notes(struct elf *elf, uint64_t offset, uint64_t size)
{
	const uint8_t *p;
	uint64_t at = 0;

	if (!bytes_within(elf->size, offset, size))
		return;
	p = elf->image + offset;
	while (bytes_within(size, at, 12) && elf->notes < NOTES_MAX) {
		uint32_t namesz = bytes_get32(p + at), descsz = bytes_get32(p + at + 4);
		uint32_t type = bytes_get32(p + at + 8);
		uint64_t name = at + 12, desc = name + round_up(namesz, 4);

		elf->notes++;
		if (!bytes_within(size, name, namesz) || !bytes_within(size, desc, descsz))
			return;
		if (namesz == 4 && memcmp(p + name, "Xen", 4) == 0)
			parse_xen_note(elf, type, p + desc, descsz);
		at = desc + round_up(descsz, 4);
	}
}

static void parse_all_notes(struct elf *elf)
{
	for (uint16_t i = 0; i < elf->phnum; i++) {
		uint64_t ph = elf->phoff + (uint64_t)i * elf->phentsize;

		/* Some linkers leave p_offset of a note segment unset, says Xen's libelf. */
		if (bytes_get32(elf->image + ph) == ELF_PT_NOTE && field(elf, ph, 4, 8) != 0)
			parse_notes(elf, field(elf, ph, 4, 8), field(elf, ph, 16, 32));
	}
	/* As in Xen's libelf: sections count when no segment has the note. */
	if (elf->has_entry || elf->shentsize < (elf->wide ? 64 : 40) ||
	    !bytes_within(elf->size, elf->shoff, (uint64_t)elf->shnum * elf->shentsize))
		return;
	for (uint16_t i = 0; i < elf->shnum; i++) {
		uint64_t sh = elf->shoff + (uint64_t)i * elf->shentsize;

		if (bytes_get32(elf->image + sh + 4) == ELF_SHT_NOTE)
			parse_notes(elf, field(elf, sh, 16, 24), field(elf, sh, 20, 32));
	}
}

static bool in_segment(const struct load_plan *plan, uint64_t gpa)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct load_segment *s = &plan->segment[i];

		if (gpa >= s->gpa.a && gpa - s->gpa.a < s->mem_size)
			return true;
	}
	return false;
}

bool elf_probe(const void *image, size_t size)
{
	return size >= 4 && memcmp(image, "\177ELF", 4) == 0;
}

enum status elf_parse(const void *image, size_t size, struct load_plan *plan, const char **error)
{
	struct elf elf = { .image = image, .size = size };

	memset(plan, 0, sizeof(*plan));
	*error = parse_header(&elf);
	if (*error == NULL)
		*error = parse_segments(&elf, plan);
	if (*error != NULL)
		return ERR_INVALID;
	parse_all_notes(&elf);
	if (!elf.has_entry) {
		*error = "kernel: ELF file without Xen's note PHYS32_ENTRY (not a PVH kernel)";
		return ERR_NOT_FOUND;
	}
	if (elf.entry > UINT32_MAX || !in_segment(plan, elf.entry)) {
		*error = "kernel: entry point of the PHYS32_ENTRY note outside of any segment";
		return ERR_INVALID;
	}
	plan->protocol = BOOT_PVH;
	plan->entry = to_gpa(elf.entry);
	/* Linux without the feature searches for the RSDP below 1 MiB only. */
	plan->rsdp_anywhere = !elf.linux_guest || elf.rsdp_unrestricted;
	return OK;
}
