/* Streams and marks of a block decoded: every stream cut at every symbol and under every smaller
 * alphabet, and marks written by hand, right and wrong. */
#include "bwt/block_decode.h"
#include "bwtmake.h"
#include "naive.h"

/* A run of symbols in a stream. */
struct run {
	unsigned end;  /* symbols up to its own */
	unsigned rank; /* the largest up to it */
};

static void runs_find(const uint8_t *symbols, unsigned n, struct run *ret)
{
	uint8_t list[256];
	unsigned n_runs = 0, largest = 0;

	for (unsigned k = 0; k < 256; k++)
		list[k] = (uint8_t)k;
	for (unsigned at = 0; at < n;) {
		uint8_t symbol = symbols[at];
		unsigned rank = 0;

		while (at < n && symbols[at] == symbol)
			at++;
		while (list[rank] != symbol)
			rank++;
		memmove(list + 1, list, rank);
		list[0] = symbol;
		largest = ng_max(largest, rank);
		ret[n_runs++] = (struct run){at, largest};
	}
}

/* A stream of `size` symbols, all of it, and cut after each symbol, under each smaller alphabet.
 * Where a run ends, it is right if all ranks are in the alphabet; within a run only where one of
 * its tokens ends. Returns how often it was refused within a run for that. */
static unsigned check_stream(const struct ng_bwt *bwt, const uint8_t *stream, unsigned table,
			     unsigned n_symbols, unsigned size)
{
	uint8_t list[256], all[NG_STREAM_ROOM], some[NG_STREAM_ROOM];
	struct run runs[NG_STREAM], *run = runs;
	unsigned refused = 0;

	for (unsigned k = 0; k < 256; k++)
		list[k] = (uint8_t)k;
	assert_true(ng_stream_decode(bwt, stream, table, list, n_symbols, size, all));
	runs_find(all, size, runs);
	for (unsigned cut = 1; cut <= size; cut++) {
		for (unsigned n = 1; n <= n_symbols; n++) {
			bool got = ng_stream_decode(bwt, stream, table, list, n, cut, some);

			if (cut == run->end)
				assert_int_equal(got, run->rank < n);
			else if (n == n_symbols)
				refused += !got;
			if (!got)
				continue;
			assert_true(run->rank < n);
			assert_memory_equal(some, all, cut);
		}
		run += cut == run->end;
	}
	return refused;
}

static unsigned check_streams(uint64_t rows, unsigned letters, unsigned run, uint64_t *rng)
{
	uint8_t *symbols = calloc(rows, 1);
	uint64_t *marks = calloc(rows / 64 + 1, sizeof(*marks));
	/* Row 0 is the separator. */
	struct ng_bwt_text text = {symbols, NULL, marks, rows};
	struct made_bwt made;
	struct ng_bwt *bwt;
	const uint8_t *page;
	unsigned refused = 0;

	assert_non_null(symbols);
	assert_non_null(marks);
	for (uint64_t row = 1; row < rows;) {
		uint64_t r = scratch_random(rng), end = ng_min(row + 1 + r % run, rows);

		/* Small letters are more frequent. */
		for (; row < end; row++)
			symbols[row] = (uint8_t)(1 + (r >> 8) % letters * ((r >> 40) % 8) / 7);
	}
	made_bwt_new(&text, 5, 1, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	page = made.blocks.data;
	for (unsigned cell = 0; cell < ng_block_cells(page); cell++) {
		unsigned size = ng_min(ng_block_size(page) - cell * NG_CELL, NG_CELL);
		unsigned front = (size + 1) / 2;
		uint32_t word =
			ng_load32(page + ng_block_cells_at(ng_block_symbols(page)) + 4 * cell);

		refused += check_stream(bwt, page + (word & 0xfff), word >> 24 & 15,
					ng_block_symbols(page), front);
		if (size > front)
			refused += check_stream(bwt, page + (word >> 12 & 0xfff), word >> 28,
						ng_block_symbols(page), size - front);
	}
	ng_bwt_close(bwt);
	made_bwt_free(&made);
	free(symbols);
	free(marks);
	return refused;
}

static void test_streams(void **state)
{
	static const struct {
		uint64_t rows;
		unsigned letters, run;
	} table[] = {
		{2000, 1, 1},  {3000, 2, 3},    {3000, 4, 400}, {3000, 6, 2},
		{3000, 7, 20}, {2000, 8, 2},    {2000, 9, 2},   {3000, 40, 6},
		{1500, 90, 1}, {4000, 90, 300}, {1300, 240, 2},
	};
	uint64_t rng = naive_seed();
	unsigned refused = 0;

	for (size_t i = 0; i < ng_array_size(table); i++)
		refused += check_streams(table[i].rows, table[i].letters, table[i].run, &rng);
	assert_true(refused > 1000);
}

/* ---- marks ---- */

#define SHIFT 4u

static void bit_set(uint8_t *bytes, unsigned bit)
{
	bytes[bit / 8] |= (uint8_t)(1u << bit % 8);
}

/* As the format says, whether or not they ascend: bucket is that of the position before, or the
 * position's own where that is larger. */
static uint8_t *marks_write(const unsigned *positions, unsigned n, unsigned size)
{
	unsigned bucket = 0;
	uint8_t *bytes = calloc(ng_marks_bytes(n, size, SHIFT) + 16, 1);

	assert_non_null(bytes);
	if (ng_marks_are_bitmap(n, size, SHIFT)) {
		for (unsigned i = 0; i < n; i++)
			bit_set(bytes, positions[i]);
		return bytes;
	}
	for (unsigned i = 0; i < n; i++) {
		bucket = ng_max(bucket, positions[i] >> SHIFT);
		for (unsigned b = 0; b < SHIFT; b++)
			if (positions[i] >> b & 1)
				bit_set(bytes, i * SHIFT + b);
		bit_set(bytes, n * SHIFT + bucket + i);
	}
	return bytes;
}

static void test_marks(void **state)
{
	static const struct {
		unsigned size, n, positions[20];
		unsigned want; /* marks found */
	} table[] = {
		{1, 1, {0}, 1},
		{2048, 0, {0}, 0},
		{2048, 1, {0}, 1},
		{2048, 1, {2047}, 1},
		{2048, 3, {0, 1, 2047}, 3},
		{2048, 6, {15, 16, 17, 1000, 1024, 1039}, 6},
		{100, 4, {3, 5, 15, 99}, 4},
		/* A bitmap. */
		{16, 10, {0, 1, 2, 3, 4, 9, 10, 11, 14, 15}, 10},
		{50,
		 20,
		 {0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 22, 24, 26, 28, 31, 32, 33, 48, 49},
		 20},
		{50,
		 20,
		 {0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 22, 24, 26, 28, 31, 32, 33, 49, 49},
		 19},
		/* Twice the same, falling, beyond the end. */
		{2048, 2, {5, 5}, NG_MARKS_NO_ORDER},
		{2048, 2, {5, 3}, NG_MARKS_NO_ORDER},
		{100, 1, {100}, NG_MARKS_NO_ORDER},
		{100, 2, {3, 103}, NG_MARKS_NO_ORDER},
	};
	struct ng_bwt bwt = {.mark_shift = SHIFT};

	for (size_t i = 0; i < ng_array_size(table); i++) {
		unsigned n = table[i].n, size = table[i].size, k = 0;
		uint8_t *marks = marks_write(table[i].positions, n, size);
		uint64_t bits[NG_WIDE / 64];

		memset(bits, 0xa5, sizeof(bits));
		assert_int_equal(ng_marks_decode(&bwt, marks, n, size, bits), table[i].want);
		for (unsigned p = 0; table[i].want == n && p < NG_WIDE; p++) {
			bool want = k < n && table[i].positions[k] == p;

			assert_int_equal(ng_bit(bits, p), want);
			k += want;
		}
		free(marks);
	}
}

/* More of them than are said, and fewer. */
static void test_mark_numbers(void **state)
{
	static const unsigned positions[] = {17, 200, 1999};
	struct ng_bwt bwt = {.mark_shift = SHIFT};
	uint8_t *marks = marks_write(positions, 3, 2048);
	uint64_t bits[NG_WIDE / 64];

	bit_set(marks, 3 * SHIFT + 60);
	assert_int_equal(ng_marks_decode(&bwt, marks, 3, 2048, bits), 4);
	memset(marks + 3 * SHIFT / 8, 0, 4);
	assert_true(ng_marks_decode(&bwt, marks, 3, 2048, bits) < 3);
	free(marks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_mark_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
