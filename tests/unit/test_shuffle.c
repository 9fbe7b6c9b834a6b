/* SPDX-License-Identifier: Apache-2.0 */
#include "query/shuffle.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

/* Each number once, for small numbers and around powers of two. */
static void test_bijection(void **state)
{
	static const uint64_t large[] = {255, 256, 257, 1023, 1024, 1025, 65535, 65537, 300000};
	ng_cleanup(ng_freep) bool *seen = malloc(300000);

	assert_non_null(seen);
	for (size_t k = 0; k < 70 + ng_array_size(large); k++) {
		uint64_t n = k < 70 ? k + 1 : large[k - 70];

		for (uint64_t seed = 0; seed < 3; seed++) {
			struct ng_shuffle shuffle = ng_shuffle_make(n, seed * UINT64_MAX / 2);

			memset(seen, 0, n);
			for (uint64_t i = 0; i < n; i++) {
				uint64_t at = ng_shuffle_at(&shuffle, i);

				assert_true(at < n);
				assert_false(seen[at]);
				seen[at] = true;
			}
		}
	}
}

/* Numbers too many to try: those next to each other stay apart, and in range. */
static void test_large(void **state)
{
	static const uint64_t sizes[] = {UINT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 62) + 1,
					 UINT64_C(1) << 40};

	for (size_t k = 0; k < ng_array_size(sizes); k++) {
		struct ng_shuffle shuffle = ng_shuffle_make(sizes[k], 3);
		uint64_t low = 0, at[1000];

		for (uint64_t i = 0; i < 1000; i++) {
			at[i] = ng_shuffle_at(&shuffle, sizes[k] - 1 - i);
			assert_true(at[i] < sizes[k]);
			low += at[i] < sizes[k] / 2;
			for (uint64_t j = 0; j < i; j++)
				assert_true(at[j] != at[i]);
		}
		/* Six standard deviations. */
		assert_in_range(low, 400, 600);
	}
}

/* The sum of (seen - expected)^2 / expected over cells that should be equally frequent. */
static double chi_squared(const unsigned *seen, unsigned cells, unsigned total)
{
	double expected = (double)total / cells, sum = 0;

	for (unsigned i = 0; i < cells; i++)
		sum += (seen[i] - expected) * (seen[i] - expected) / expected;
	return sum;
}

/* Over seeds, each number is as likely as the others to stand at a place, and each of the orders of
 * four numbers is as likely as the others. */
static void test_uniform(void **state)
{
	static const unsigned sizes[] = {2, 3, 5, 16, 17, 100};
	const unsigned seeds = 48000;
	unsigned orders[256] = {0}, used = 0;

	for (size_t k = 0; k < ng_array_size(sizes); k++) {
		unsigned n = sizes[k], first[100] = {0}, last[100] = {0};

		for (unsigned seed = 0; seed < seeds; seed++) {
			struct ng_shuffle shuffle = ng_shuffle_make(n, seed);

			first[ng_shuffle_at(&shuffle, 0)]++;
			last[ng_shuffle_at(&shuffle, n - 1)]++;
		}
		/* n - 1 degrees of freedom: mean n - 1, deviation sqrt(2 (n - 1)). */
		assert_true(chi_squared(first, n, seeds) < n + 50);
		assert_true(chi_squared(last, n, seeds) < n + 50);
	}
	for (unsigned seed = 0; seed < seeds; seed++) {
		struct ng_shuffle shuffle = ng_shuffle_make(4, seed);
		unsigned order = 0;

		for (unsigned i = 0; i < 4; i++)
			order = order << 2 | (unsigned)ng_shuffle_at(&shuffle, i);
		orders[order]++;
	}
	for (unsigned i = 0; i < ng_array_size(orders); i++) {
		if (orders[i])
			orders[used++] = orders[i];
	}
	assert_int_equal(used, 24);
	assert_true(chi_squared(orders, 24, seeds) < 24 + 50);
}

static void test_repeats(void **state)
{
	struct ng_shuffle a = ng_shuffle_make(1000000, 42), b = ng_shuffle_make(1000000, 42);
	struct ng_shuffle other = ng_shuffle_make(1000000, 43);
	unsigned same = 0;

	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(ng_shuffle_at(&a, i), ng_shuffle_at(&b, i));
		same += ng_shuffle_at(&a, i) == ng_shuffle_at(&other, i);
	}
	assert_true(same < 10);
	/* The order is part of what a mount shows: it stays what it is. */
	assert_int_equal(ng_shuffle_at(&a, 0), 0xd5c1d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bijection),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
