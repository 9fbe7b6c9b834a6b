/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/insertions.h"

#include <assert.h>

#include "bwt/directory.h"
#include "naive_merge.h"

/* ---- a naive corpus as a source ---- */

struct source {
	const struct naive *corpus;
	uint64_t fail_doc; /* reading it fails; UINT64_MAX: none */
};

static uint64_t source_bytes(void *userdata, uint64_t doc)
{
	const struct source *source = userdata;

	return naive_bytes(source->corpus, doc);
}

static int source_read(void *userdata, uint64_t doc, uint64_t offset, uint8_t *buf, size_t len,
		       struct ng_error *err)
{
	const struct source *source = userdata;

	assert(len >= 1 && len <= 4096 && offset + len <= naive_bytes(source->corpus, doc));
	if (doc == source->fail_doc)
		return ng_fail(err, -EIO, "document %ju is gone", (uintmax_t)doc);
	memcpy(buf, source->corpus->text + naive_begin(source->corpus, doc) + offset, len);
	return 0;
}

static struct ng_insertion_source source_of(struct source *source)
{
	const struct naive *corpus = source->corpus;

	return (struct ng_insertion_source){corpus->docs, corpus->n - corpus->docs, source,
					    source_bytes, source_read};
}

/* ---- */

static void check_gaps(const struct naive_merge *m, struct ng_gaps *gaps, const char *shape)
{
	uint32_t *want = calloc(m->a.n + 1, sizeof(*want));

	assert_non_null(want);
	for (uint64_t i = 0; i < m->b.n; i++)
		want[m->ranks[i]]++;
	assert_int_equal(ng_gaps_flush(gaps, NULL), 0);
	for (uint64_t i = 0; i < ng_gaps_buckets(gaps); i++) {
		uint64_t first, n;
		const uint32_t *counts;

		assert_int_equal(ng_gaps_bucket(gaps, i, &first, &n, &counts, NULL), 0);
		for (uint64_t k = 0; k < n; k++)
			if (counts[k] != want[first + k])
				fail_msg("%s and %s, %s: %u ranks %ju instead of %u", m->a.name,
					 m->b.name, shape, counts[k], (uintmax_t)(first + k),
					 want[first + k]);
	}
	free(want);
}

struct shape {
	const char *name;
	struct ng_insertion_limits limits;
	bool own_limits;
	unsigned threads;
	uint64_t memory_bytes;
};

static const struct shape shapes[] = {
	{"as it comes", {0}, false, 2, 1 << 30},
	{"short chunks", {7, 1, 3}, true, 3, 1 << 16},
	{"chunks of one byte", {1, 1, 1}, true, 1, 1 << 30},
	{"chunks with leads", {50, 4, 300}, true, 2, 1 << 30},
	{"chunks of some size", {5000, 64, 1024}, true, 2, 1 << 20},
};

static void check_shape(const struct naive_merge *m, const struct shape *shape)
{
	struct source from = {&m->b, UINT64_MAX};
	struct ng_insertion_source b = source_of(&from);
	struct ng_rank_source ranks = ng_bwt_rank_source(m->bwt);
	ng_cleanup(ng_gaps_freep) struct ng_gaps *gaps = NULL;
	char dir[SCRATCH_DIR_MAX];
	struct ng_error err = {""};
	int r;

	assert_int_equal(scratch_make(dir), 0);
	assert_int_equal(ng_gaps_new(m->a.n, shape->memory_bytes, NG_TEMPDIR(dir), shape->threads,
				     &gaps, &err),
			 0);
	r = ng_insertions_find(&ranks, m->a.docs, &b, shape->own_limits ? &shape->limits : NULL,
			       shape->threads, gaps, NULL, NULL, NULL, &err);
	if (r < 0)
		fail_msg("%s and %s, %s: %s", m->a.name, m->b.name, shape->name, err.text);
	check_gaps(m, gaps, shape->name);
	assert_int_equal(scratch_remove(dir), 0);
}

static void check(struct naive_merge *m, const struct shape *first, const struct shape *second)
{
	naive_merge_make(m);
	check_shape(m, first);
	check_shape(m, second);
	naive_merge_clear(m);
}

static void test_small(void **state)
{
	struct naive_merge m = {0};

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &m.a); i++) {
		for (size_t k = 0; naive_make(NAIVE_SMALL, k, &m.b); k++) {
			if (m.a.docs == 0) {
				naive_clear(&m.b);
				continue;
			}
			/* Each pair in two of the shapes, which all come by turns. */
			check(&m, &shapes[(i + k) % ng_array_size(shapes)],
			      &shapes[(i + k + 2) % ng_array_size(shapes)]);
			assert_true(naive_make(NAIVE_SMALL, i, &m.a));
		}
		naive_clear(&m.a);
	}
}

/* A corpus's documents before `docs` and those from there on. */
static void split(const struct naive *whole, uint64_t docs, struct naive *a, struct naive *b)
{
	*a = *b = (struct naive){.name = whole->name};
	for (uint64_t d = 0; d < whole->docs; d++)
		naive_add(d < docs ? a : b, whole->text + naive_begin(whole, d),
			  naive_bytes(whole, d));
}

/* The large ones: 1,000 equal documents among them, one letter 300,000 times, Fibonacci. Those of
 * many documents are cut in two, those of one are merged with themselves. */
static void test_large(void **state)
{
	struct naive whole;

	for (size_t i = 0; naive_make(NAIVE_LARGE, i, &whole); i++) {
		struct naive_merge m = {0};

		/* Sorted in time. */
		if (whole.n < 2000000) {
			split(&whole, whole.docs == 1 ? 0 : whole.docs / 3 + 1, &m.a, &m.b);
			if (whole.docs == 1)
				naive_add(&m.a, whole.text, naive_bytes(&whole, 0));
			check(&m, &shapes[0], &shapes[3 + i % 2]);
		}
		naive_clear(&whole);
	}
}

/* ---- errors ---- */

static void words_merge(struct naive_merge *m)
{
	uint64_t rng = naive_seed();
	uint8_t text[3000];

	for (unsigned i = 0; i < 100; i++) {
		naive_words(&rng, text, sizeof(text));
		naive_add(i < 50 ? &m->a : &m->b, text, sizeof(text));
	}
	naive_merge_make(m);
}

struct watch {
	uint64_t last, calls, cancel_at;
	ng_cancel cancel;
};

static void watch_progress(void *userdata, uint64_t done, uint64_t total)
{
	struct watch *watch = userdata;

	assert_true(done <= total && done >= watch->last);
	assert_int_equal(total, 150000);
	watch->last = done;
	watch->calls++;
	if (done >= watch->cancel_at)
		atomic_store(&watch->cancel, true);
}

static int find(const struct naive_merge *m, uint64_t fail_doc, unsigned threads,
		struct watch *watch, struct ng_error *err)
{
	static const struct ng_insertion_limits limits = {500, 16, 256};
	struct source from = {&m->b, fail_doc};
	struct ng_insertion_source b = source_of(&from);
	struct ng_rank_source ranks = ng_bwt_rank_source(m->bwt);
	ng_cleanup(ng_gaps_freep) struct ng_gaps *gaps = NULL;

	assert_int_equal(ng_gaps_new(m->a.n, 1 << 30, NG_TEMPDIR("/"), threads, &gaps, err), 0);
	return ng_insertions_find(&ranks, m->a.docs, &b, &limits, threads, gaps, &watch->cancel,
				  watch_progress, watch, err);
}

static void test_progress_and_cancel(void **state)
{
	struct naive_merge m = {0};
	struct watch watch = {.cancel_at = UINT64_MAX}, cancelled = {.cancel_at = 20000};
	struct watch at_once = {.cancel_at = UINT64_MAX, .cancel = true};
	struct ng_error err = {""};

	words_merge(&m);
	assert_int_equal(find(&m, UINT64_MAX, 1, &watch, &err), 0);
	assert_int_equal(watch.last, 150000);
	assert_int_equal(find(&m, UINT64_MAX, 2, &cancelled, &err), -EINTR);
	assert_int_equal(find(&m, UINT64_MAX, 1, &at_once, &err), -EINTR);
	assert_int_equal(at_once.calls, 0);
	naive_merge_clear(&m);
}

static void test_errors(void **state)
{
	struct naive_merge m = {0};
	struct watch watch = {.cancel_at = UINT64_MAX};

	words_merge(&m);
	for (uint64_t doc = 0; doc < 50; doc += 7) {
		struct ng_error err = {""};
		char want[32];

		snprintf(want, sizeof(want), "document %ju is gone", (uintmax_t)doc);
		watch.last = 0;
		assert_int_equal(find(&m, doc, 1 + (unsigned)doc % 3, &watch, &err), -EIO);
		assert_string_equal(err.text, want);
	}
	naive_merge_clear(&m);
}

static void test_damaged(void **state)
{
	struct naive_merge m = {0};
	struct watch watch = {.cancel_at = UINT64_MAX};
	struct ng_error err = {""};

	words_merge(&m);
	/* Cells that end before they begin. */
	for (size_t at = 0; at < m.made.directory.bytes; at += NG_LINE_BYTES)
		memset(m.made.directory.data + at + 8, 0, NG_LINE_BYTES - 8);
	assert_int_equal(find(&m, UINT64_MAX, 2, &watch, &err), -EUCLEAN);
	assert_non_null(strstr(err.text, "damaged"));
	naive_merge_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_progress_and_cancel),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
