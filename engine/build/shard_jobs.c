/* SPDX-License-Identifier: Apache-2.0 */
#include "build/shard_jobs.h"

#include <pthread.h>
#include <time.h>

#include "base/file.h"
#include "merge/cost.h"
#include "sort/parallel_sort.h"

#define PROGRESS_NS (100 * 1000 * 1000)

/* A shard being made, so that the caller's thread can go on, report progress, and give up in the
 * midst of a sort. */
struct job {
	pthread_mutex_t lock;
	pthread_cond_t done_cond;
	bool done, abandoned; /* whoever is last frees the job */
	pthread_t thread;
	struct ng_shard_job what;
	struct ng_shard_options options;
	struct ng_shard_progress progress;
	ng_cancel cancel;
	uint64_t takes; /* memory */
	uint64_t file_bytes, checksum;
	struct ng_error err;
	int result;
	struct job *next;
};

struct ng_shard_jobs {
	struct ng_shard_jobs_options options;
	struct job *oldest, **end; /* those at work, in the order of their starts */
	unsigned n;
	uint64_t taken; /* memory, by all of them */
	uint64_t work;  /* done by those that are not at work any more */
};

uint64_t ng_shard_job_bytes(uint64_t n, bool has_nul, unsigned threads)
{
	return n + ng_parallel_sort_memory(n, has_nul, threads);
}

void ng_shard_job_clear(struct ng_shard_job *job)
{
	ng_batch_clear(&job->batch);
	ng_shard_docs_clear(&job->docs);
	free(job->path);
	*job = (struct ng_shard_job){0};
}

static void job_free(struct job *job)
{
	ng_shard_job_clear(&job->what);
	pthread_mutex_destroy(&job->lock);
	pthread_cond_destroy(&job->done_cond);
	free(job);
}

/* A segment's text, which is read again when it is merged. */
static int text_write(const struct ng_shard_job *what, struct ng_error *err)
{
	size_t done = 0;
	int r = ng_file_write_at(what->text_fd, what->batch.bytes, what->batch.n, what->text_at,
				 &done);

	if (r < 0)
		return ng_fail(err, r, "%s: cannot write %zu bytes of text beside it: %s",
			       what->path, what->batch.n - done, strerror(-r));
	if (fdatasync(what->text_fd) < 0)
		return ng_fail(err, -errno, "%s: cannot sync the text beside it: %s", what->path,
			       strerror(errno));
	return 0;
}

static int segment_make(struct job *job)
{
	struct ng_shard_job *what = &job->what;
	struct ng_file_at file = {what->dir_fd, what->path};
	int r;

	ng_shard_phase(&job->progress, NG_PHASE_STORE, what->batch.n,
		       ng_cost(NG_COST_TEXT, what->batch.n, job->options.threads));
	r = text_write(what, &job->err);
	return r < 0 ? r
		     : ng_segment_build(&what->batch, &job->options, file, &job->progress,
					&job->file_bytes, &job->checksum, &job->err);
}

static void *job_run(void *arg)
{
	struct job *job = arg;
	struct ng_shard_job *what = &job->what;
	struct ng_file_at file = {what->dir_fd, what->path};
	bool abandoned;
	int r;

	if (what->step.kind == NG_STEP_SEGMENT)
		r = segment_make(job);
	else
		r = ng_shard_build(&what->batch, &what->docs, &job->options, file, &job->progress,
				   &job->file_bytes, &job->checksum, &job->err);
	pthread_mutex_lock(&job->lock);
	job->result = r;
	job->done = true;
	abandoned = job->abandoned;
	pthread_cond_signal(&job->done_cond);
	pthread_mutex_unlock(&job->lock);
	if (abandoned)
		job_free(job);
	return NULL;
}

static void report(const struct ng_shard_jobs *jobs, const struct job *job)
{
	struct ng_build_progress progress = {
		.phase = (enum ng_build_phase)atomic_load(&job->progress.phase),
		.shard = (uint32_t)job->what.step.shard,
		.done_bytes = atomic_load(&job->progress.done_bytes),
		.total_bytes = atomic_load(&job->progress.total_bytes),
	};

	/* One that is only just starting has no phase yet. */
	if (jobs->options.progress && progress.total_bytes)
		jobs->options.progress(jobs->options.userdata, &progress);
}

/* Wait for a job; false when it was abandoned to itself, in its sort. */
static bool job_wait(const struct ng_shard_jobs *jobs, struct job *job)
{
	bool done;

	pthread_mutex_lock(&job->lock);
	while (!job->done) {
		struct timespec until;

		if (ng_cancelled(jobs->options.cancel))
			atomic_store(&job->cancel, true);
		if (atomic_load(&job->cancel) &&
		    atomic_load(&job->progress.phase) == NG_PHASE_SORT) {
			job->abandoned = true;
			break;
		}
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += PROGRESS_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&job->done_cond, &job->lock, &until);
		if (!job->done)
			report(jobs, job);
	}
	done = job->done;
	pthread_mutex_unlock(&job->lock);
	return done;
}

/* Wait for the oldest and take it out. */
static int reap(struct ng_shard_jobs *jobs, struct ng_error *err)
{
	struct job *job = jobs->oldest, *next = job->next;
	/* One that is abandoned may be gone when this knows it. */
	pthread_t thread = job->thread;
	uint64_t takes = job->takes;
	bool done = job_wait(jobs, job);
	int r;

	jobs->oldest = next;
	if (!next)
		jobs->end = &jobs->oldest;
	jobs->n--;
	jobs->taken -= takes;
	if (!done) {
		pthread_detach(thread);
		return ng_fail(err, -EINTR, "interrupted");
	}
	pthread_join(thread, NULL);
	jobs->work += ng_shard_progress_work(&job->progress);
	r = job->result;
	if (r == -EINTR)
		ng_fail(err, r, "interrupted");
	else if (r < 0 && err)
		*err = job->err;
	else if (r == 0)
		r = jobs->options.finished(jobs->options.userdata, &job->what, job->file_bytes,
					   job->checksum, err);
	job_free(job);
	return r;
}

int ng_shard_jobs_new(const struct ng_shard_jobs_options *options, struct ng_shard_jobs **ret_jobs)
{
	struct ng_shard_jobs *jobs = calloc(1, sizeof(*jobs));

	if (!jobs)
		return -ENOMEM;
	jobs->options = *options;
	jobs->end = &jobs->oldest;
	*ret_jobs = jobs;
	return 0;
}

int ng_shard_jobs_wait(struct ng_shard_jobs *jobs, uint64_t free_bytes, struct ng_error *err)
{
	int r = 0;

	while (r == 0 && jobs->oldest &&
	       (jobs->taken >= jobs->options.memory_bytes ||
		jobs->options.memory_bytes - jobs->taken < free_bytes))
		r = reap(jobs, err);
	return r;
}

static int job_new(struct ng_shard_jobs *jobs, struct ng_shard_job *what,
		   const struct ng_shard_options *options, struct job **ret_job)
{
	struct job *job = calloc(1, sizeof(*job));
	int r;

	if (!job)
		return -ENOMEM;
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->done_cond, NULL);
	job->takes = ng_shard_job_bytes(what->batch.n, what->batch.has_nul, options->threads);
	job->what = *what;
	*what = (struct ng_shard_job){0};
	job->options = *options;
	job->options.cancel = &job->cancel;
	r = -pthread_create(&job->thread, NULL, job_run, job);
	if (r < 0) {
		job_free(job);
		return r;
	}
	*ret_job = job;
	return 0;
}

int ng_shard_jobs_start(struct ng_shard_jobs *jobs, struct ng_shard_job *what,
			const struct ng_shard_options *options, struct ng_error *err)
{
	struct job *job = NULL;
	int r = ng_shard_jobs_wait(
		jobs, ng_shard_job_bytes(what->batch.n, what->batch.has_nul, options->threads),
		err);

	while (r == 0 && jobs->n >= jobs->options.threads)
		r = reap(jobs, err);
	if (r == 0) {
		r = job_new(jobs, what, options, &job);
		if (r < 0)
			ng_fail(err, r, "cannot start a thread: %s", strerror(-r));
	}
	ng_shard_job_clear(what);
	if (r < 0)
		return r;
	*jobs->end = job;
	jobs->end = &job->next;
	jobs->n++;
	jobs->taken += job->takes;
	return 0;
}

uint64_t ng_shard_jobs_work(const struct ng_shard_jobs *jobs)
{
	uint64_t work = jobs->work;

	for (const struct job *job = jobs->oldest; job; job = job->next)
		work += ng_shard_progress_work(&job->progress);
	return work;
}

struct ng_shard_jobs *ng_shard_jobs_free(struct ng_shard_jobs *jobs)
{
	if (!jobs)
		return NULL;
	for (struct job *job = jobs->oldest; job; job = job->next)
		atomic_store(&job->cancel, true);
	jobs->options.progress = NULL;
	while (jobs->oldest)
		reap(jobs, NULL);
	free(jobs);
	return NULL;
}
