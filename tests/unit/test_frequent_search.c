/* SPDX-License-Identifier: Apache-2.0 */
/* Frequent patterns by backward search, against the suffix array's and against all substrings. */
#include "bwtmake.h"
#include "format/params.h"
#include "naive.h"
#include "sort/frequent_search.h"
#include "sort/occ.h"

#include <divsufsort.h>

struct fixture {
	struct made_bwt made;
	struct ng_bwt *bwt;
	struct ng_rank_source ranks; /* of it */
	struct ng_occ *occ;          /* of the same rows; NULL: with NUL bytes */
};

static void fixture_make(const struct naive *c, struct fixture *f)
{
	struct ng_sort_text sort = naive_sort_text(c);
	struct ng_sorted sorted;
	struct ng_bwt_text text;

	assert_int_equal(ng_suffix_sort(&sort, 52, &sorted), 0);
	text = (struct ng_bwt_text){sorted.bwt, sorted.separators, sorted.marks, sorted.rows};
	made_bwt_new(&text, ng_mark_shift(52), 2, &f->made);
	assert_int_equal(ng_bwt_open(&f->made.parts, &f->bwt), 0);
	f->ranks = ng_bwt_rank_source(f->bwt);
	f->occ = NULL;
	if (!c->has_nul)
		assert_int_equal(ng_occ_new(sorted.bwt, sorted.rows, 2, &f->occ), 0);
	ng_sorted_clear(&sorted);
}

static void fixture_clear(struct fixture *f)
{
	ng_bwt_close(f->bwt);
	ng_occ_free(f->occ);
	made_bwt_free(&f->made);
}

static int by_pattern(const void *pa, const void *pb)
{
	const struct ng_frequent_pattern *a = pa, *b = pb;
	int r = memcmp(a->last, b->last, sizeof(a->last));

	return r ? r : (a->len > b->len) - (a->len < b->len);
}

static bool patterns_equal(const struct ng_frequent_pattern *a, const struct ng_frequent_pattern *b)
{
	return by_pattern(a, b) == 0 && a->row == b->row && a->count == b->count;
}

/* The patterns found, sorted; the same by several threads, and from ranks in memory. */
static struct ng_frequent_pattern *search(const char *name, const struct fixture *f,
					  uint64_t min_count, size_t *ret_n)
{
	struct ng_frequent_pattern *patterns = NULL;
	struct ng_rank_source in_memory;

	if (f->occ)
		in_memory = ng_occ_rank_source(f->occ);
	assert_int_equal(ng_frequent_search(&f->ranks, min_count, 1, NULL, NULL, &patterns, ret_n),
			 0);
	assert_non_null(patterns);
	for (unsigned threads = 2; threads <= 3; threads++) {
		ng_cleanup(ng_freep) struct ng_frequent_pattern *again = NULL;
		size_t n = 0;

		assert_int_equal(ng_frequent_search(f->occ && threads == 3 ? &in_memory : &f->ranks,
						    min_count, threads, NULL, NULL, &again, &n),
				 0);
		assert_int_equal(n, *ret_n);
		for (size_t i = 0; i < n; i++)
			if (!patterns_equal(&again[i], &patterns[i]))
				fail_msg("%s: pattern %zu of %u threads", name, i, threads);
	}
	qsort(patterns, *ret_n, sizeof(*patterns), by_pattern);
	return patterns;
}

/* The rows of a pattern. */
static void rows_find(const struct ng_bwt *bwt, struct ng_frequent_pattern *pattern)
{
	bool damaged = false;
	uint64_t lo, hi;

	ng_bwt_symbol_rows(bwt, pattern->last[0], &lo, &hi);
	for (unsigned i = 1; i < pattern->len; i++)
		ng_bwt_step(bwt, pattern->last[i], &lo, &hi, &damaged);
	assert_false(damaged);
	assert_int_equal(hi - lo, pattern->count);
	pattern->row = lo;
}

/* All patterns there are, from every substring, in order; the caller frees them. */
static struct ng_frequent_pattern *naive_patterns(const struct naive *c, const struct ng_bwt *bwt,
						  size_t *ret_n)
{
	struct ng_frequent_pattern *all = calloc(c->n * NG_FREQUENT_MAX_BYTES + 1, sizeof(*all));
	size_t n = 0, kept = 0;

	assert_non_null(all);
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		const uint8_t *text = c->text + naive_begin(c, doc);
		uint64_t bytes = naive_bytes(c, doc);

		for (uint64_t end = 1; end <= bytes; end++)
			for (unsigned len = 1; len <= ng_min(end, NG_FREQUENT_MAX_BYTES); len++) {
				all[n].len = len;
				for (unsigned i = 0; i < len; i++)
					all[n].last[i] = text[end - 1 - i];
				n++;
			}
	}
	qsort(all, n, sizeof(*all), by_pattern);
	for (size_t i = 0, next; i < n; i = next) {
		for (next = i + 1; next < n && by_pattern(&all[next], &all[i]) == 0;)
			next++;
		all[kept] = all[i];
		all[kept].count = next - i;
		rows_find(bwt, &all[kept++]);
	}
	*ret_n = kept;
	return all;
}

/* Of them the frequent ones. */
static struct ng_frequent_pattern *naive_frequent(const struct ng_frequent_pattern *all, size_t n,
						  uint64_t min_count, size_t *ret_n)
{
	struct ng_frequent_pattern *patterns = calloc(n + 1, sizeof(*patterns));

	assert_non_null(patterns);
	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (all[i].len == 1 || all[i].count >= min_count)
			patterns[(*ret_n)++] = all[i];
	return patterns;
}

static void expect_same(const char *name, uint64_t min_count, const struct ng_frequent_pattern *got,
			size_t n_got, const struct ng_frequent_pattern *want, size_t n_want)
{
	for (size_t i = 0; i < ng_min(n_got, n_want); i++)
		if (!patterns_equal(&got[i], &want[i]))
			fail_msg("%s, from %ju on: pattern %zu: %u bytes, %ju rows from %ju on, "
				 "not %u bytes, %ju rows from %ju on",
				 name, (uintmax_t)min_count, i, got[i].len, (uintmax_t)got[i].count,
				 (uintmax_t)got[i].row, want[i].len, (uintmax_t)want[i].count,
				 (uintmax_t)want[i].row);
	if (n_got != n_want)
		fail_msg("%s, from %ju on: %zu patterns, not %zu", name, (uintmax_t)min_count,
			 n_got, n_want);
}

/* Every byte string of small corpora. */
static void test_small(void **state)
{
	static const uint64_t min_counts[] = {0, 1, 2, 7, 60, 100000};
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		ng_cleanup(ng_freep) struct ng_frequent_pattern *all = NULL;
		struct fixture f;
		size_t n;

		/* Nothing has no BWT. */
		if (c.n == 0)
			continue;
		fixture_make(&c, &f);
		all = naive_patterns(&c, f.bwt, &n);
		for (size_t m = 0; m < ng_array_size(min_counts); m++) {
			ng_cleanup(ng_freep) struct ng_frequent_pattern *got = NULL, *want = NULL;
			size_t n_got, n_want;

			got = search(c.name, &f, min_counts[m], &n_got);
			want = naive_frequent(all, n, min_counts[m], &n_want);
			expect_same(c.name, min_counts[m], got, n_got, want, n_want);
		}
		fixture_clear(&f);
		naive_clear(&c);
	}
}

/* Whether the suffixes at two positions begin with the same len bytes, none of them a separator. */
static bool same_bytes(const struct naive *c, int32_t a, int32_t b, unsigned len)
{
	return c->n - (uint64_t)a >= len && c->n - (uint64_t)b >= len &&
	       memcmp(c->text + a, c->text + b, len) == 0 && !memchr(c->text + a, 0, len);
}

/* The same from the suffix array of a text without NUL bytes: runs of suffixes that begin alike. */
static struct ng_frequent_pattern *array_frequent(const struct naive *c, const int32_t *sa,
						  uint64_t min_count, size_t *ret_n)
{
	struct ng_frequent_pattern *patterns = NULL;
	size_t n = 0, cap = 0;

	for (unsigned len = 1; len <= NG_FREQUENT_MAX_BYTES; len++) {
		for (uint64_t row = 0, next; row < c->n; row = next) {
			for (next = row + 1; next < c->n && same_bytes(c, sa[row], sa[next], len);
			     next++)
				;
			if (!same_bytes(c, sa[row], sa[row], len) ||
			    (len > 1 && next - row < min_count))
				continue;
			if (n == cap) {
				cap = 2 * cap + 64;
				patterns = reallocarray(patterns, cap, sizeof(*patterns));
				assert_non_null(patterns);
			}
			patterns[n] = (struct ng_frequent_pattern){
				.len = len, .row = row, .count = next - row};
			for (unsigned i = 0; i < len; i++)
				patterns[n].last[i] = c->text[(unsigned)sa[row] + len - 1 - i];
			n++;
		}
	}
	*ret_n = n;
	return patterns;
}

static void test_large(void **state)
{
	static const uint64_t min_counts[] = {50, NG_FREQUENT_COUNT};
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_LARGE, i, &c); i++) {
		ng_cleanup(ng_freep) int32_t *sa = NULL;
		struct fixture f;

		if (c.has_nul) {
			naive_clear(&c);
			continue;
		}
		sa = malloc(c.n * sizeof(*sa));
		assert_non_null(sa);
		assert_int_equal(divsufsort(c.text, sa, (int32_t)c.n), 0);
		fixture_make(&c, &f);
		for (size_t m = 0; m < ng_array_size(min_counts); m++) {
			ng_cleanup(ng_freep) struct ng_frequent_pattern *got = NULL, *want = NULL;
			size_t n_got, n_want;

			got = search(c.name, &f, min_counts[m], &n_got);
			want = array_frequent(&c, sa, min_counts[m], &n_want);
			if (n_want > 0)
				qsort(want, n_want, sizeof(*want), by_pattern);
			expect_same(c.name, min_counts[m], got, n_got, want, n_want);
		}
		fixture_clear(&f);
		naive_clear(&c);
	}
}

/* The section that is written of them answers as if they came from the suffix array. */
static void test_section(void **state)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	ng_cleanup(ng_freep) struct ng_frequent_pattern *found = NULL;
	static uint8_t text[30000];
	struct naive c = {.name = "prose"};
	uint64_t rng = naive_seed(), rows;
	struct ng_frequent frequent;
	struct fixture f;
	size_t n;

	naive_words(&rng, text, sizeof(text));
	naive_add(&c, text, 10000);
	naive_add(&c, text + 10000, 20000);
	fixture_make(&c, &f);
	rows = ng_bwt_rows(f.bwt);
	assert_int_equal(ng_frequent_search(&f.ranks, 20, 2, NULL, NULL, &found, &n), 0);
	assert_int_equal(ng_frequent_write(found, n, rows, &buf), 0);
	assert_int_equal(ng_buf_zero(&buf, 8), 0);
	assert_int_equal(ng_frequent_open(NULL, buf.data, buf.len - 8, rows, &frequent), 0);
	assert_int_equal(frequent.n, n);
	for (unsigned i = 0; i < 500; i++) {
		const uint8_t *pat = text + scratch_random(&rng) % (sizeof(text) - 20);
		uint64_t lo = 0, hi = 0;
		bool damaged = false;
		size_t len = ng_frequent_find(&frequent, pat, 20, &lo, &hi, &damaged);

		assert_in_range(len, 1, NG_FREQUENT_MAX_BYTES);
		assert_int_equal(hi - lo, naive_find(&c, pat + 20 - len, len, NULL));
		if (len < NG_FREQUENT_MAX_BYTES)
			assert_true(naive_find(&c, pat + 19 - len, len + 1, NULL) < 20);
	}
	fixture_clear(&f);
	naive_clear(&c);
}

/* The patterns of damaged cells: all rows that begin with a pattern are enough for all those that
 * have one byte more in front. */
static void expect_possible(struct ng_frequent_pattern *patterns, size_t n, uint64_t rows)
{
	uint64_t left[NG_FREQUENT_MAX_BYTES + 1] = {rows};

	qsort(patterns, n, sizeof(*patterns), by_pattern);
	for (size_t i = 0; i < n; i++) {
		assert_in_range(patterns[i].len, 1, NG_FREQUENT_MAX_BYTES);
		assert_true(patterns[i].count <= left[patterns[i].len - 1]);
		assert_true(patterns[i].row + patterns[i].count <= rows);
		left[patterns[i].len - 1] -= patterns[i].count;
		left[patterns[i].len] = patterns[i].count;
	}
}

/* Bytes changed in cells: patterns or an error, the outputs untouched then. */
static void test_damaged(void **state)
{
	static uint8_t text[100000];
	struct naive c = {.name = "prose"};
	uint64_t rng = naive_seed();
	unsigned refused = 0;
	struct fixture f;
	ng_cleanup(ng_freep) uint8_t *before = NULL;

	naive_words(&rng, text, sizeof(text));
	naive_add(&c, text, sizeof(text));
	fixture_make(&c, &f);
	before = malloc(f.made.cells.bytes);
	assert_non_null(before);
	memcpy(before, f.made.cells.data, f.made.cells.bytes);
	for (unsigned round = 0; round < scratch_rounds(100); round++) {
		ng_cleanup(ng_freep) struct ng_frequent_pattern *patterns = NULL;
		uint64_t bytes = f.made.cells.bytes - NG_CELL_REACH;
		size_t n = SIZE_MAX;
		int r;

		for (unsigned i = 1 + (unsigned)(scratch_random(&rng) % 20); i > 0; i--)
			f.made.cells.data[scratch_random(&rng) % bytes] =
				(uint8_t)scratch_random(&rng);
		r = ng_frequent_search(&f.ranks, round % 3 ? 30 : 8, 2, NULL, NULL, &patterns, &n);
		if (r < 0) {
			assert_int_equal(r, -EUCLEAN);
			assert_null(patterns);
			assert_int_equal(n, SIZE_MAX);
			refused++;
		} else {
			expect_possible(patterns, n, ng_bwt_rows(f.bwt));
		}
		memcpy(f.made.cells.data, before, f.made.cells.bytes);
	}
	assert_true(refused > 10);
	fixture_clear(&f);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_section),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
