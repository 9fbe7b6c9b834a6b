#include "index/kmers.h"
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

/* Rows of every pair of bytes, counted: the pairs in front of it, and the rows before all pairs. */
static void check(uint64_t (*pairs)[NG_SYMBOLS], uint64_t docs)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	ng_cleanup(ng_freep) uint8_t *exact = NULL;
	uint64_t row = 1 + docs, lo, hi, rows = row;
	struct ng_kmers kmers;

	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < NG_SYMBOLS; b++)
			rows += pairs[a][b];
	assert_int_equal(ng_kmers_write(pairs, docs, &buf), 0);
	exact = malloc(buf.len);
	assert_non_null(exact);
	memcpy(exact, buf.data, buf.len);
	assert_int_equal(ng_kmers_open(exact, buf.len, rows, &kmers), 0);
	for (unsigned a = 0; a < 256; a++) {
		row += pairs[a][0];
		for (unsigned b = 0; b < 256; b++) {
			ng_kmers_rows(&kmers, (uint8_t)a, (uint8_t)b, &lo, &hi);
			assert_int_equal(lo, row);
			row += pairs[a][b + 1];
			assert_int_equal(hi, row);
		}
	}
	assert_int_equal(ng_kmers_open(exact, buf.len, rows + 1, &kmers), -EUCLEAN);
	assert_int_equal(ng_kmers_open(exact, buf.len, rows - 1, &kmers), -EUCLEAN);
	for (size_t cut = 0; cut < buf.len; cut += cut < 100 || buf.len - cut < 100 ? 1 : 97)
		assert_int_equal(ng_kmers_open(exact, cut, rows, &kmers), -EUCLEAN);
}

static void test_counts(void **state)
{
	static const unsigned densities[] = {1, 2, 50, 70000};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(densities); i++) {
		ng_cleanup(ng_freep) uint64_t(*pairs)[NG_SYMBOLS] = calloc(256, sizeof(*pairs));

		assert_non_null(pairs);
		for (unsigned n = 0; n < 256 * NG_SYMBOLS; n++)
			if (scratch_random(&rng) % densities[i] == 0)
				pairs[n / NG_SYMBOLS][n % NG_SYMBOLS] =
					scratch_random(&rng) >> (32 + scratch_random(&rng) % 32);
		check(pairs, i * 1000);
	}
}

static void test_empty(void **state)
{
	ng_cleanup(ng_freep) uint64_t(*pairs)[NG_SYMBOLS] = calloc(256, sizeof(*pairs));

	assert_non_null(pairs);
	check(pairs, 0);
	check(pairs, 1ull << 33);
	pairs[255][256] = 1;
	check(pairs, 1);
	pairs[0][0] = 1ull << 35;
	check(pairs, 1);
}

/* The encoding of another number of values. */
static void test_wrong_number(void **state)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	struct ng_kmers kmers;
	uint64_t values[3] = {1, 2, 3};

	assert_int_equal(ng_ef_encode(values, 3, &buf), 0);
	assert_int_equal(ng_kmers_open(buf.data, buf.len, 3, &kmers), -EUCLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_wrong_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
