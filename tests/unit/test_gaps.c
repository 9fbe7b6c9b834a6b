/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/gaps.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "base/parallel.h"
#include "samedir.h"

/* Ranks of several threads, and their counts. */
struct ranks {
	uint64_t rows, n;
	uint64_t *rank;  /* [n] */
	uint32_t *count; /* [rows + 1] */
	unsigned threads;
	struct ng_gaps *gaps;
};

static void ranks_make(struct ranks *ranks, uint64_t rows, uint64_t n, unsigned threads,
		       uint64_t *rng)
{
	*ranks = (struct ranks){.rows = rows, .n = n, .threads = threads};
	ranks->rank = calloc(n + 1, sizeof(*ranks->rank));
	ranks->count = calloc(rows + 1, sizeof(*ranks->count));
	assert_true(ranks->rank && ranks->count);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t r = scratch_random(rng);

		/* All over, in heaps, and at both ends. */
		ranks->rank[i] = r % 8 == 0   ? rows
				 : r % 8 == 1 ? 0
				 : r % 8 < 4  ? (r >> 8) % ng_min(rows + 1, 100u)
					      : (r >> 8) % (rows + 1);
		ranks->count[ranks->rank[i]]++;
	}
}

static void ranks_clear(struct ranks *ranks)
{
	free(ranks->rank);
	free(ranks->count);
}

/* A thread's share, in pieces of all sizes. */
static int put_some(void *userdata, uint64_t thread)
{
	struct ranks *ranks = userdata;
	uint64_t at = ranks->n * thread / ranks->threads;
	uint64_t end = ranks->n * (thread + 1) / ranks->threads, rng = thread;

	while (at < end) {
		uint64_t some = scratch_random(&rng) % 1000;
		size_t n = ng_min(some, end - at);
		int r = ng_gaps_put(ranks->gaps, (unsigned)thread, ranks->rank + at, n, NULL);

		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}

static void check_counts(const struct ranks *ranks)
{
	uint64_t row = 0;

	for (uint64_t i = 0; i < ng_gaps_buckets(ranks->gaps); i++) {
		uint64_t first, n;
		const uint32_t *counts;

		assert_int_equal(ng_gaps_bucket(ranks->gaps, i, &first, &n, &counts, NULL), 0);
		assert_int_equal(first, row);
		assert_true(n > 0);
		assert_memory_equal(counts, ranks->count + first, n * sizeof(*counts));
		row += n;
	}
	assert_int_equal(row, ranks->rows + 1);
}

struct shape {
	uint64_t rows, n, memory_bytes, buckets;
	unsigned threads;
};

static const struct shape shapes[] = {
	/* All in memory. */
	{0, 0, 4, 1, 1},
	{0, 1000, 4, 1, 1},
	{1, 1000, 8, 1, 2},
	{100, 0, 1000, 1, 1},
	{1000, 50000, 4004, 1, 3},
	{200000, 300000, 1 << 20, 1, 2},
	/* One row too many for the memory. */
	{1000, 50000, 4000, 2, 1},
	{1023, 50000, 4095, 2, 1},
	{1024, 0, 4096, 2, 1},
	{1024, 1, 4096, 2, 1},
	/* Small buffers and many chunks, large buffers that are never full. */
	{4095, 300000, 4096, 4, 2},
	{4096, 300000, 4096, 5, 1},
	{100000, 500000, 65536, 7, 3},
	{100000, 500000, 262144, 2, 2},
	{3000000, 2000000, 1 << 20, 12, 3},
};

static void test_counts(void **state)
{
	char dir[SCRATCH_DIR_MAX];
	uint64_t rng = 5;

	assert_int_equal(scratch_make(dir), 0);
	for (size_t i = 0; i < ng_array_size(shapes); i++) {
		const struct shape *s = &shapes[i];
		ng_cleanup(ng_gaps_freep) struct ng_gaps *gaps = NULL;
		struct ranks ranks;

		ranks_make(&ranks, s->rows, s->n, s->threads, &rng);
		assert_int_equal(ng_gaps_new(s->rows, s->memory_bytes, NG_TEMPDIR(dir), s->threads,
					     &gaps, NULL),
				 0);
		ranks.gaps = gaps;
		assert_int_equal(ng_gaps_buckets(gaps), s->buckets);
		assert_int_equal(ng_parallel(s->threads, s->threads, put_some, &ranks), 0);
		assert_int_equal(ng_gaps_flush(gaps, NULL), 0);
		assert_int_equal(entries_in(dir), 0);
		check_counts(&ranks);
		/* Again: reading changes nothing. */
		check_counts(&ranks);
		ranks_clear(&ranks);
	}
	assert_int_equal(scratch_remove(dir), 0);
}

static void test_no_memory(void **state)
{
	struct ng_gaps *gaps = NULL;
	struct ng_error err = {""};

	assert_int_equal(ng_gaps_new(1 << 30, 1 << 16, NG_TEMPDIR("/"), 8, &gaps, &err), -ENOMEM);
	assert_non_null(strstr(err.text, "65536 bytes"));
	assert_int_equal(ng_gaps_new((1ull << 40) - 1, 0, NG_TEMPDIR("/"), 1024, &gaps, &err),
			 -ENOMEM);
	assert_null(gaps);
}

/* Neither more rows nor more ranks than memory holds ask for the directory. */
static void test_directory_gone(void **state)
{
	uint64_t ranks[5000] = {0};
	ng_cleanup(ng_gaps_freep) struct ng_gaps *small = NULL, *large = NULL;
	struct ng_error err = {""};

	assert_int_equal(ng_gaps_new(1000, 4096, NG_TEMPDIR("/nowhere/at/all"), 1, &small, &err),
			 0);
	assert_int_equal(ng_gaps_put(small, 0, ranks, 5000, &err), 0);
	assert_int_equal(ng_gaps_flush(small, &err), 0);
	assert_int_equal(ng_gaps_new(5000, 4096, NG_TEMPDIR("/nowhere/at/all"), 1, &large, &err),
			 0);
	assert_int_equal(ng_gaps_put(large, 0, ranks, 5000, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
}

/* No more may be written than a limit, as on a disk that is full: while ranks are put, or at the
 * end. */
static void check_full(const char *dir, uint64_t limit, size_t n, int want_put, int want_flush)
{
	static uint64_t ranks[100000];
	ng_cleanup(ng_gaps_freep) struct ng_gaps *gaps = NULL;
	struct rlimit was, now;
	struct ng_error err = {""};

	assert_int_equal(ng_gaps_new(5000, 4096, NG_TEMPDIR(dir), 1, &gaps, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	now = (struct rlimit){limit, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	assert_int_equal(ng_gaps_put(gaps, 0, ranks, n, &err), want_put);
	if (want_put == 0)
		assert_int_equal(ng_gaps_flush(gaps, &err), want_flush);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(want_put + want_flush == 0 || strstr(err.text, dir));
}

static void test_full(void **state)
{
	char dir[SCRATCH_DIR_MAX];

	assert_int_equal(scratch_make(dir), 0);
	signal(SIGXFSZ, SIG_IGN);
	check_full(dir, 4096, 100, 0, 0);
	check_full(dir, 300, 100, 0, -EFBIG);
	check_full(dir, 4096, 100000, -EFBIG, 0);
	check_full(dir, 4100, 100000, -EFBIG, 0);
	assert_int_equal(scratch_remove(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_directory_gone),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
