/* SPDX-License-Identifier: Apache-2.0 */
#include "naive.h"
#include "rowsmake.h"
#include "sort/occ.h"

#include <setjmp.h>
#include <cmocka.h>

/* Sizes around those of cells, superblocks and the chunks of threads. */
static const uint64_t sizes[] = {0,   1,   2,     127,   128,   129,    255,    256,
				 257, 383, 65535, 65536, 65537, 524287, 524288, 700001};

struct fixture {
	uint8_t *bwt;
	uint64_t rows;
	uint64_t first[257];
	uint64_t before[256]; /* of each byte before a row that check_row has come to */
	struct ng_occ *occ;
};

/* Bytes of which some are frequent, some rare and some missing; with separators. */
static void fixture_make(struct fixture *f, uint64_t rows, unsigned bytes, unsigned threads,
			 uint64_t *rng)
{
	uint64_t sum = 0;

	memset(f, 0, sizeof(*f));
	f->rows = rows;
	f->bwt = malloc(rows + 1);
	assert_non_null(f->bwt);
	for (uint64_t i = 0; i < rows; i++) {
		uint64_t r = scratch_random(rng);

		f->bwt[i] = (uint8_t)(255 - (r >> 20) % (r % 7 ? ng_min(bytes, 5u) : bytes));
		if (r % 97 == 0)
			f->bwt[i] = 0;
		f->first[f->bwt[i] + 1]++;
	}
	for (unsigned c = 0; c <= 256; c++)
		f->first[c] = sum += f->first[c];
	assert_int_equal(ng_occ_new(f->bwt, rows, threads, &f->occ), 0);
}

static void fixture_clear(struct fixture *f)
{
	ng_occ_free(f->occ);
	free(f->bwt);
}

/* All bytes' ranks at the row up to which `before` counts: by steps, and by walks of one step. */
static void check_row(const struct fixture *f, uint64_t row)
{
	struct ng_rank_source ranks = ng_occ_rank_source(f->occ);

	for (unsigned first = 1; first < 256; first += NG_BWT_CHAINS) {
		struct ng_bwt_rank_walk walks[NG_BWT_CHAINS];
		uint8_t text[NG_BWT_CHAINS];
		uint64_t to[NG_BWT_CHAINS];
		unsigned n = ng_min(NG_BWT_CHAINS, 256 - first);
		bool damaged = false;

		for (unsigned i = 0; i < n; i++) {
			text[i] = (uint8_t)(first + i);
			walks[i] = (struct ng_bwt_rank_walk){row, text + i + 1, 1, to + i + 1};
		}
		ranks.walk_ranks(ranks.of, n, walks, &damaged);
		for (unsigned i = 0; i < n; i++) {
			uint64_t want = f->first[text[i]] + f->before[text[i]], lo = row, hi = row;

			assert_int_equal(to[i], want);
			assert_int_equal(walks[i].row, want);
			assert_int_equal(walks[i].left, 0);
			assert_ptr_equal(walks[i].text_end, text + i);
			ranks.step(ranks.of, text[i], &lo, &hi, &damaged);
			assert_true(lo == want && hi == want);
		}
		assert_false(damaged);
	}
}

/* Every row of small ones, and of large ones those around where cells and more begin. */
static void check_rows(struct fixture *f)
{
	memset(f->before, 0, sizeof(f->before));
	for (uint64_t row = 0; row <= f->rows; row++) {
		uint64_t in = row % 65536;

		if (f->rows < 1000 || in < 2 || in > 65534 || row == f->rows || row % 1013 == 0)
			check_row(f, row);
		if (row < f->rows)
			f->before[f->bwt[row]]++;
	}
}

static void check_symbol_rows(const struct fixture *f)
{
	struct ng_rank_source ranks = ng_occ_rank_source(f->occ);

	assert_int_equal(ranks.rows, f->rows);
	for (unsigned symbol = 0; symbol < NG_SYMBOLS; symbol++) {
		uint64_t lo = 42, hi = 42, want = 0;

		ranks.symbol_rows(ranks.of, symbol, &lo, &hi);
		if (symbol == NG_SEPARATOR)
			want = f->first[1];
		else if (symbol > 0)
			want = f->first[symbol + 1] - f->first[symbol];
		assert_int_equal(hi - lo, want);
		if (want)
			assert_int_equal(lo, symbol == NG_SEPARATOR ? 0 : f->first[symbol]);
	}
}

static void test_ranks(void **state)
{
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(sizes); i++) {
		struct fixture f;

		fixture_make(&f, sizes[i], i % 3 ? 200 : 255, 1 + (unsigned)i % 3, &rng);
		check_symbol_rows(&f);
		check_rows(&f);
		ng_occ_use_portable(f.occ);
		check_rows(&f);
		fixture_clear(&f);
	}
}

/* Long walks side by side, of different lengths, are the same as step by step. */
static void test_walks(void **state)
{
	uint64_t rng = naive_seed();
	struct ng_bwt_rank_walk walks[NG_BWT_CHAINS];
	static uint64_t to[NG_BWT_CHAINS][300];
	static uint8_t text[NG_BWT_CHAINS][300];
	struct ng_rank_source ranks;
	bool damaged = false;
	struct fixture f;

	fixture_make(&f, 300000, 100, 2, &rng);
	ranks = ng_occ_rank_source(f.occ);
	for (unsigned i = 0; i < NG_BWT_CHAINS; i++) {
		size_t left = i * 9;

		for (unsigned k = 0; k < 300; k++)
			text[i][k] = (uint8_t)(1 + scratch_random(&rng) % 255);
		walks[i] = (struct ng_bwt_rank_walk){scratch_random(&rng) % (f.rows + 1),
						     text[i] + 300, left, to[i] + 300};
		to[i][0] = walks[i].row;
	}
	ranks.walk_ranks(ranks.of, NG_BWT_CHAINS, walks, &damaged);
	for (unsigned i = 0; i < NG_BWT_CHAINS; i++) {
		uint64_t lo = to[i][0], hi = lo;

		for (unsigned k = 0; k < i * 9; k++) {
			ranks.step(ranks.of, text[i][299 - k], &lo, &hi, &damaged);
			assert_int_equal(to[i][299 - k], lo);
		}
		assert_int_equal(walks[i].row, lo);
	}
	assert_false(damaged);
	fixture_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
