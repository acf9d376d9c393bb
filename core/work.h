// SPDX-License-Identifier: MIT
/* Long jobs (scrubbing, teardown, building a guest) in bounded pieces between vCPU slices. */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include "core/lib/list.h"

struct work {
	struct list link;
	bool (*piece)(struct work *); /* does a bounded piece; true when there is more */
	bool queued;
};

void work_init(struct work *w, bool (*piece)(struct work *));
/* Queue; harmless when queued already. Any core. Wakes an idle core. */
void work_queue(struct work *w);
/* Do one piece of the first job; false when there is none. The scheduler's, outside sections. */
bool work_run_one(void);

#endif
