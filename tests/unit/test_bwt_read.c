/* SPDX-License-Identifier: Apache-2.0 */
/* The BWT read cell by cell, against what it was written from. */
#include "bwt/superblocks.h"
#include "format/params.h"
#include "naive.h"
#include "rowsmake.h"

static void check(const char *name, const struct ng_bwt_text *text, unsigned mark_shift)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	struct made_bwt made;
	struct ng_bwt *bwt;
	uint64_t next = 0, marks = 0;

	made_bwt_new(text, mark_shift, 2, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	assert_int_equal(ng_bwt_cells(bwt), ng_div_up(text->rows, NG_CELL));
	for (uint64_t cell = 0; cell < ng_bwt_cells(bwt); cell++) {
		assert_int_equal(read_cell(bwt, cell, rows), 0);
		assert_int_equal(rows->start, next);
		assert_int_equal(rows->n, ng_min(text->rows - next, (uint64_t)NG_CELL));
		assert_int_equal(rows->marks_before, marks);
		for (unsigned i = 0; i < rows->n; i++) {
			unsigned want = ng_bwt_text_symbol(text, next + i);
			bool separator = want == NG_SEPARATOR;

			if (rows->symbol[i] != (separator ? 0 : want) ||
			    ng_bit(rows->separators, i) != separator ||
			    ng_bit(rows->marks, i) != ng_bit(text->marks, next + i))
				fail_msg("%s: row %ju", name, (uintmax_t)(next + i));
			marks += ng_bit(text->marks, next + i);
		}
		assert_true(bits_end(rows->separators, rows->n));
		assert_true(bits_end(rows->marks, rows->n));
		next += rows->n;
	}
	assert_int_equal(next, text->rows);
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

static void test_corpora(void **state)
{
	static const uint32_t rates[] = {4, 52, 1024, 7, 1000, 1};

	for (enum naive_size size = NAIVE_SMALL; size <= NAIVE_LARGE; size++) {
		struct naive c;

		for (size_t i = 0; naive_make(size, i, &c); i++) {
			uint32_t rate = rates[i % ng_array_size(rates)];
			struct ng_sort_text sort = naive_sort_text(&c);
			struct ng_sorted sorted;
			struct ng_bwt_text text;

			assert_int_equal(ng_suffix_sort(&sort, rate, &sorted), 0);
			text = (struct ng_bwt_text){sorted.bwt, sorted.separators, sorted.marks,
						    sorted.rows};
			if (text.rows)
				check(c.name, &text, ng_mark_shift(rate));
			ng_sorted_clear(&sorted);
			naive_clear(&c);
		}
	}
}

/* ---- sequences that no text need have ---- */

static const struct shape shapes[] = {
	{"one row", 1, 'a', 1, 1, 1, 1, 2},
	{"two rows", 2, 'a', 1, 1, 0, 0, 2},
	{"a row less than a cell", 1023, 'a', 3, 1, 9, 5, 2},
	{"a cell", 1024, 'a', 3, 1, 9, 5, 2},
	{"a cell and one", 1025, 'a', 3, 4, 0, 3, 1},
	{"a line of cells and one", 28 * NG_CELL + 1, 'a', 7, 4, 0, 50, 5},
	{"one letter", 100000, 'a', 1, 1, 0, 0, 5},
	{"one NUL after the other", 100000, 0, 1, 1, 0, 60, 5},
	{"separators", 200000, 'a', 1, 1, 1, 7, 5},
	{"long runs", 400000, 'a', 20, 30000, 50, 700, 5},
	{"NULs and separators", 100000, 0, 2, 3, 4, 9, 3},
	{"seven symbols", 50000, 'a', 6, 3, 40, 30, 4},
	{"eight symbols", 50000, 'a', 7, 3, 40, 30, 4},
	{"nine symbols", 50000, 'a', 8, 3, 40, 30, 4},
	{"all bytes", 100000, 0, 256, 1, 0, 30, 4},
	{"all symbols", 100000, 0, 256, 1, 64, 30, 4},
	{"all symbols in runs", 300000, 0, 256, 9, 64, 0, 4},
	{"all symbols in long runs", 600000, 0, 256, 300, 100, 1, 4},
	{"high bytes", 100000, 128, 128, 2, 3, 2, 10},
	{"marks in bitmaps of one offset", 100000, 'a', 9, 5, 30, 2, 0},
	{"superblocks", (2u << NG_SUPERBLOCK_LOG) + 5, 'a', 30, 3000, 700, 100, 6},
};

static void test_sequences(void **state)
{
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(shapes); i++) {
		ng_cleanup(sequence_clear) struct sequence s;

		sequence_make(&shapes[i], &rng, &s);
		check(shapes[i].name, &s.text, shapes[i].mark_shift);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpora),
		cmocka_unit_test(test_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
