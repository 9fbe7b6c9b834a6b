#include "build/shard_jobs.h"

#include <pthread.h>
#include <time.h>

#include "build/suffix_sort.h"

#define PROGRESS_NS (100 * 1000 * 1000)

/* A shard being made, so that the caller's thread can go on, report progress, and give up in the
 * midst of a sort. */
struct job {
	pthread_mutex_t lock;
	pthread_cond_t done_cond;
	bool done, abandoned; /* whoever is last frees the job */
	pthread_t thread;
	struct ng_shard_text text;
	struct ng_shard_options options;
	struct ng_shard_progress progress;
	ng_cancel cancel;
	char *path;
	size_t shard;
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
};

uint64_t ng_shard_job_bytes(uint64_t n, bool has_nul)
{
	return n + ng_suffix_sort_memory(n, has_nul);
}

static void job_free(struct job *job)
{
	ng_shard_text_clear(&job->text);
	pthread_mutex_destroy(&job->lock);
	pthread_cond_destroy(&job->done_cond);
	free(job->path);
	free(job);
}

static void *job_run(void *arg)
{
	struct job *job = arg;
	bool abandoned;
	int r = ng_shard_build(&job->text, &job->options, job->path, &job->progress,
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
		.shard = (uint32_t)job->shard,
		.done_bytes = atomic_load(&job->progress.done_bytes),
		.total_bytes = atomic_load(&job->progress.total_bytes),
	};

	if (jobs->options.progress)
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
	struct job *job = jobs->oldest;
	int r;

	jobs->oldest = job->next;
	if (!jobs->oldest)
		jobs->end = &jobs->oldest;
	jobs->n--;
	jobs->taken -= job->takes;
	if (!job_wait(jobs, job)) {
		pthread_detach(job->thread);
		return ng_fail(err, -EINTR, "interrupted");
	}
	pthread_join(job->thread, NULL);
	r = job->result;
	if (r == -EINTR)
		ng_fail(err, r, "interrupted");
	else if (r < 0 && err)
		*err = job->err;
	else if (r == 0)
		jobs->options.finished(jobs->options.userdata, job->shard, job->file_bytes,
				       job->checksum);
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

int ng_shard_jobs_start(struct ng_shard_jobs *jobs, struct ng_shard_text *text,
			const struct ng_shard_options *options, const char *path, size_t shard,
			struct ng_error *err)
{
	uint64_t takes = ng_shard_job_bytes(text->n, text->has_nul);
	struct job *job;
	int r = ng_shard_jobs_wait(jobs, takes, err);

	while (r == 0 && jobs->n >= jobs->options.threads)
		r = reap(jobs, err);
	if (r < 0)
		return r;
	job = calloc(1, sizeof(*job));
	if (!job)
		return ng_fail(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->done_cond, NULL);
	job->text = *text;
	*text = (struct ng_shard_text){0};
	job->options = *options;
	job->options.cancel = &job->cancel;
	job->shard = shard;
	job->takes = takes;
	job->path = strdup(path);
	r = job->path ? -pthread_create(&job->thread, NULL, job_run, job) : -ENOMEM;
	if (r < 0) {
		job_free(job);
		return ng_fail(err, r, "cannot start a thread: %s", strerror(-r));
	}
	*jobs->end = job;
	jobs->end = &job->next;
	jobs->n++;
	jobs->taken += takes;
	return 0;
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
