/* SPDX-License-Identifier: Apache-2.0 */
#include "naive.h"
#include "sort/memory_merge.h"
#include "sort/parallel_sort.h"

#include <setjmp.h>
#include <cmocka.h>

static void expect_same(const char *name, const struct ng_sorted *got, const struct ng_sorted *want)
{
	assert_int_equal(got->rows, want->rows);
	assert_int_equal(got->n_sa_samples, want->n_sa_samples);
	if (memcmp(got->bwt, want->bwt, want->rows) != 0)
		fail_msg("%s: another BWT", name);
	/* Nothing stands behind the last row. */
	if (memcmp(got->marks, want->marks, ng_align_up(want->rows, 64) / 8) != 0)
		fail_msg("%s: other marks", name);
	if (memcmp(got->sa_samples, want->sa_samples,
		   want->n_sa_samples * sizeof(*want->sa_samples)) != 0)
		fail_msg("%s: other samples", name);
	assert_null(got->separators);
}

/* ---- merging two ---- */

/* Documents [first, end) of a corpus, as part of its text. */
static struct ng_sort_text part_of(const struct naive *c, uint64_t first, uint64_t end)
{
	uint64_t begin = naive_begin(c, first);

	return (struct ng_sort_text){.bytes = c->n ? c->text + begin : (uint8_t *)"",
				     .n = (end ? c->ends[end - 1] + 1 : 0) - begin,
				     .doc_ends = c->docs ? c->ends + first : NULL,
				     .docs = end - first,
				     .base = begin};
}

/* Sorted by itself, in a copy, where there is room. */
static void part_sort(struct ng_sort_text text, uint32_t sa_rate, struct ng_sorted *ret)
{
	uint8_t *copy = malloc(text.n + text.docs * NG_SORT_KEY_BYTES + 1);

	assert_non_null(copy);
	memcpy(copy, text.bytes, text.n);
	text.bytes = copy;
	assert_int_equal(ng_suffix_sort(&text, sa_rate, ret), 0);
	free(copy);
}

static void check_merge(const struct naive *c, uint64_t docs, unsigned threads)
{
	struct ng_sort_text whole = naive_sort_text(c), left = part_of(c, 0, docs),
			    right = part_of(c, docs, c->docs);
	struct ng_sorted want, got, a, b;
	uint32_t sa_rate = 3 + threads;

	assert_int_equal(ng_suffix_sort(&whole, sa_rate, &want), 0);
	part_sort(left, sa_rate, &a);
	part_sort(right, sa_rate, &b);
	assert_int_equal(ng_memory_merge(&left, &a, &right, &b, threads, NULL, NULL, &got), 0);
	expect_same(c->name, &got, &want);
	assert_null(a.bwt);
	assert_null(b.bwt);
	ng_sorted_clear(&want);
	ng_sorted_clear(&got);
}

/* Each pair of the small ones; in particular none of any documents, and documents without bytes. */
static void test_merge_small(void **state)
{
	struct naive c, behind;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		naive_clear(&c);
		for (size_t k = 0; naive_make(NAIVE_SMALL, k, &behind); k++) {
			uint64_t docs;

			assert_true(naive_make(NAIVE_SMALL, i, &c));
			docs = c.docs;
			for (uint64_t d = 0; d < behind.docs; d++)
				naive_add(&c, behind.text + naive_begin(&behind, d),
					  naive_bytes(&behind, d));
			if (!c.has_nul)
				check_merge(&c, docs, 1 + (unsigned)(i + k) % 3);
			naive_clear(&behind);
			naive_clear(&c);
		}
	}
}

/* Short documents of few letters, cut anywhere. */
static void test_merge_random(void **state)
{
	uint64_t rng = naive_seed();

	for (unsigned round = 0; round < 500; round++) {
		struct naive c = {.name = "random"};
		uint64_t docs = 1 + scratch_random(&rng) % 9;

		for (uint64_t d = 0; d < docs; d++) {
			uint8_t text[40];
			size_t len = scratch_random(&rng) % sizeof(text);

			for (size_t i = 0; i < len; i++)
				text[i] = (uint8_t)(1 + scratch_random(&rng) % (round % 4 + 1));
			naive_add(&c, text, len);
		}
		check_merge(&c, scratch_random(&rng) % (docs + 1), 1 + round % 4);
		naive_clear(&c);
	}
}

/* ---- sorting in parts ---- */

static void check_sort(const struct naive *c, unsigned threads)
{
	struct ng_sort_text text = naive_sort_text(c);
	uint8_t *before = malloc(c->n + 1);
	struct ng_sorted want, got;

	assert_non_null(before);
	memcpy(before, text.bytes, c->n);
	assert_int_equal(ng_suffix_sort(&text, 52, &want), 0);
	assert_int_equal(ng_parallel_sort(&text, 52, threads, NULL, &got), 0);
	/* It is moved for the sort, and back again. */
	assert_memory_equal(text.bytes, before, c->n);
	if (c->has_nul)
		assert_memory_equal(got.bwt, want.bwt, want.rows);
	else
		expect_same(c->name, &got, &want);
	ng_sorted_clear(&want);
	ng_sorted_clear(&got);
	free(before);
}

static void test_sort(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_LARGE, i, &c); i++) {
		check_sort(&c, 2);
		check_sort(&c, 3 + (unsigned)i % 6);
		naive_clear(&c);
	}
	for (size_t i = 0; naive_make(NAIVE_HUGE, i, &c); i++) {
		check_sort(&c, 3);
		naive_clear(&c);
	}
}

/* Parts in which no document ends, and those that end up with no documents at all. */
static void test_uneven(void **state)
{
	static const size_t lengths[][5] = {{400000, 1, 1, 1, 1},
					    {1, 400000, 0, 0, 9},
					    {5, 5, 5, 5, 400000},
					    {130000, 130000, 1, 130000, 130000},
					    {600000, 0, 0, 0, 0}};
	uint64_t rng = naive_seed();
	uint8_t *text = malloc(600000);

	assert_non_null(text);
	naive_words(&rng, text, 600000);
	for (size_t i = 0; i < ng_array_size(lengths); i++) {
		struct naive c = {.name = "uneven"};

		for (unsigned d = 0; d < 5; d++)
			naive_add(&c, text, lengths[i][d]);
		for (unsigned threads = 1; threads <= 8; threads++)
			check_sort(&c, threads);
		naive_clear(&c);
	}
	free(text);
}

/* A byte of a large text takes as much as one of a small text, which is cut and merged. */
static void test_memory(void **state)
{
	for (unsigned threads = 1; threads <= 8; threads++) {
		uint64_t large = ng_parallel_sort_memory(1u << 30, false, threads);

		for (unsigned log = 24; log < 30; log++) {
			uint64_t small = ng_parallel_sort_memory(1u << log, false, threads);
			uint64_t fixed = threads * ng_parallel_sort_memory(0, false, threads);

			assert_true(small <= (large >> (30 - log)) + fixed);
		}
	}
}

/* What is wrong is told, and nothing given. */
static void test_too_large(void **state)
{
	struct ng_sort_text text = {.bytes = NULL, .n = NG_SORT_MAX + 1};
	struct ng_sorted sorted = {.rows = 42};

	assert_int_equal(ng_parallel_sort(&text, 52, 1, NULL, &sorted), -EFBIG);
	assert_int_equal(sorted.rows, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_small), cmocka_unit_test(test_merge_random),
		cmocka_unit_test(test_sort),        cmocka_unit_test(test_uneven),
		cmocka_unit_test(test_memory),      cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
