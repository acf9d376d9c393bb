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
static uint32_t lives[FAKE_FRAMES];
static bool filled[FAKE_FRAMES]; /* freed, and so full of FREED */
static bool locked;
static uint64_t own_used;
static int fail_after = -1;

#define FREED 0xdb

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
	memset(filled, 0, sizeof(filled));
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

/* Nothing in here is a point at which another core may run (tests/host/core/lib/atomic.h). */
static void lock(void)
{
	while (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE))
		;
}

static void unlock(void)
{
	__atomic_clear(&locked, __ATOMIC_RELEASE);
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
	return __atomic_load_n(&counts[index_of(pfn)], __ATOMIC_RELAXED);
}

uint32_t memory_life(pfn_t pfn)
{
	return __atomic_load_n(&lives[index_of(pfn)], __ATOMIC_RELAXED);
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

/* Nobody has written to a free frame. */
static void check_untouched(uint64_t index)
{
	const uint8_t *bytes = ram + index * PAGE_SIZE;

	ASSERT(!filled[index] || (bytes[0] == FREED && !memcmp(bytes, bytes + 1, PAGE_SIZE - 1)));
	filled[index] = false;
}

static void take(uint64_t first, uint64_t count, uint16_t owner)
{
	for (uint64_t i = first; i < first + count; i++) {
		check_untouched(i);
		__atomic_store_n(&counts[i], 1, __ATOMIC_RELAXED);
		owners[i] = owner;
	}
	memset(ram + first * PAGE_SIZE, 0, count * PAGE_SIZE);
}

pfn_t frame_alloc(unsigned int order, uint16_t owner)
{
	uint64_t count = 1ULL << order;
	pfn_t pfn = to_pfn(INVALID_FRAME);

	if (refuse())
		return pfn;
	lock();
	for (uint64_t i = 0; i + count <= FAKE_FRAMES && !pfn_valid(pfn); i += count) {
		if (!block_free(i, count))
			continue;
		take(i, count, owner);
		pfn = to_pfn(FAKE_FIRST_PFN + i);
	}
	unlock();
	return pfn;
}

void frame_get(pfn_t pfn)
{
	lock();
	ASSERT(counts[index_of(pfn)]);
	counts[index_of(pfn)]++;
	unlock();
}

uint32_t frame_count(pfn_t pfn)
{
	return memory_count(pfn);
}

void frame_put(pfn_t pfn)
{
	uint64_t i = index_of(pfn);

	lock();
	ASSERT(counts[i]);
	__atomic_store_n(&counts[i], counts[i] - 1, __ATOMIC_RELAXED);
	if (!counts[i]) {
		if (memory_freed_hook)
			memory_freed_hook(pfn);
		__atomic_store_n(&lives[i], lives[i] + 1, __ATOMIC_RELAXED);
		memset(memory_frame(pfn), FREED, PAGE_SIZE);
		filled[i] = true;
	}
	unlock();
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
