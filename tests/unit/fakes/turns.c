// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/turns.h"

#include "core/lib/atomic.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/threads.h"

struct turn_core {
	void (*job)(void);
	unsigned int left; /* points until the turn ends; 0: any number */
	enum turn_end end;
};

void (*turns_at_point)(enum step s);
bool turns_only_steps;

static struct turn_core cores[MAX_CORES];
static uint32_t started;
static __thread bool is_turn_core, busy_with_hook;

static struct turn_core *me(void)
{
	return &cores[host_cpu->id];
}

static void end_turn(enum turn_end end)
{
	me()->end = end;
	threads_wait();
}

static void point(enum step s)
{
	if (!is_turn_core || busy_with_hook)
		return;
	busy_with_hook = true;
	if (turns_at_point)
		turns_at_point(s);
	busy_with_hook = false;
	if (me()->left && !--me()->left)
		end_turn(TURN_POINTS);
}

void turns_quietly(void (*fn)(void))
{
	bool was = busy_with_hook;

	busy_with_hook = true;
	fn();
	busy_with_hook = was;
}

static void at_access(void)
{
	if (!turns_only_steps)
		point(STEP_COUNT);
}

static void at_relax(void)
{
	if (!is_turn_core || busy_with_hook)
		return;
	point(STEP_COUNT);
	end_turn(TURN_WAITING);
}

static void life(void)
{
	is_turn_core = true;
	for (;;) {
		struct turn_core *t = me();

		t->job();
		t->job = NULL;
		end_turn(TURN_DONE);
	}
}

void turns_start(uint32_t count)
{
	host_step_hook = point;
	host_access_hook = at_access;
	host_relax_hook = at_relax;
	started = count;
	for (uint32_t c = 0; c < count; c++)
		threads_spawn(c, life);
}

void turns_end(void)
{
	threads_end();
	for (uint32_t c = 0; c < started; c++)
		cores[c].job = NULL;
	host_step_hook = NULL;
	host_access_hook = NULL;
	host_relax_hook = NULL;
	turns_at_point = NULL;
}

void turns_job(uint32_t core, void (*fn)(void))
{
	cores[core].job = fn;
}

bool turns_busy(uint32_t core)
{
	return cores[core].job;
}

enum turn_end turns_run(uint32_t core, unsigned int points)
{
	cores[core].left = points;
	threads_turn(core);
	return cores[core].end;
}

void turns_in_guest(void)
{
	if (!is_turn_core)
		return;
	point(STEP_COUNT);
	end_turn(TURN_GUEST);
}
