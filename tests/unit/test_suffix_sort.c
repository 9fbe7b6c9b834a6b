/* SPDX-License-Identifier: Apache-2.0 */
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

/* Order of two suffixes by comparing their symbols: the separator comes before every byte, the
 * first document's before the second's. */
static int suffix_compare(const void *pa, const void *pb, void *userdata)
{
	const struct naive *c = userdata;
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	for (;; a++, b++) {
		unsigned x = naive_symbol(c, a), y = naive_symbol(c, b);

		if (x == NG_SEPARATOR && y == NG_SEPARATOR)
			return a < b ? -1 : a > b;
		x = x == NG_SEPARATOR ? 0 : x + 1;
		y = y == NG_SEPARATOR ? 0 : y + 1;
		if (x != y)
			return x < y ? -1 : 1;
	}
}

static unsigned bwt_symbol(const struct ng_sorted *sorted, uint64_t row)
{
	struct ng_bwt_text text = {sorted->bwt, sorted->separators, sorted->marks, sorted->rows};

	return ng_bwt_text_symbol(&text, row);
}

/* The rows of the text's positions, by undoing the transform with a count of its symbols. A BWT
 * that gives back each document from the row of its separator is the right one: rows with the same
 * symbol keep their order, so that by induction over the suffixes all of them do. */
static uint64_t *rows_by_undoing(const struct naive *c, const struct ng_sorted *sorted)
{
	uint64_t first[NG_SYMBOLS] = {0}, sum = 0;
	uint64_t *before = calloc(sorted->rows + 1, sizeof(*before));
	uint64_t *rows = calloc(sorted->rows + 1, sizeof(*rows));

	assert_non_null(before);
	assert_non_null(rows);
	for (uint64_t r = 0; r < sorted->rows; r++)
		before[r] = first[bwt_symbol(sorted, r)]++;
	for (unsigned i = 0; i < NG_SYMBOLS; i++) {
		unsigned symbol = i ? i - 1 : NG_SEPARATOR;
		uint64_t count = first[symbol];

		first[symbol] = sum;
		sum += count;
	}
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		uint64_t row = doc;

		for (uint64_t at = c->ends[doc];; at--) {
			unsigned symbol = bwt_symbol(sorted, row);

			rows[at] = row;
			if (at == naive_begin(c, doc)) {
				assert_int_equal(symbol, NG_SEPARATOR);
				break;
			}
			if (symbol != naive_symbol(c, at - 1))
				fail_msg("%s: row %llu should hold the symbol before %llu", c->name,
					 (unsigned long long)row, (unsigned long long)at);
			row = first[symbol] + before[row];
		}
	}
	free(before);
	return rows;
}

static void check_samples(const struct naive *c, const struct ng_sorted *sorted,
			  const uint64_t *rows, uint32_t sa_rate)
{
	uint64_t *samples = calloc(sorted->rows + 1, sizeof(*samples)), n = 0, sample = 0;

	assert_non_null(samples);
	for (uint64_t doc = 0; doc < c->docs; doc++)
		for (uint64_t at = naive_begin(c, doc); at <= c->ends[doc]; at += sa_rate)
			samples[rows[at]] = ++n;
	for (uint64_t r = 0; r < sorted->rows; r++) {
		if (ng_bit(sorted->marks, r) != (samples[r] > 0))
			fail_msg("%s: mark of row %llu", c->name, (unsigned long long)r);
		if (samples[r] && sorted->sa_samples[sample++] != samples[r] - 1)
			fail_msg("%s: sample of row %llu", c->name, (unsigned long long)r);
	}
	assert_int_equal(sorted->n_sa_samples, sample);
	assert_int_equal(sample, n);
	/* Readers of marks take 64 at a time: nothing may stand behind the last row. */
	for (uint64_t r = sorted->rows; r < ng_align_up(sorted->rows, 64); r++)
		assert_false(ng_bit(sorted->marks, r));
	free(samples);
}

static void check(const struct naive *c, uint32_t sa_rate)
{
	struct ng_sort_text text = naive_sort_text(c);
	struct ng_sorted sorted = {0};
	uint8_t *before = malloc(c->n + 1);
	uint64_t *rows;

	assert_non_null(before);
	if (c->n)
		memcpy(before, text.bytes, c->n);
	if (ng_suffix_sort(&text, sa_rate, &sorted) != 0)
		fail_msg("%s: sorting failed", c->name);
	assert_int_equal(sorted.rows, c->n);
	/* It is spread for the sort, and back again. */
	assert_true(c->n == 0 || memcmp(text.bytes, before, c->n) == 0);
	assert_int_equal(sorted.separators != NULL, c->has_nul);
	rows = rows_by_undoing(c, &sorted);
	check_samples(c, &sorted, rows, sa_rate);
	if (c->n <= 4000) {
		uint64_t *order = calloc(c->n + 1, sizeof(*order));

		assert_non_null(order);
		for (uint64_t i = 0; i < c->n; i++)
			order[i] = i;
		qsort_r(order, c->n, sizeof(*order), suffix_compare, (void *)c);
		for (uint64_t r = 0; r < c->n; r++)
			if (rows[order[r]] != r)
				fail_msg("%s: suffix %llu is out of order", c->name,
					 (unsigned long long)order[r]);
		free(order);
	}
	free(rows);
	free(before);
	ng_sorted_clear(&sorted);
	assert_null(sorted.bwt);
}

static void test_small(void **state)
{
	static const uint32_t rates[] = {1, 4, 7, 52, 96, 1024};
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		for (size_t k = 0; k < ng_array_size(rates); k++)
			check(&c, rates[k]);
		naive_clear(&c);
	}
}

static void test_large(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_LARGE, i, &c); i++) {
		check(&c, i % 2 ? 52 : 47);
		naive_clear(&c);
	}
}

/* Short documents of few letters, among them those that the sorter escapes and their neighbours:
 * all the ways in which documents, separators and NULs can meet. */
static void test_random(void **state)
{
	static const char *const alphabets[] = {"ab",     "\0\1", "\0\6\7", "\0\1\2\3\4\5\6\7",
						"\0\xff", "a\0"};
	static const size_t letters[] = {2, 2, 3, 8, 2, 2};
	uint64_t seed = naive_seed(), rng = seed;

	for (unsigned round = 0; round < 3000; round++) {
		struct naive c = {.name = "random"};
		unsigned which = round % ng_array_size(alphabets);
		uint64_t docs = scratch_random(&rng) % 8;

		for (uint64_t d = 0; d < docs; d++) {
			uint8_t text[16];
			size_t len = scratch_random(&rng) % sizeof(text);

			for (size_t i = 0; i < len; i++)
				text[i] = (uint8_t)
					alphabets[which][scratch_random(&rng) % letters[which]];
			naive_add(&c, text, len);
		}
		check(&c, 4 + round % 3);
		naive_clear(&c);
	}
}

/* divsufsort counts in 31 bits: longer texts are refused before anything is read or allocated. */
static void test_too_large(void **state)
{
	struct ng_sort_text text = {.bytes = NULL, .n = NG_SORT_MAX + 1};
	struct ng_sorted sorted = {.rows = 42};

	assert_int_equal(ng_suffix_sort(&text, 52, &sorted), -EFBIG);
	assert_int_equal(sorted.rows, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
