// SPDX-License-Identifier: MIT
/* Long jobs (scrubbing, teardown, building a guest) in bounded pieces between vCPU slices. */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include "core/lib/list.h"

struct work {
	struct list link;
	bool (*piece)(struct work *); /* does a bounded piece; true when there is more */
	bool queued;                  /* in the queue, not: being done */
};

void work_init(struct work *w, bool (*piece)(struct work *));
/* Queue; harmless when queued already. Any core. Wakes an idle core. */
void work_queue(struct work *w);
/* Do one piece of the first job that no other core is at; false when there is none. No vCPU is
 * loaded then. The job's storage may go away with its last piece. The scheduler's, outside
 * sections. */
bool work_run_one(void);
/* When the last piece was done, or the first job queued (TSC). */
extern uint64_t work_last;
/* Whether work_run_one() would find something. */
bool work_pending(void);

#endif
