/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION 312

#include <assert.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <time.h>

#include "mount/call.h"

/* Replies that the clock makes at once, outside of the lock. */
#define LATE_AT_ONCE 64u

struct ng_calls {
	struct ng_schedule *schedule;
	int64_t timeout_ms; /* 0: none */
	pthread_mutex_t lock;
	pthread_cond_t wake;             /* of the clock */
	struct ng_call *oldest, *newest; /* in the order of their deadlines */
	bool stopping;
};

/* Who frees a call: whoever has run it or has taken it back from the schedule, or, if that is
 * later, the clock, which holds what it replies to until no interrupt can look at it any more. Who
 * replies: whoever sets `answered` first; it has to make sure that no interrupt is being looked at,
 * which fuse_req_interrupt_func does. Locks are taken in the order: the request's, in libfuse,
 * which is held when `interrupted` is called; ng_calls; the schedule's. So no call of libfuse is
 * made under those two. */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int ng_calls_new(const struct ng_calls_limits *limits, struct ng_calls **ret_calls)
{
	const unsigned at_once[NG_LANES] = {
		[NG_LANE_SHORT] = NG_CALLS_SHORT_AT_ONCE,
		[NG_LANE_MEDIUM] = NG_CALLS_MEDIUM_AT_ONCE,
		[NG_LANE_LONG] = limits->long_at_once,
	};
	struct ng_calls *calls = calloc(1, sizeof(*calls));
	pthread_condattr_t attr;
	int r;

	if (!calls)
		return -ENOMEM;
	r = ng_schedule_new(at_once, limits->waiting_most, &calls->schedule);
	if (r) {
		free(calls);
		return r;
	}
	calls->timeout_ms = (int64_t)limits->timeout_s * 1000;
	pthread_mutex_init(&calls->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&calls->wake, &attr);
	pthread_condattr_destroy(&attr);
	*ret_calls = calls;
	return 0;
}

struct ng_calls *ng_calls_free(struct ng_calls *calls)
{
	if (!calls)
		return NULL;
	assert(!calls->oldest);
	ng_schedule_free(calls->schedule);
	pthread_cond_destroy(&calls->wake);
	pthread_mutex_destroy(&calls->lock);
	free(calls);
	return NULL;
}

static void list_add(struct ng_call *call)
{
	struct ng_calls *calls = call->calls;

	pthread_mutex_lock(&calls->lock);
	call->deadline_ms = now_ms() + calls->timeout_ms;
	call->older = calls->newest;
	*(call->older ? &call->older->newer : &calls->oldest) = call;
	calls->newest = call;
	/* The clock sleeps without a limit only while there is nothing. */
	if (calls->timeout_ms && calls->oldest == call)
		pthread_cond_signal(&calls->wake);
	pthread_mutex_unlock(&calls->lock);
}

/* With the lock held. It may not be in it any more. */
static void list_remove(struct ng_call *call)
{
	struct ng_calls *calls = call->calls;

	if (!call->older && calls->oldest != call)
		return;
	*(call->older ? &call->older->newer : &calls->oldest) = call->newer;
	*(call->newer ? &call->newer->older : &calls->newest) = call->older;
	call->older = call->newer = NULL;
}

static void call_free(struct ng_job *job)
{
	struct ng_call *call = (struct ng_call *)job;
	struct ng_calls *calls = call->calls;
	bool last;

	pthread_mutex_lock(&calls->lock);
	list_remove(call);
	last = --call->holders == 0;
	pthread_mutex_unlock(&calls->lock);
	if (last)
		free(call);
}

static bool is_first(struct ng_call *call)
{
	return !atomic_exchange(&call->answered, true);
}

bool ng_call_take(struct ng_call *call)
{
	if (!is_first(call))
		return false;
	fuse_req_interrupt_func(call->req, NULL, NULL);
	return true;
}

static void call_run(struct ng_job *job)
{
	struct ng_call *call = (struct ng_call *)job;

	if (!atomic_load(&call->answered))
		call->answer(call);
}

/* By libfuse, with the request's lock held. */
static void interrupted(fuse_req_t req, void *data)
{
	struct ng_call *call = data;
	bool mine, first;

	atomic_store(&call->cancel, true);
	/* libfuse calls this from fuse_req_interrupt_func where the message was there before its
	 * request: req may not be freed then. */
	if (atomic_load(&call->registering))
		return;
	mine = ng_schedule_remove(call->calls->schedule, &call->job);
	/* What has an effect and has begun comes to its end. */
	if (!mine && call->has_effect)
		return;
	/* From here on, another thread may free what isn't mine. */
	first = is_first(call);
	if (first)
		fuse_reply_err(req, EINTR);
	if (mine)
		call_free(&call->job);
}

struct ng_call *ng_call_new(struct ng_calls *calls, fuse_req_t req, void *userdata,
			    const void *data, size_t size)
{
	struct ng_call *call = calloc(1, sizeof(*call) + size + 1);

	if (!call) {
		fuse_reply_err(req, ENOMEM);
		return NULL;
	}
	call->job.run = call_run;
	call->job.free = call_free;
	call->calls = calls;
	call->holders = 1;
	call->req = req;
	call->userdata = userdata;
	call->size = size;
	if (size)
		memcpy(call->data, data, size);
	return call;
}

void ng_call_submit(struct ng_call *call)
{
	int r;

	atomic_store(&call->registering, true);
	fuse_req_interrupt_func(call->req, interrupted, call);
	atomic_store(&call->registering, false);
	list_add(call);
	/* From here on, the clock may have answered it. */
	r = atomic_load(&call->cancel) ? -EINTR
				       : ng_schedule_submit(call->calls->schedule, &call->job);
	if (r == 0)
		return;
	if (ng_call_take(call))
		fuse_reply_err(call->req, -r);
	call_free(&call->job);
}

/* What is to be said to a request that is taken from whoever is at it. */
struct late {
	struct ng_call *call; /* that is held, or NULL */
	fuse_req_t req;       /* to be answered, or NULL */
};

/* Have done with a call: with the lock held. What is to be done about it is in *ret_late. */
static void finish_early(struct ng_call *call, struct late *ret_late)
{
	fuse_req_t req = call->req;
	bool mine = ng_schedule_remove(call->calls->schedule, &call->job);
	bool first = (mine || !call->has_effect) && is_first(call);

	/* Whoever runs it may be done with it before the reply is made. */
	if (first && !mine)
		call->holders++;
	*ret_late = (struct late){mine || first ? call : NULL, first ? req : NULL};
}

static void reply_late(const struct late *late, int err)
{
	if (late->req) {
		fuse_req_interrupt_func(late->req, NULL, NULL);
		fuse_reply_err(late->req, err);
	}
	if (late->call)
		call_free(&late->call->job);
}

void ng_calls_watch_time(struct ng_calls *calls)
{
	pthread_mutex_lock(&calls->lock);
	while (calls->timeout_ms && !calls->stopping) {
		int64_t now = now_ms();
		struct late late[LATE_AT_ONCE];
		size_t n = 0;

		while (n < LATE_AT_ONCE && calls->oldest && calls->oldest->deadline_ms <= now) {
			struct ng_call *call = calls->oldest;

			atomic_store(&call->cancel, true);
			list_remove(call);
			finish_early(call, &late[n++]);
		}
		if (n) {
			pthread_mutex_unlock(&calls->lock);
			for (size_t i = 0; i < n; i++)
				reply_late(&late[i], ETIMEDOUT);
			pthread_mutex_lock(&calls->lock);
		} else if (calls->oldest) {
			int64_t until = calls->oldest->deadline_ms;
			struct timespec t = {until / 1000, until % 1000 * 1000000};

			pthread_cond_timedwait(&calls->wake, &calls->lock, &t);
		} else {
			pthread_cond_wait(&calls->wake, &calls->lock);
		}
	}
	pthread_mutex_unlock(&calls->lock);
}

void ng_calls_stop(struct ng_calls *calls)
{
	pthread_mutex_lock(&calls->lock);
	calls->stopping = true;
	pthread_cond_broadcast(&calls->wake);
	pthread_mutex_unlock(&calls->lock);
}

void ng_calls_give_up(struct ng_calls *calls)
{
	pthread_mutex_lock(&calls->lock);
	for (struct ng_call *call = calls->oldest; call;) {
		struct ng_call *newer = call->newer;
		struct late late = {0};

		atomic_store(&call->cancel, true);
		if (ng_schedule_remove(calls->schedule, &call->job)) {
			list_remove(call);
			late = (struct late){call, is_first(call) ? call->req : NULL};
			pthread_mutex_unlock(&calls->lock);
			reply_late(&late, ENODEV);
			pthread_mutex_lock(&calls->lock);
			newer = calls->oldest;
		}
		call = newer;
	}
	pthread_mutex_unlock(&calls->lock);
}
