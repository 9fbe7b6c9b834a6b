/* SPDX-License-Identifier: Apache-2.0 */
#include "format/frequent.h"
#include "sort/frequent_search.h"
#include "sort/occ.h"
#include "naive.h"

#include <divsufsort.h>
#include <setjmp.h>
#include <cmocka.h>

/* A text, its suffix array, and the frequent patterns of it as a section. */
struct fixture {
	struct naive corpus;
	int32_t *sa;
	struct ng_buf buf;
	uint8_t *exact; /* the section, with nothing but 8 bytes behind it */
	struct ng_frequent frequent;
};

static void fixture_make(struct fixture *f, const uint8_t *text, size_t len, uint64_t min_count)
{
	ng_cleanup(ng_freep) struct ng_frequent_pattern *patterns = NULL;
	ng_cleanup(ng_occ_freep) struct ng_occ *occ = NULL;
	ng_cleanup(ng_sorted_clear) struct ng_sorted sorted = {0};
	struct ng_rank_source ranks;
	struct ng_sort_text sort;
	size_t n;

	memset(f, 0, sizeof(*f));
	naive_add(&f->corpus, text, len / 2);
	naive_add(&f->corpus, text + len / 2, len - len / 2);
	f->sa = malloc(f->corpus.n * sizeof(*f->sa));
	assert_non_null(f->sa);
	assert_int_equal(divsufsort(f->corpus.text, f->sa, (int32_t)f->corpus.n), 0);
	sort = naive_sort_text(&f->corpus);
	assert_int_equal(ng_suffix_sort(&sort, 52, &sorted), 0);
	assert_int_equal(ng_occ_new(sorted.bwt, sorted.rows, 1, &occ), 0);
	ranks = ng_occ_rank_source(occ);
	assert_int_equal(ng_frequent_search(&ranks, min_count, 1, NULL, NULL, &patterns, &n), 0);
	assert_int_equal(ng_frequent_write(patterns, n, f->corpus.n, &f->buf), 0);
	f->exact = malloc(f->buf.len + 8);
	assert_non_null(f->exact);
	memcpy(f->exact, f->buf.data, f->buf.len);
	memset(f->exact + f->buf.len, 0xff, 8);
	assert_int_equal(ng_frequent_open(NULL, f->exact, f->buf.len, f->corpus.n, &f->frequent),
			 0);
}

static void fixture_clear(struct fixture *f)
{
	naive_clear(&f->corpus);
	free(f->sa);
	free(f->exact);
	ng_buf_free(&f->buf);
}

/* The longest end of pat that the rules make frequent, and its rows, by looking at every suffix. */
static size_t naive_longest(const struct fixture *f, const uint8_t *pat, size_t len,
			    uint64_t min_count, uint64_t *ret_lo, uint64_t *ret_hi)
{
	size_t longest = 0;

	for (size_t k = 1; k <= ng_min(len, (size_t)NG_FREQUENT_MAX_BYTES); k++) {
		uint64_t count = 0, lo = 0;

		for (uint64_t i = 0; i < f->corpus.n; i++) {
			uint64_t at = (uint64_t)f->sa[i];

			if (f->corpus.n - at >= k &&
			    memcmp(f->corpus.text + at, pat + len - k, k) == 0 && count++ == 0)
				lo = i;
		}
		if (count == 0 || (k > 1 && count < min_count))
			break;
		longest = k;
		*ret_lo = lo;
		*ret_hi = lo + count;
	}
	return longest;
}

static void check_find(const struct fixture *f, const uint8_t *pat, size_t len, uint64_t min_count)
{
	uint64_t lo = 0, hi = 0, want_lo = 0, want_hi = 0;
	bool damaged = false;
	size_t want = naive_longest(f, pat, len, min_count, &want_lo, &want_hi);

	assert_int_equal(ng_frequent_find(&f->frequent, pat, len, &lo, &hi, &damaged), want);
	assert_false(damaged);
	assert_int_equal(lo, want_lo);
	assert_int_equal(hi, want_hi);
}

static void test_find(void **state)
{
	static const uint64_t min_counts[] = {1, 2, 7, 50, 100000};
	uint64_t rng = naive_seed();
	uint8_t text[4000];

	for (size_t m = 0; m < ng_array_size(min_counts); m++) {
		struct fixture f;

		naive_words(&rng, text, sizeof(text));
		fixture_make(&f, text, sizeof(text), min_counts[m]);
		for (unsigned i = 0; i < 300; i++) {
			uint8_t pat[24];
			size_t len = 1 + scratch_random(&rng) % sizeof(pat);

			memcpy(pat, text + scratch_random(&rng) % (sizeof(text) - len), len);
			if (i % 4 == 0)
				pat[scratch_random(&rng) % len] = (uint8_t)scratch_random(&rng);
			/* Separators stand as zeroes in the text, but no pattern has them. */
			for (size_t j = 0; j < len; j++)
				pat[j] = ng_max(pat[j], (uint8_t)1);
			check_find(&f, pat, len, min_counts[m]);
		}
		fixture_clear(&f);
	}
}

static void test_one_letter(void **state)
{
	uint8_t text[1000], pat[40];
	struct fixture f;

	memset(text, 'a', sizeof(text));
	memset(pat, 'a', sizeof(pat));
	fixture_make(&f, text, sizeof(text), 10);
	for (size_t len = 1; len <= sizeof(pat); len++)
		check_find(&f, pat, len, 10);
	check_find(&f, (const uint8_t *)"b", 1, 10);
	check_find(&f, (const uint8_t *)"ab", 2, 10);
	check_find(&f, (const uint8_t *)"ba", 2, 10);
	fixture_clear(&f);
}

/* Cut short or with any byte changed: refused, or rows within the shard. */
static void test_damaged(void **state)
{
	uint64_t rng = naive_seed(), lo, hi;
	uint8_t text[2000];
	struct fixture f;

	naive_words(&rng, text, sizeof(text));
	fixture_make(&f, text, sizeof(text), 5);
	for (size_t cut = 0; cut < f.buf.len; cut++) {
		struct ng_frequent frequent;

		assert_int_equal(ng_frequent_open(NULL, f.exact, cut, f.corpus.n, &frequent),
				 -EUCLEAN);
	}
	for (unsigned i = 0; i < 20000; i++) {
		size_t at = scratch_random(&rng) % f.buf.len;
		uint8_t was = f.exact[at];
		struct ng_frequent frequent;

		f.exact[at] = (uint8_t)scratch_random(&rng);
		if (ng_frequent_open(NULL, f.exact, f.buf.len, f.corpus.n, &frequent) == 0) {
			size_t from = scratch_random(&rng) % (sizeof(text) - 20);

			bool damaged = false;

			lo = hi = 0;
			if (ng_frequent_find(&frequent, text + from, 20, &lo, &hi, &damaged))
				assert_true(lo <= hi && hi <= f.corpus.n);
		}
		f.exact[at] = was;
	}
	fixture_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_one_letter),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
