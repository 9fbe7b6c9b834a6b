/* Shards made side by side: in order, within memory, and without a trace when they are given up. */
#include "build/shard_jobs.h"
#include "indexmake.h"

#include <sys/mman.h>
#include <sys/stat.h>

#define SHARDS 7u

struct seen {
	unsigned n, reports;
	size_t shard[SHARDS];
	uint64_t bytes[SHARDS];
};

static void finished(void *userdata, size_t shard, uint64_t file_bytes, uint64_t checksum)
{
	struct seen *seen = userdata;

	assert_true(seen->n < SHARDS);
	assert_int_not_equal(checksum, 0);
	seen->shard[seen->n] = shard;
	seen->bytes[seen->n++] = file_bytes;
}

/* One document of n letters. */
static struct ng_shard_text text_make(const char *dir, size_t n, uint64_t *rng)
{
	struct ng_shard_text text = {.n = n + 1, .cap = n + 1, .docs = 1, .docs_cap = 1};
	struct ng_error err;

	text.bytes =
		mmap(NULL, text.cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(text.bytes != MAP_FAILED);
	naive_words(rng, text.bytes, n);
	text.doc_ends = malloc(sizeof(*text.doc_ends));
	text.meta_ends = malloc(sizeof(*text.meta_ends));
	assert_non_null(text.doc_ends);
	assert_non_null(text.meta_ends);
	text.doc_ends[0] = n;
	text.meta_ends[0] = 2;
	assert_int_equal(ng_frames_writer_new(3, 1, dir, &text.meta, &err), 0);
	assert_int_equal(ng_frames_writer_add(text.meta, "{}", 2, &err), 0);
	return text;
}

static int start(struct ng_shard_jobs *jobs, const char *dir, const char *to, size_t n,
		 unsigned shard, uint64_t *rng, struct ng_error *err)
{
	struct ng_shard_options options = {.sa_rate = 52, .threads = 1};
	struct ng_shard_text text = text_make(dir, n, rng);
	char path[SCRATCH_DIR_MAX + 32];
	int r;

	snprintf(path, sizeof(path), "%s/%u.ngs", to, shard);
	r = ng_shard_jobs_start(jobs, &text, &options, path, shard, err);
	/* Whatever came of it, what was taken over is gone from here. */
	if (r == 0)
		assert_null(text.bytes);
	ng_shard_text_clear(&text);
	return r;
}

static void test_order(void **state)
{
	uint64_t rng = naive_seed();
	uint64_t one = ng_shard_job_bytes(20001, false);
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
