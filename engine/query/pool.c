/* SPDX-License-Identifier: Apache-2.0 */
#include "query/pool.h"

#include <pthread.h>
#include <signal.h>

#include "base/parallel.h"

#define MAX_THREADS 256u
#define STACK_BYTES (256u << 10)

/* One call of ng_pool_run. Lives on the caller's stack: it leaves when no helper is inside. */
struct task {
	struct task *next;
	int (*body)(void *userdata, uint64_t i);
	void *userdata;
	uint64_t n, begun;
	unsigned helpers, most; /* threads of the pool that work on it; that may */
	int error;
};

struct ng_pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* there is a task with calls to be begun */
	pthread_cond_t left; /* a helper has left a task */
	struct task *tasks;
	bool stopping;
	unsigned most; /* that compute for one call */
	unsigned started;
	bool all_started; /* no more of them can be */
	pthread_t threads[MAX_THREADS];
};

/* Begin calls of a task until none is left; the lock is held at entry and exit. */
static void task_work(struct ng_pool *pool, struct task *task)
{
	while (task->begun < task->n && !task->error) {
		uint64_t i = task->begun++;
		int r;

		pthread_mutex_unlock(&pool->lock);
		r = task->body(task->userdata, i);
		pthread_mutex_lock(&pool->lock);
		if (r < 0 && !task->error)
			task->error = r;
	}
}

static struct task *task_open(const struct ng_pool *pool)
{
	for (struct task *task = pool->tasks; task; task = task->next)
		if (task->begun < task->n && !task->error && task->helpers < task->most)
			return task;
	return NULL;
}

static void *thread_run(void *arg)
{
	struct ng_pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	while (!pool->stopping) {
		struct task *task = task_open(pool);

		if (!task) {
			pthread_cond_wait(&pool->work, &pool->lock);
			continue;
		}
		task->helpers++;
		task_work(pool, task);
		task->helpers--;
		pthread_cond_broadcast(&pool->left);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* With the lock held. Fewer threads than wanted do as well. */
static void threads_start(struct ng_pool *pool, unsigned wanted)
{
	pthread_attr_t attr;
	sigset_t all, was;

	if (pool->started >= wanted || pool->all_started)
		return;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	/* Signals are for the threads of whoever uses the library. A SIGBUS still comes to the
	 * thread that caused it. */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	while (pool->started < wanted && !pool->all_started) {
		if (pthread_create(&pool->threads[pool->started], &attr, thread_run, pool) == 0)
			pool->started++;
		else
			pool->all_started = true;
	}
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	pthread_attr_destroy(&attr);
}

int ng_pool_new(unsigned threads, struct ng_pool **ret_pool)
{
	struct ng_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->left, NULL);
	pool->most = ng_min(threads ? threads : ng_processors(), MAX_THREADS);
	*ret_pool = pool;
	return 0;
}

unsigned ng_pool_threads(const struct ng_pool *pool)
{
	return pool->most;
}

struct ng_pool *ng_pool_free(struct ng_pool *pool)
{
	if (!pool)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned t = 0; t < pool->started; t++)
		pthread_join(pool->threads[t], NULL);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->left);
	free(pool);
	return NULL;
}

int ng_pool_run(struct ng_pool *pool, bool waits, uint64_t n,
		int (*body)(void *userdata, uint64_t i), void *userdata)
{
	unsigned most = waits ? ng_max(pool->most, NG_POOL_WAITERS) : pool->most;
	struct task task = {.body = body, .userdata = userdata, .n = n, .most = most - 1};
	unsigned helpers;

	pthread_mutex_lock(&pool->lock);
	helpers = (unsigned)ng_min((uint64_t)task.most, n ? n - 1 : 0);
	/* All that compute start with the first call that needs one. */
	if (helpers)
		threads_start(pool, waits ? helpers : task.most);
	/* No more than can help: there may be many that would only look. */
	for (unsigned i = 0; i < helpers; i++)
		pthread_cond_signal(&pool->work);
	task.next = pool->tasks;
	pool->tasks = &task;
	task_work(pool, &task);
	while (task.helpers)
		pthread_cond_wait(&pool->left, &pool->lock);
	for (struct task **at = &pool->tasks; *at; at = &(*at)->next) {
		if (*at == &task) {
			*at = task.next;
			break;
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return task.error;
}
