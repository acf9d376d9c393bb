// SPDX-License-Identifier: MIT
// What the tests inside a Linux guest need and a shell cannot do. Static; each
// command exits 0 if what it promises held, else it says on stdout what did not.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

// Pin the caller to a CPU; fails while that CPU is off, which is no error here.
static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static int cpu_count(void)
{
	return (int)sysconf(_SC_NPROCESSORS_CONF);
}

// Pairs of readings on each CPU: the second is never before the first.
static int clock_within(int pairs)
{
	static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_MONOTONIC_RAW };

	for (int cpu = 0; cpu < cpu_count(); cpu++) {
		if (pin(cpu) != 0)
			continue;
		for (int i = 0; i < pairs; i++) {
			for (unsigned int c = 0; c < sizeof(clocks) / sizeof(clocks[0]); c++) {
				int64_t first = now(clocks[c]), second = now(clocks[c]);

				if (second < first) {
					printf("CPU %d, clock %d: back by %lld ns\n", cpu,
					       (int)clocks[c], (long long)(first - second));
					return 1;
				}
			}
		}
	}
	return 0;
}

// One reading handed from CPU to CPU: each next reader must not be earlier.
struct relay {
	_Atomic int turn;
	_Atomic int64_t last;
	_Atomic int64_t worst;
	int players;
	int rounds;
};

struct player {
	struct relay *relay;
	int number;
	int cpu;
};

static void *play(void *argument)
{
	struct player *player = argument;
	struct relay *relay = player->relay;

	pin(player->cpu);
	for (int round = 0; round < relay->rounds; round++) {
		int mine = round * relay->players + player->number;
		int64_t time;

		while (atomic_load(&relay->turn) != mine)
			sched_yield();
		time = now(CLOCK_MONOTONIC);
		if (time < atomic_load(&relay->last) - atomic_load(&relay->worst))
			atomic_store(&relay->worst, atomic_load(&relay->last) - time);
		atomic_store(&relay->last, time);
		atomic_store(&relay->turn, mine + 1);
	}
	return NULL;
}

static int clock_across(int pairs)
{
	struct relay relay = { .players = cpu_count() };
	struct player players[64];
	pthread_t threads[64];

	if (relay.players > 64)
		relay.players = 64;
	relay.rounds = pairs / relay.players + 1;
	for (int i = 0; i < relay.players; i++) {
		players[i] = (struct player){ &relay, i, i };
		if (pthread_create(&threads[i], NULL, play, &players[i]) != 0)
			return 1;
	}
	for (int i = 0; i < relay.players; i++)
		pthread_join(threads[i], NULL);
	if (relay.worst > 0) {
		printf("back by %lld ns between CPUs\n", (long long)relay.worst);
		return 1;
	}
	return 0;
}

// A counter handed to and fro through two pipes between two processes that
// wander over the CPUs: nothing lost, nothing out of order.
static int pipes(int seconds)
{
	int64_t end = now(CLOCK_MONOTONIC) + seconds * NS_PER_S;
	int there[2], back[2];
	uint32_t sent = 0, got;
	pid_t child;
	int status;

	if (pipe(there) != 0 || pipe(back) != 0)
		return 1;
	child = fork();
	if (child == 0) {
		close(there[1]);
		for (uint32_t n = 0; read(there[0], &got, sizeof(got)) == sizeof(got); n++) {
			if (n % 64 == 0)
				pin((int)(n / 64 + 1) % cpu_count());
			if (got != n || write(back[1], &got, sizeof(got)) != sizeof(got))
				_exit(1);
		}
		_exit(0);
	}
	close(there[0]);
	while (now(CLOCK_MONOTONIC) < end) {
		if (sent % 64 == 0)
			pin((int)(sent / 64) % cpu_count());
		if (write(there[1], &sent, sizeof(sent)) != sizeof(sent) ||
		    read(back[0], &got, sizeof(got)) != sizeof(got) || got != sent) {
			printf("message %u was lost\n", sent);
			return 1;
		}
		sent++;
	}
	close(there[1]);
	waitpid(child, &status, 0);
	printf("%u messages\n", sent);
	return status != 0 || sent == 0;
}

// Sleeps of many lengths: none ends early, none is lost.
static int timers(int seconds)
{
	int64_t end = now(CLOCK_MONOTONIC) + seconds * NS_PER_S, latest = 0;
	uint32_t n = 0;

	while (now(CLOCK_MONOTONIC) < end) {
		int64_t length = 10000LL << (n % 12);
		struct timespec wanted = { .tv_nsec = (long)length };
		int64_t before = now(CLOCK_MONOTONIC), late;

		if (nanosleep(&wanted, NULL) != 0)
			return 1;
		late = now(CLOCK_MONOTONIC) - before - length;
		if (late < 0) {
			printf("a sleep of %lld ns ended %lld ns early\n", (long long)length,
			       (long long)-late);
			return 1;
		}
		if (late > latest)
			latest = late;
		n++;
	}
	printf("%u sleeps, at most %lld us late\n", n, (long long)(latest / 1000));
	// A wake-up that was lost shows as a sleep until something else happens.
	return n == 0 || latest > 10 * NS_PER_S;
}

// Fill memory, check every page, give it back, again and again.
static int memory(int mib, int seconds)
{
	int64_t end = now(CLOCK_MONOTONIC) + seconds * NS_PER_S;
	size_t pages = (size_t)mib * 256;
	uint64_t round = 0;

	do {
		volatile uint64_t *area = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (area == MAP_FAILED) {
			printf("no %d MiB: %s\n", mib, strerror(errno));
			return 1;
		}
		for (size_t i = 0; i < pages; i++) {
			if (area[i * 512] != 0) {
				printf("page %zu was not clean\n", i);
				return 1;
			}
			area[i * 512] = round << 32 | (i + 1);
			area[i * 512 + 511] = ~(uint64_t)i;
		}
		for (size_t i = 0; i < pages; i++) {
			if (area[i * 512] != (round << 32 | (i + 1)) ||
			    area[i * 512 + 511] != ~(uint64_t)i) {
				printf("page %zu has changed\n", i);
				return 1;
			}
		}
		munmap((void *)(uintptr_t)area, pages * 4096);
		round++;
	} while (now(CLOCK_MONOTONIC) < end);
	printf("%llu rounds of %d MiB\n", (unsigned long long)round, mib);
	return 0;
}

// Milliseconds since 1970, UTC.
static int wall(void)
{
	printf("%lld\n", (long long)(now(CLOCK_REALTIME) / 1000000));
	return 0;
}

// The TSC, on a console that has shown it when this ends.
static int tsc(void)
{
	printf("%llu\n", (unsigned long long)__builtin_ia32_rdtsc());
	fflush(stdout);
	return tcdrain(STDOUT_FILENO);
}

int main(int argc, char **argv)
{
	int first = argc > 2 ? atoi(argv[2]) : 0, second = argc > 3 ? atoi(argv[3]) : 0;
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "clock-within") == 0)
		return clock_within(first);
	if (strcmp(command, "clock-across") == 0)
		return clock_across(first);
	if (strcmp(command, "pipes") == 0)
		return pipes(first);
	if (strcmp(command, "timers") == 0)
		return timers(first);
	if (strcmp(command, "memory") == 0)
		return memory(first, second);
	if (strcmp(command, "wall") == 0)
		return wall();
	if (strcmp(command, "tsc") == 0)
		return tsc();
	fprintf(stderr, "usage: tool clock-within|clock-across N | pipes|timers SECONDS | "
			"memory MIB SECONDS | wall | tsc\n");
	return 2;
}
