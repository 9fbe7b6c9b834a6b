/* SPDX-License-Identifier: Apache-2.0 */
#include "query/docset.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

/* Numbers at random, some again and again, beside an array of all. */
static void check(uint64_t docs, uint64_t adds, uint64_t below, uint64_t *rng)
{
	struct ng_docset set = ng_docset_make(docs);
	bool *there = calloc(docs + 1, sizeof(*there));
	uint64_t n = 0;

	assert_non_null(there);
	for (uint64_t i = 0; i < adds; i++) {
		uint64_t doc = docs - 1 - scratch_random(rng) % below;

		assert_int_equal(ng_docset_has(&set, doc), there[doc]);
		n += !there[doc];
		there[doc] = true;
		assert_int_equal(ng_docset_add(&set, doc), 0);
		assert_int_equal(set.n, n);
	}
	for (uint64_t doc = 0; doc < docs; doc++)
		assert_int_equal(ng_docset_has(&set, doc), there[doc]);
	/* Never much more than either way takes. */
	assert_true(set.cap <= ng_max(256u, 4 * n));
	assert_true(set.cap <= ng_max(256u, docs / 64));
	assert_true(!set.bits || !set.slots);
	ng_docset_clear(&set);
	assert_int_equal(set.n, 0);
	assert_false(ng_docset_has(&set, 0));
	free(there);
}

static void test_sizes(void **state)
{
	static const uint64_t sizes[] = {1, 2, 63, 64, 65, 300, 5000, 100000, 2000000};
	uint64_t rng = 20250714;

	for (size_t i = 0; i < ng_array_size(sizes); i++) {
		check(sizes[i], 0, 1, &rng);
		check(sizes[i], 100, ng_min(sizes[i], (uint64_t)7), &rng);
		check(sizes[i], 1000, sizes[i], &rng);
		check(sizes[i], sizes[i] / 2, sizes[i], &rng);
		check(sizes[i], 3 * sizes[i], sizes[i], &rng);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
