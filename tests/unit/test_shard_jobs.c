/* SPDX-License-Identifier: Apache-2.0 */
/* Shards made side by side: in order, within memory, and without a trace when they are given up. */
#include "build/shard_jobs.h"
#include "indexmake.h"

#include <sys/stat.h>

#define SHARDS 7u

struct seen {
	unsigned n, reports;
	size_t shard[SHARDS];
	uint64_t bytes[SHARDS];
};

static int finished(void *userdata, const struct ng_shard_job *job, uint64_t file_bytes,
		    uint64_t checksum, struct ng_error *err)
{
	struct seen *seen = userdata;

	assert_true(seen->n < SHARDS);
	assert_int_not_equal(checksum, 0);
	seen->shard[seen->n] = job->step.shard;
	seen->bytes[seen->n++] = file_bytes;
	return 0;
}

/* A shard of one document of n letters. */
static struct ng_shard_job job_make(const char *dir, size_t n, unsigned shard, uint64_t *rng)
{
	struct ng_shard_job job = {.dir_fd = AT_FDCWD,
				   .step = {.kind = NG_STEP_SHARD, .shard = shard}};
	struct ng_shard_docs_options options = {.threads = 1, .tmp = NG_TEMPDIR(dir)};
	uint8_t *text = malloc(n);
	struct ng_error err;

	assert_non_null(text);
	naive_words(rng, text, n);
	assert_int_equal(ng_batch_begin(&job.batch), 0);
	assert_int_equal(ng_batch_add(&job.batch, text, n), 0);
	assert_int_equal(ng_shard_docs_begin(&job.docs, &options, &err), 0);
	assert_int_equal(ng_shard_docs_add(&job.docs, text, n, "{}", 2, &err), 0);
	free(text);
	return job;
}

static int start(struct ng_shard_jobs *jobs, const char *dir, const char *to, size_t n,
		 unsigned shard, uint64_t *rng, struct ng_error *err)
{
	struct ng_shard_options options = {.sa_rate = 52, .threads = 1};
	struct ng_shard_job job = job_make(dir, n, shard, rng);
	int r;

	assert_true(asprintf(&job.path, "%s/%u.ngs", to, shard) > 0);
	r = ng_shard_jobs_start(jobs, &job, &options, err);
	/* Whatever came of it, what was taken over is gone from here. */
	assert_null(job.batch.bytes);
	assert_null(job.path);
	return r;
}

static void test_order(void **state)
{
	uint64_t rng = naive_seed();
	uint64_t one = ng_shard_job_bytes(20001, false, 1);
	/* Threads, and memory: for one at a time, for two, for all; too little for any. */
	const struct {
		unsigned threads;
		uint64_t memory;
	} cases[] = {{1, UINT64_MAX}, {3, UINT64_MAX}, {16, UINT64_MAX},
		     {16, 2 * one},   {16, one},       {16, 1}};

	for (size_t c = 0; c < ng_array_size(cases); c++) {
		char dir[SCRATCH_DIR_MAX];
		struct seen seen = {0};
		struct ng_shard_jobs_options options = {.threads = cases[c].threads,
							.memory_bytes = cases[c].memory,
							.finished = finished,
							.userdata = &seen};
		struct ng_shard_jobs *jobs;
		struct ng_error err = {""};

		assert_int_equal(scratch_make(dir), 0);
		assert_int_equal(ng_shard_jobs_new(&options, &jobs), 0);
		/* Of very different sizes, so that later ones are ready earlier. */
		for (unsigned i = 0; i < SHARDS; i++)
			assert_int_equal(start(jobs, dir, dir, i % 2 ? 100 : 20000, i, &rng, &err),
					 0);
		assert_int_equal(ng_shard_jobs_wait(jobs, UINT64_MAX, &err), 0);
		assert_int_equal(seen.n, SHARDS);
		for (unsigned i = 0; i < SHARDS; i++) {
			char path[SCRATCH_DIR_MAX + 32];
			struct stat st;

			snprintf(path, sizeof(path), "%s/%u.ngs", dir, i);
			assert_int_equal(seen.shard[i], i);
			assert_int_equal(stat(path, &st), 0);
			assert_int_equal(st.st_size, seen.bytes[i]);
		}
		/* Nothing is at work: no waiting. */
		assert_int_equal(ng_shard_jobs_wait(jobs, UINT64_MAX, &err), 0);
		ng_shard_jobs_free(jobs);
		assert_int_equal(scratch_remove(dir), 0);
	}
}

/* One that fails says why, and the others' results don't hide it. */
static void test_failure(void **state)
{
	char dir[SCRATCH_DIR_MAX];
	uint64_t rng = naive_seed();
	struct seen seen = {0};
	struct ng_shard_jobs_options options = {
		.threads = 4, .memory_bytes = UINT64_MAX, .finished = finished, .userdata = &seen};
	struct ng_shard_jobs *jobs;
	struct ng_error err = {""};

	assert_int_equal(scratch_make(dir), 0);
	assert_int_equal(ng_shard_jobs_new(&options, &jobs), 0);
	assert_int_equal(start(jobs, dir, dir, 500, 0, &rng, &err), 0);
	assert_int_equal(start(jobs, dir, "/nonexistent", 500, 1, &rng, &err), 0);
	assert_int_equal(start(jobs, dir, dir, 500, 2, &rng, &err), 0);
	assert_int_equal(ng_shard_jobs_wait(jobs, UINT64_MAX, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/1.ngs"));
	assert_int_equal(seen.n, 1);
	ng_shard_jobs_free(jobs);
	assert_int_equal(scratch_remove(dir), 0);
}

static void test_cancel(void **state)
{
	char dir[SCRATCH_DIR_MAX];
	uint64_t rng = naive_seed();
	ng_cancel cancel = true;
	struct seen seen = {0};
	struct ng_shard_jobs_options options = {.threads = 4,
						.memory_bytes = UINT64_MAX,
						.cancel = &cancel,
						.finished = finished,
						.userdata = &seen};
	struct ng_shard_jobs *jobs;
	struct ng_error err = {""};

	assert_int_equal(scratch_make(dir), 0);
	/* Long enough to be sorting still when the first look at the flag comes. */
	assert_int_equal(ng_shard_jobs_new(&options, &jobs), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(start(jobs, dir, dir, 8u << 20, i, &rng, &err), 0);
	assert_int_equal(ng_shard_jobs_wait(jobs, UINT64_MAX, &err), -EINTR);
	ng_shard_jobs_free(jobs);
	assert_int_equal(seen.n, 0);
	for (unsigned i = 0; i < 3; i++) {
		char path[SCRATCH_DIR_MAX + 32];

		snprintf(path, sizeof(path), "%s/%u.ngs", dir, i);
		assert_int_equal(access(path, F_OK), -1);
	}
	/* Freeing without waiting gives them up too. */
	atomic_store(&cancel, false);
	assert_int_equal(ng_shard_jobs_new(&options, &jobs), 0);
	assert_int_equal(start(jobs, dir, dir, 8u << 20, 3, &rng, &err), 0);
	ng_shard_jobs_free(jobs);
	assert_int_equal(seen.n, 0);
	assert_int_equal(scratch_remove(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
