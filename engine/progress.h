/* SPDX-License-Identifier: Apache-2.0 */
/* How far a long run is: one line that is rewritten on a terminal, a line now and then elsewhere,
 * or JSON for scripts. Errors of writing are ignored: a run must not fail for want of an audience.
 */
#pragma once

#include "base/base.h"

enum ng_progress_mode {
	NG_PROGRESS_AUTO,  /* a rewritten line on a terminal, PLAIN otherwise */
	NG_PROGRESS_PLAIN, /* a line every 10 seconds */
	NG_PROGRESS_JSON,  /* an object on a line when a phase begins, and every second */
	NG_PROGRESS_NONE,
};

struct ng_progress_at {
	const char *phase;    /* a few words */
	int64_t shard;        /* -1: of no shard */
	uint64_t done_bytes;  /* of total_bytes, in this phase of this shard */
	uint64_t total_bytes; /* 0: unknown */
	/* Of the whole run: nanoseconds as one guesses them beforehand, whose proportion is better
	 * than their sum. */
	uint64_t work_done;
	uint64_t work_total; /* 0: unknown */
};

struct ng_progress;

/* out is borrowed until ng_progress_free. Not thread-safe. -ENOMEM. */
int ng_progress_new(FILE *out, enum ng_progress_mode mode, struct ng_progress **ret_progress);

/* Removes the line; NULL is fine. */
struct ng_progress *ng_progress_free(struct ng_progress *progress);

/* Cheap: call it as often as you like. Rate and time left are those of the phase since it was first
 * seen, or seen again; where the work is known, its share and the time left of all of it come
 * first. The memory is what the process has in RAM now. */
void ng_progress_update(struct ng_progress *progress, const struct ng_progress_at *at);

/* Whether an update in this phase would show anything now: for who takes time to know how far it
 * is. */
bool ng_progress_due(const struct ng_progress *progress, const char *phase);

/* Remove the line, before something else is written. */
void ng_progress_clear(struct ng_progress *progress);

#define NG_PROGRESS_BYTES_LEN 32

/* "1.2 GiB" */
const char *ng_progress_bytes(uint64_t bytes, char ret[NG_PROGRESS_BYTES_LEN]);
