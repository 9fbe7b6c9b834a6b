/* SPDX-License-Identifier: Apache-2.0 */
/* Which request is answered when, and by how many threads at once.
 *
 * A thread that has read a request from the kernel answers it itself, unless too many are at it:
 * then the request waits here, and the thread goes back to reading, so that a message that cancels
 * another one never waits. Whoever has answered a request takes the next that waits.
 *
 * There are several lanes, each with a bound of its own, so that what takes long never holds the
 * threads that short questions need. And requests of one key are answered one at a time: those that
 * need what another one is making wait without a thread. */
#pragma once

#include "base/base.h"

enum ng_lane { NG_LANE_SHORT, NG_LANE_MEDIUM, NG_LANE_LONG, NG_LANES };

struct ng_job;

struct ng_job_list {
	struct ng_job *first, *last;
};

/* A request; to be the first member of a struct that says which. */
struct ng_job {
	void (*run)(struct ng_job *job);  /* answer it */
	void (*free)(struct ng_job *job); /* once it has been run */
	enum ng_lane lane;
	uint64_t key; /* 0: none; jobs of one key are of one lane */
	/* The schedule's own. */
	bool waiting;
	bool follows;                 /* another one of its key */
	struct ng_job *prev, *next;   /* of the same list */
	struct ng_job *next_leader;   /* of the same hash */
	struct ng_job_list followers; /* of the same key, which wait until this one is done */
};

struct ng_schedule;

/* At most at_once[lane] >= 1 jobs of a lane are run at once, and at most waiting_most wait.
 * -ENOMEM. All functions below are thread-safe. */
int ng_schedule_new(const unsigned at_once[static NG_LANES], size_t waiting_most,
		    struct ng_schedule **ret_schedule);
/* Nothing may run or wait. */
struct ng_schedule *ng_schedule_free(struct ng_schedule *schedule);

/* Run a job, whose run, free, lane and key are set and the rest zeroes, and then others that wait
 * and may be run; or leave it to wait, in its lane's order, and in its key's. -EBUSY: too many
 * wait, and the job stays the caller's. O(1), besides what is run. */
int ng_schedule_submit(struct ng_schedule *schedule, struct ng_job *job);

/* Take back a job that has been submitted, or not yet, and not been freed: true if it waited, and
 * it is the caller's then. O(1). */
bool ng_schedule_remove(struct ng_schedule *schedule, struct ng_job *job);

struct ng_schedule_stats {
	unsigned running[NG_LANES];
	size_t waiting;
};

void ng_schedule_stats(struct ng_schedule *schedule, struct ng_schedule_stats *ret_stats);
