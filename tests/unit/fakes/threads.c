// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/threads.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/fakes/cpu.h"

struct core_thread {
	pthread_t thread;
	uint32_t core;
	void (*fn)(void);
	sem_t go;
	bool taking_turns;
};

static struct core_thread threads[MAX_CORES];
static sem_t waited;
static bool ending;

static void *body(void *arg)
{
	struct core_thread *t = arg;

	host_cpu = pcpus[t->core];
	if (t->taking_turns) {
		sem_wait(&t->go);
		if (ending)
			return NULL;
	}
	t->fn();
	return NULL;
}

static void start(uint32_t core, void (*fn)(void), bool taking_turns)
{
	struct core_thread *t = &threads[core];

	t->core = core;
	t->fn = fn;
	t->taking_turns = taking_turns;
	sem_init(&t->go, 0, 0);
	if (pthread_create(&t->thread, NULL, body, t))
		abort();
}

void threads_start(uint32_t core, void (*fn)(void))
{
	start(core, fn, false);
}

void threads_join(uint32_t core)
{
	pthread_join(threads[core].thread, NULL);
}

void threads_pause(void)
{
	usleep(100);
}

void threads_yield(void)
{
	/* Not the C library's function of that name: ours would be called. */
	syscall(SYS_sched_yield);
}

void threads_spawn(uint32_t core, void (*fn)(void))
{
	ending = false;
	sem_init(&waited, 0, 0);
	start(core, fn, true);
}

void threads_turn(uint32_t core)
{
	sem_post(&threads[core].go);
	sem_wait(&waited);
}

void threads_wait(void)
{
	struct core_thread *me = &threads[host_cpu->id];

	sem_post(&waited);
	sem_wait(&me->go);
	if (ending)
		pthread_exit(NULL);
}

void threads_end(void)
{
	ending = true;
	for (uint32_t c = 0; c < MAX_CORES; c++) {
		if (!threads[c].taking_turns)
			continue;
		sem_post(&threads[c].go);
		pthread_join(threads[c].thread, NULL);
		threads[c].taking_turns = false;
	}
}
