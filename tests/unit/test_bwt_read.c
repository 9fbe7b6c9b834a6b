/* The BWT read block by block, against what it was written from; each block is decoded once more by
 * the check, which must find it sound and count the same. */
#include "check/block.h"
#include "format/params.h"
#include "naive.h"
#include "rowsmake.h"

/* The check decodes the block, too. */
static void check_examined(const char *name, const struct ng_bwt *bwt, uint64_t block,
			   const struct ng_bwt_rows *rows)
{
	uint32_t count[NG_SYMBOLS + 1] = {0};
	struct ng_block_facts facts;
	struct ng_block_fault fault;

	if (!ng_block_examine(bwt, bwt->blocks + block * NG_PAGE_BYTES, &facts, &fault))
		fail_msg("%s: block %ju: %s", name, (uintmax_t)block, fault.text);
	for (unsigned i = 0; i < rows->n; i++) {
		count[ng_bit(rows->separators, i) ? NG_SEPARATOR : rows->symbol[i]]++;
		count[NG_MARKS] += ng_bit(rows->marks, i);
	}
	assert_int_equal(facts.start, rows->start);
	assert_int_equal(facts.size, rows->n);
	assert_int_equal(facts.count[facts.n_symbols], count[NG_MARKS]);
	for (unsigned k = 0; k < facts.n_symbols; k++)
		assert_int_equal(facts.count[k], count[facts.symbol[k]]);
}

/* The same as places in the alphabet, but for a block with every symbol there is. */
static void check_indices(const char *name, const struct ng_bwt *bwt, uint64_t block,
			  const struct ng_bwt_rows *rows, struct ng_bwt_rows *indices)
{
	const uint8_t *page = bwt->blocks + block * NG_PAGE_BYTES;
	unsigned separator = ng_block_separator(page);

	if (ng_block_symbols(page) == NG_SYMBOLS) {
		assert_int_equal(ng_bwt_read_indices(bwt, block, indices), -EUCLEAN);
		return;
	}
	assert_int_equal(ng_bwt_read_indices(bwt, block, indices), 0);
	assert_int_equal(indices->start, rows->start);
	assert_int_equal(indices->n, rows->n);
	assert_int_equal(indices->marks_before, rows->marks_before);
	assert_memory_equal(indices->marks, rows->marks, sizeof(rows->marks));
	for (unsigned i = 0; i < rows->n; i++) {
		unsigned k = indices->symbol[i];

		if (k >= ng_block_symbols(page) || page[NG_BLOCK_HEAD + k] != rows->symbol[i] ||
		    (k == separator) != ng_bit(rows->separators, i) ||
		    ng_bit(indices->separators, i))
			fail_msg("%s: row %ju is no %u", name, (uintmax_t)(rows->start + i), k);
	}
}

/* Returns the largest block's rows. */
static uint32_t check(const char *name, const struct ng_bwt_text *text, unsigned mark_shift)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(ng_freep) struct ng_bwt_rows *indices = rows_new();
	struct made_bwt made;
	struct ng_bwt *bwt;
	uint64_t next = 0;
	uint32_t largest = 0;

	made_bwt_new(text, mark_shift, 2, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	for (uint64_t block = 0; block < ng_bwt_blocks(bwt); block++) {
		assert_int_equal(read_block(bwt, block, rows), 0);
		assert_int_equal(rows->start, next);
		assert_in_range(rows->n, 1, ng_min(text->rows - next, (uint64_t)NG_MAX_BLOCK));
		for (unsigned i = 0; i < rows->n; i++) {
			unsigned want = ng_bwt_text_symbol(text, next + i);
			bool separator = want == NG_SEPARATOR;

			if (rows->symbol[i] != (separator ? 0 : want) ||
			    ng_bit(rows->separators, i) != separator ||
			    ng_bit(rows->marks, i) != ng_bit(text->marks, next + i))
				fail_msg("%s: row %ju", name, (uintmax_t)(next + i));
		}
		assert_true(bits_end(rows->separators, rows->n));
		assert_true(bits_end(rows->marks, rows->n));
		check_examined(name, bwt, block, rows);
		check_indices(name, bwt, block, rows, indices);
		next += rows->n;
		largest = ng_max(largest, rows->n);
	}
	assert_int_equal(next, text->rows);
	ng_bwt_close(bwt);
	made_bwt_free(&made);
	return largest;
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
	{"a stream and one", 513, 'a', 3, 1, 9, 5, 2},
	{"a cell", 1024, 'a', 3, 1, 9, 5, 2},
	{"a cell and one", 1025, 'a', 3, 4, 0, 3, 1},
	{"a wide cell and one", 2049, 'a', 7, 4, 0, 50, 5},
	{"one letter", 3 * NG_MAX_BLOCK, 'a', 1, 1, 0, 0, 5},
	{"one NUL after the other", 3 * NG_MAX_BLOCK, 0, 1, 1, 0, 60, 5},
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
	{"superblocks", (1u << NG_SUPERBLOCK_LOG) + 5, 'a', 30, 3000, 700, 100, 6},
};

static void test_sequences(void **state)
{
	uint64_t rng = naive_seed();
	uint32_t largest = 0;

	for (size_t i = 0; i < ng_array_size(shapes); i++) {
		ng_cleanup(sequence_clear) struct sequence s;

		sequence_make(&shapes[i], &rng, &s);
		largest = ng_max(largest, check(shapes[i].name, &s.text, shapes[i].mark_shift));
	}
	assert_int_equal(largest, NG_MAX_BLOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpora),
		cmocka_unit_test(test_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
