/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/directory.h"
#include "bwt/superblocks.h"
#include "bwtcheck.h"

static void check(struct sequence *s, unsigned n_random, uint64_t *rng)
{
	struct made_bwt made;
	struct ng_bwt *bwt;

	sequence_count(s);
	made_bwt_new(&s->text, s->mark_shift, 2, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	assert_int_equal(ng_bwt_rows(bwt), s->text.rows);
	for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
		assert_int_equal(ng_bwt_use_kernel(bwt, *kernel), 0);
		check_bwt(s, bwt, n_random, rng);
	}
	assert_int_equal(ng_bwt_use_kernel(bwt, "abacus"), -ENOENT);
	ng_bwt_close(bwt);
	made_bwt_free(&made);
	free(s->before);
	free(s->lf);
}

static void check_corpus(const struct naive *c, uint32_t rate, unsigned n_random, uint64_t *rng)
{
	struct ng_sort_text sort = naive_sort_text(c);
	struct ng_sorted sorted;
	struct sequence s;

	assert_int_equal(ng_suffix_sort(&sort, rate, &sorted), 0);
	s = (struct sequence){.name = c->name,
			      .text = {sorted.bwt, sorted.separators, sorted.marks, sorted.rows},
			      .mark_shift = ng_mark_shift(rate)};
	if (sorted.rows)
		check(&s, n_random, rng);
	ng_sorted_clear(&sorted);
}

static void test_small(void **state)
{
	static const uint32_t rates[] = {4, 52, 1024, 7, 1000};
	uint64_t rng = naive_seed();
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		check_corpus(&c, rates[i % ng_array_size(rates)], scratch_rounds(2000), &rng);
		naive_clear(&c);
	}
}

static void test_large(void **state)
{
	uint64_t rng = naive_seed();
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_LARGE, i, &c); i++) {
		check_corpus(&c, i % 2 ? 52 : 5, scratch_rounds(5000), &rng);
		naive_clear(&c);
	}
}

/* ---- sequences that no text need have ---- */

static void check_random_sequence(const char *name, uint64_t rows, unsigned letters, unsigned run,
				  enum marks marks, unsigned mark_shift, uint64_t *rng)
{
	struct sequence s;

	sequence_random(name, rows, letters, run, marks, mark_shift, rng, &s);
	check(&s, 1500, rng);
	sequence_clear(&s);
}

/* Around the sizes of cells, groups of them, lines of the directory and superblocks. */
static void test_sizes(void **state)
{
	static const uint64_t sizes[] = {1,
					 2,
					 3,
					 63,
					 64,
					 255,
					 256,
					 257,
					 1023,
					 1024,
					 1025,
					 2047,
					 2048,
					 2049,
					 7000,
					 NG_GROUP_CELLS * NG_CELL,
					 NG_LINE_CELLS * NG_CELL - 1,
					 NG_LINE_CELLS * NG_CELL,
					 NG_LINE_CELLS * NG_CELL + 1,
					 (1u << NG_SUPERBLOCK_LOG) - 1,
					 1u << NG_SUPERBLOCK_LOG,
					 (1u << NG_SUPERBLOCK_LOG) + 1};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(sizes); i++) {
		for (unsigned k = 0; k < (sizes[i] > 4000 ? 1 : MARKS_KINDS); k++)
			check_random_sequence("sizes", sizes[i],
					      1 + (unsigned)scratch_random(&rng) % 9,
					      k % 2 ? 400 : 1, k, k * 2 + 2, &rng);
	}
}

static void test_alphabets(void **state)
{
	static const unsigned letters[] = {1, 2, 5, 12, 13, 14, 40, 255};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(letters); i++) {
		check_random_sequence("short runs", 30000, letters[i], 1, i % MARKS_KINDS, 6, &rng);
		check_random_sequence("runs", 150000, letters[i], 30, (i + 1) % MARKS_KINDS, 2,
				      &rng);
		check_random_sequence("long runs", 300000, letters[i], 20000, (i + 2) % MARKS_KINDS,
				      10, &rng);
	}
}

/* Symbols come and go by superblock. */
static void test_superblocks(void **state)
{
	uint64_t rng = naive_seed();

	check_random_sequence("superblocks", (2u << NG_SUPERBLOCK_LOG) + 1, 3, 3000,
			      MARKS_CLUSTERED, 6, &rng);
}

/* Symbols that are in some cells only, of which a rank is found further on: 'x' in one cell of the
 * first group, in one of the last, and in the next superblock but one; 'y' in the first row and
 * 'z' in the last; '0' to '9' in the cells of one group each, 'A' in every 40th cell, 'B' in the
 * last cell of each superblock, a separator in one cell, NUL in its neighbour. */
static void test_absent(void **state)
{
	static const char often[] = "etaoin";
	const uint64_t superblock = 1u << NG_SUPERBLOCK_LOG, group = NG_GROUP_CELLS * NG_CELL;
	const uint64_t rows = 3 * superblock + 5 * group + 77;
	uint8_t *bwt = calloc(rows, 1);
	uint64_t *separators = calloc(rows / 64 + 1, sizeof(*separators));
	uint64_t *marks = calloc(rows / 64 + 1, sizeof(*marks)), rng = naive_seed();
	struct sequence s = {"absent", {bwt, separators, marks, rows}, .mark_shift = 5};

	assert_non_null(bwt);
	assert_non_null(separators);
	assert_non_null(marks);
	for (uint64_t row = 0; row < rows; row++) {
		uint64_t r = scratch_random(&rng), cell = row / NG_CELL;

		bwt[row] = (uint8_t)often[r % (sizeof(often) - 1)];
		marks[row >> 6] |= (uint64_t)((r >> 8) % 50 == 0) << (row & 63);
		if ((r >> 16) % 100 == 0 && row / group % 3 == 0)
			bwt[row] = (uint8_t)('0' + row / group % 10);
		if ((r >> 32) % 300 == 0 && cell % 40 == 9)
			bwt[row] = 'A';
		if (row % superblock == superblock - 500)
			bwt[row] = 'B';
		if ((r >> 48) % 8 == 0 && (cell == 3 || cell == NG_SUPERBLOCK_CELLS - 2 ||
					   cell == 3 * NG_SUPERBLOCK_CELLS + 1))
			bwt[row] = 'x';
		if (cell == 400 && r % 16 == 0)
			separators[row >> 6] |= 1ull << (row & 63);
		if (cell == 401 && r % 16 == 0)
			bwt[row] = 0;
	}
	bwt[0] = 'y';
	bwt[rows - 1] = 'z';
	check(&s, 3000, &rng);
	sequence_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),       cmocka_unit_test(test_large),
		cmocka_unit_test(test_sizes),       cmocka_unit_test(test_alphabets),
		cmocka_unit_test(test_superblocks), cmocka_unit_test(test_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
