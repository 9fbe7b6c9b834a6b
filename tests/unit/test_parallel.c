/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

#define N_MAX 3000u

struct calls {
	_Atomic unsigned made[N_MAX];
	bool fails[N_MAX];
	_Atomic uint64_t lowest; /* of those that failed */
};

static int body(void *userdata, uint64_t i)
{
	struct calls *calls = userdata;
	uint64_t lowest = atomic_load(&calls->lowest);

	atomic_fetch_add(&calls->made[i], 1);
	if (!calls->fails[i])
		return 0;
	while (i < lowest && !atomic_compare_exchange_weak(&calls->lowest, &lowest, i))
		continue;
	return -1000 - (int)i;
}

static struct calls *calls_new(void)
{
	struct calls *calls = calloc(1, sizeof(*calls));

	assert_non_null(calls);
	calls->lowest = UINT64_MAX;
	return calls;
}

/* Every index once, whatever the number of threads. */
static void test_all(void **state)
{
	static const uint64_t ns[] = {0, 1, 2, 3, 7, 100, N_MAX};
	static const unsigned threads[] = {0, 1, 2, 5, 64, 5000};

	for (size_t i = 0; i < ng_array_size(ns); i++) {
		for (size_t k = 0; k < ng_array_size(threads); k++) {
			ng_cleanup(ng_freep) struct calls *calls = calls_new();

			assert_int_equal(ng_parallel(ns[i], threads[k], body, calls), 0);
			for (uint64_t n = 0; n < N_MAX; n++)
				assert_int_equal(calls->made[n], n < ns[i]);
		}
	}
}

/* The error is that of the lowest index that failed; none is called twice, and after a failure the
 * rest isn't begun. */
static void test_errors(void **state)
{
	uint64_t seed = 17, rng = seed;

	for (unsigned round = 0; round < 300; round++) {
		ng_cleanup(ng_freep) struct calls *calls = calls_new();
		unsigned threads = 1 + round % 6, made = 0;
		int r;
		uint64_t n = 1 + scratch_random(&rng) % N_MAX;

		for (unsigned f = 0; f < 1 + round % 4; f++)
			calls->fails[scratch_random(&rng) % n] = true;
		r = ng_parallel(n, threads, body, calls);
		assert_int_equal(r, -1000 - (int)calls->lowest);
		for (uint64_t i = 0; i < N_MAX; i++) {
			assert_true(calls->made[i] <= (i < n));
			made += calls->made[i];
		}
		if (threads == 1)
			assert_int_equal(made, calls->lowest + 1);
	}
}

static void test_processors(void **state)
{
	assert_true(ng_processors() >= 1);
	assert_true(ng_processors() <= (unsigned)sysconf(_SC_NPROCESSORS_CONF));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
