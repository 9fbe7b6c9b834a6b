/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>

#define MAX_THREADS 1024u

struct work {
	uint64_t n;
	int (*body)(void *userdata, uint64_t i);
	void *userdata;
	_Atomic uint64_t next;
	pthread_mutex_t lock; /* of the two below */
	uint64_t failed_at;
	int error;
};

unsigned ng_processors(void)
{
	cpu_set_t set;
	long online;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	/* The set has no room for a machine of more than CPU_SETSIZE. */
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 1 ? (unsigned)online : 1;
}

static void *work_run(void *arg)
{
	struct work *work = arg;

	for (;;) {
		uint64_t i = atomic_fetch_add(&work->next, 1);
		int r;

		if (i >= work->n)
			return NULL;
		r = work->body(work->userdata, i);
		if (r >= 0)
			continue;
		pthread_mutex_lock(&work->lock);
		if (work->error == 0 || i < work->failed_at) {
			work->error = r;
			work->failed_at = i;
		}
		pthread_mutex_unlock(&work->lock);
		atomic_store(&work->next, work->n);
	}
}

int ng_parallel(uint64_t n, unsigned threads, int (*body)(void *userdata, uint64_t i),
		void *userdata)
{
	struct work work = {.n = n, .body = body, .userdata = userdata};
	pthread_t ids[MAX_THREADS];
	unsigned started = 0;

	pthread_mutex_init(&work.lock, NULL);
	threads = (unsigned)ng_min((uint64_t)ng_min(threads, MAX_THREADS), n);
	while (started + 1 < threads && pthread_create(&ids[started], NULL, work_run, &work) == 0)
		started++;
	work_run(&work);
	while (started > 0)
		pthread_join(ids[--started], NULL);
	pthread_mutex_destroy(&work.lock);
	return work.error;
}
