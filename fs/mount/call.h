/* SPDX-License-Identifier: Apache-2.0 */
/* A request at work: whoever is first answers it, the one that has found the answer, the message of
 * the kernel that its reader was interrupted, or the clock.
 *
 * So a reader comes free even where the answer waits for a server that is gone: what becomes known
 * of it later is dropped. A request that has an effect is answered before its time only while it
 * has not begun. */
#pragma once

#include "mount/schedule.h"

struct fuse_req;
struct fuse_session;

struct ng_calls;

struct ng_calls_limits {
	unsigned long_at_once; /* >= 1; of requests that may take long */
	size_t waiting_most;
	unsigned timeout_s; /* that a request may take, waiting included; 0: any time */
};

/* Of requests that are expected to be short; and of those that may take up to a second, but must
 * not wait for one that takes minutes, since the kernel sends one lookup of a directory at a time.
 */
#define NG_CALLS_SHORT_AT_ONCE  32u
#define NG_CALLS_MEDIUM_AT_ONCE 16u

/* -ENOMEM. All functions below are thread-safe. */
int ng_calls_new(const struct ng_calls_limits *limits, struct ng_calls **ret_calls);
/* No request may be at work. */
struct ng_calls *ng_calls_free(struct ng_calls *calls);

/* Answer with ETIMEDOUT what takes longer than it may; returns after ng_calls_stop, or at once
 * where there is no such limit. */
void ng_calls_watch_time(struct ng_calls *calls);
void ng_calls_stop(struct ng_calls *calls);

/* Cancel every request at work, and answer those that wait with ENODEV: the mount ends. */
void ng_calls_give_up(struct ng_calls *calls);

struct ng_call {
	struct ng_job job;
	/* Of the request: who answers sets what it needs, before ng_call_submit. */
	struct fuse_req *req; /* gone once it has been answered */
	void *userdata;
	void (*answer)(struct ng_call *call);
	uint64_t node, offset;
	size_t size;
	bool has_effect;
	ng_cancel cancel; /* true: nobody waits for the answer any more */
	/* call.c's own. */
	struct ng_calls *calls;
	struct ng_call *older, *newer;
	int64_t deadline_ms;
	atomic_bool answered, registering;
	unsigned holders; /* of it; with the lock of calls */
	/* What the request came with, a name or what is to be written: size bytes and a NUL. */
	char data[];
};

/* A call of a request with a copy of data[0..size-1]; NULL: there is no memory, and the request was
 * answered so. */
struct ng_call *ng_call_new(struct ng_calls *calls, struct fuse_req *req, void *userdata,
			    const void *data, size_t size);

/* Have it answered by call->answer(call), in this thread or another, at once or later, and freed;
 * or, where too many wait, by EBUSY. answer calls ng_call_take and replies if that says so. */
void ng_call_submit(struct ng_call *call);

/* Whether the reply is the caller's to make, with call->req; false: it was made, and req is gone.
 */
bool ng_call_take(struct ng_call *call);
