/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/schedule.h"

#include <assert.h>
#include <pthread.h>

#define BUCKETS 256u /* of keys that are at work or wait: few */

struct ng_schedule {
	pthread_mutex_t lock;
	unsigned at_once[NG_LANES], running[NG_LANES];
	size_t waiting, waiting_most;
	struct ng_job_list lanes[NG_LANES]; /* what waits for a thread */
	/* Of each key the job that is run or waits for a thread; the others follow it. */
	struct ng_job *leaders[BUCKETS];
};

int ng_schedule_new(const unsigned at_once[static NG_LANES], size_t waiting_most,
		    struct ng_schedule **ret_schedule)
{
	struct ng_schedule *schedule = calloc(1, sizeof(*schedule));

	if (!schedule)
		return -ENOMEM;
	pthread_mutex_init(&schedule->lock, NULL);
	memcpy(schedule->at_once, at_once, sizeof(schedule->at_once));
	schedule->waiting_most = waiting_most;
	*ret_schedule = schedule;
	return 0;
}

struct ng_schedule *ng_schedule_free(struct ng_schedule *schedule)
{
	if (!schedule)
		return NULL;
	assert(schedule->waiting == 0);
	pthread_mutex_destroy(&schedule->lock);
	free(schedule);
	return NULL;
}

/* Behind `before`, or as the first where that is NULL. */
static void insert(struct ng_job_list *list, struct ng_job *job, struct ng_job *before)
{
	job->prev = before;
	job->next = before ? before->next : list->first;
	*(before ? &before->next : &list->first) = job;
	*(job->next ? &job->next->prev : &list->last) = job;
}

static void unlink_job(struct ng_job_list *list, struct ng_job *job)
{
	*(job->prev ? &job->prev->next : &list->first) = job->next;
	*(job->next ? &job->next->prev : &list->last) = job->prev;
	job->prev = job->next = NULL;
}

static struct ng_job **leader_link(struct ng_schedule *schedule, uint64_t key)
{
	struct ng_job **link =
		&schedule->leaders[(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) % BUCKETS];

	while (*link && (*link)->key != key)
		link = &(*link)->next_leader;
	return link;
}

static void lead(struct ng_schedule *schedule, struct ng_job *job)
{
	struct ng_job **link;

	if (!job->key)
		return;
	link = leader_link(schedule, job->key);
	assert(!*link);
	job->next_leader = NULL;
	*link = job;
}

/* A leader is done with, or taken back. Returns who leads in its stead, or NULL. */
static struct ng_job *succeed(struct ng_schedule *schedule, struct ng_job *job)
{
	struct ng_job *heir = job->followers.first;

	if (!job->key)
		return NULL;
	*leader_link(schedule, job->key) = job->next_leader;
	if (!heir)
		return NULL;
	unlink_job(&job->followers, heir);
	heir->follows = false;
	heir->followers = job->followers;
	job->followers = (struct ng_job_list){0};
	lead(schedule, heir);
	return heir;
}

/* The next of a lane, which is run then. */
static struct ng_job *take(struct ng_schedule *schedule, enum ng_lane lane)
{
	struct ng_job *job = schedule->lanes[lane].first;

	if (!job)
		return NULL;
	unlink_job(&schedule->lanes[lane], job);
	job->waiting = false;
	schedule->waiting--;
	return job;
}

/* Run a job that counts as running, then those that wait in its lane. */
static void run(struct ng_schedule *schedule, struct ng_job *job)
{
	enum ng_lane lane = job->lane;

	while (job) {
		struct ng_job *heir, *next;

		job->run(job);
		pthread_mutex_lock(&schedule->lock);
		heir = succeed(schedule, job);
		/* Behind those that wait already: one key is not to keep a thread for itself. */
		if (heir)
			insert(&schedule->lanes[lane], heir, schedule->lanes[lane].last);
		next = take(schedule, lane);
		if (!next)
			schedule->running[lane]--;
		pthread_mutex_unlock(&schedule->lock);
		job->free(job);
		job = next;
	}
}

int ng_schedule_submit(struct ng_schedule *schedule, struct ng_job *job)
{
	struct ng_job *leader = NULL;
	bool runs;

	pthread_mutex_lock(&schedule->lock);
	if (job->key)
		leader = *leader_link(schedule, job->key);
	assert(schedule->at_once[job->lane] > 0);
	assert(!leader || leader->lane == job->lane);
	runs = !leader && schedule->running[job->lane] < schedule->at_once[job->lane];
	if (!runs && schedule->waiting == schedule->waiting_most) {
		pthread_mutex_unlock(&schedule->lock);
		return -EBUSY;
	}
	if (!leader)
		lead(schedule, job);
	if (runs) {
		schedule->running[job->lane]++;
	} else {
		struct ng_job_list *list =
			leader ? &leader->followers : &schedule->lanes[job->lane];

		insert(list, job, list->last);
		job->follows = leader;
		job->waiting = true;
		schedule->waiting++;
	}
	pthread_mutex_unlock(&schedule->lock);
	if (runs)
		run(schedule, job);
	return 0;
}

bool ng_schedule_remove(struct ng_schedule *schedule, struct ng_job *job)
{
	bool waited;

	pthread_mutex_lock(&schedule->lock);
	waited = job->waiting;
	if (waited) {
		if (job->follows) {
			unlink_job(&(*leader_link(schedule, job->key))->followers, job);
			job->follows = false;
		} else {
			struct ng_job_list *lane = &schedule->lanes[job->lane];
			struct ng_job *before = job->prev, *heir;

			unlink_job(lane, job);
			heir = succeed(schedule, job);
			if (heir)
				insert(lane, heir, before);
		}
		job->waiting = false;
		schedule->waiting--;
	}
	pthread_mutex_unlock(&schedule->lock);
	return waited;
}

void ng_schedule_stats(struct ng_schedule *schedule, struct ng_schedule_stats *ret_stats)
{
	pthread_mutex_lock(&schedule->lock);
	memcpy(ret_stats->running, schedule->running, sizeof(ret_stats->running));
	ret_stats->waiting = schedule->waiting;
	pthread_mutex_unlock(&schedule->lock);
}
