// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "tests/unit/fakes/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/x86/cpu/percpu.h"
#include "core/lib/assert.h"
#include "mm/frame.h"
#include "mm/own.h"
#include "mm/window.h"

void (*memory_freed_hook)(pfn_t pfn);

static int ram_fd = -1;
static uint8_t *ram;
static uint32_t counts[FAKE_FRAMES];
static uint16_t owners[FAKE_FRAMES];
static uint64_t own_used;
static int fail_after = -1;

void memory_reset(void)
{
	if (ram_fd < 0) {
		ram_fd = memfd_create("ram", 0);
		if (ftruncate(ram_fd, FAKE_FRAMES * (off_t)PAGE_SIZE))
			abort();
		ram = mmap(NULL, FAKE_FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   ram_fd, 0);
	}
	memset(counts, 0, sizeof(counts));
	own_used = 0;
	fail_after = -1;
	memory_freed_hook = NULL;
	for (uint32_t c = 0; c < core_count; c++) {
		if (!pcpus[c]->window_base)
			pcpus[c]->window_base = mmap(NULL, (WINDOW_COUNT + 1) * PAGE_SIZE,
						     PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
}

void memory_fail_after(int n)
{
	fail_after = n;
}

static bool refuse(void)
{
	return fail_after >= 0 && fail_after-- == 0;
}

static uint64_t index_of(pfn_t pfn)
{
	ASSERT(pfn.n >= FAKE_FIRST_PFN && pfn.n < FAKE_FIRST_PFN + FAKE_FRAMES);
	return pfn.n - FAKE_FIRST_PFN;
}

uint8_t *memory_frame(pfn_t pfn)
{
	return ram + index_of(pfn) * PAGE_SIZE;
}

uint32_t memory_count(pfn_t pfn)
{
	return counts[index_of(pfn)];
}

uint64_t memory_frames_in_use(void)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < FAKE_FRAMES; i++)
		n += counts[i] != 0;
	return n;
}

uint64_t memory_own_pages(void)
{
	return own_used;
}

static bool block_free(uint64_t first, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (counts[first + i])
			return false;
	return true;
}

pfn_t frame_alloc(unsigned int order, uint16_t owner)
{
	uint64_t count = 1ULL << order;

	if (refuse())
		return to_pfn(INVALID_FRAME);
	for (uint64_t i = 0; i + count <= FAKE_FRAMES; i += count) {
		if (!block_free(i, count))
			continue;
		for (uint64_t k = 0; k < count; k++) {
			counts[i + k] = 1;
			owners[i + k] = owner;
		}
		memset(ram + i * PAGE_SIZE, 0, count * PAGE_SIZE);
		return to_pfn(FAKE_FIRST_PFN + i);
	}
	return to_pfn(INVALID_FRAME);
}

void frame_get(pfn_t pfn)
{
	ASSERT(counts[index_of(pfn)]);
	counts[index_of(pfn)]++;
}

void frame_put(pfn_t pfn)
{
	ASSERT(counts[index_of(pfn)]);
	if (--counts[index_of(pfn)])
		return;
	if (memory_freed_hook)
		memory_freed_hook(pfn);
	memset(memory_frame(pfn), 0xdb, PAGE_SIZE);
}

uint16_t frame_owner(pfn_t pfn)
{
	return owners[index_of(pfn)];
}

void *own_alloc_pages(unsigned int order)
{
	pfn_t pfn = frame_alloc(order, FRAME_OWN);

	if (!pfn_valid(pfn))
		return NULL;
	own_used += 1ULL << order;
	return memory_frame(pfn);
}

void own_free_pages(void *p, unsigned int order)
{
	for (uint64_t i = 0; i < 1ULL << order; i++)
		frame_put(to_pfn(own_pfn(p).n + i));
	own_used -= 1ULL << order;
}

void *own_alloc(size_t size)
{
	return refuse() ? NULL : calloc(1, size);
}

void own_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

hpa_t own_hpa(const void *p)
{
	return to_hpa((uint64_t)((const uint8_t *)p - ram) + FAKE_FIRST_PFN * PAGE_SIZE);
}

void *own_va(hpa_t hpa)
{
	return memory_frame(hpa_pfn(hpa));
}

uint64_t own_pages_used(void)
{
	return own_used;
}

static void *map_at(uint8_t *va, pfn_t pfn)
{
	void *p = mmap(va, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ram_fd,
		       (off_t)(index_of(pfn) * PAGE_SIZE));

	ASSERT(p == va);
	return p;
}

void *window_fill(struct pcpu *cpu, pfn_t pfn)
{
	unsigned int slot = pfn.n & (WINDOW_COUNT - 1);

	cpu->window_tag[slot] = pfn.n;
	return map_at(cpu->window_base + slot * PAGE_SIZE, pfn);
}

void *window_map_second(pfn_t pfn)
{
	return map_at(this_cpu()->window_base + WINDOW_COUNT * PAGE_SIZE, pfn);
}
