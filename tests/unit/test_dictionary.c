/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dictionary.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

struct string {
	uint8_t bytes[5];
	size_t len;
};

/* Strings of few bytes at random, the empty one and NULs among them, beside a list that is looked
 * through. */
static void test_naive(void **state)
{
	struct ng_dictionary d = NG_DICTIONARY_INIT;
	struct string *list = calloc(3000, sizeof(*list));
	uint64_t rng = 20261130;
	uint32_t n = 0;

	assert_non_null(list);
	for (unsigned round = 0; round < 3000; round++) {
		struct string s = {.len = scratch_random(&rng) % (sizeof(s.bytes) + 1)};
		uint32_t i = 0;

		for (size_t k = 0; k < s.len; k++)
			s.bytes[k] = (uint8_t)(scratch_random(&rng) % 6);
		while (i < n &&
		       (list[i].len != s.len || memcmp(list[i].bytes, s.bytes, s.len) != 0))
			i++;
		assert_int_equal(ng_dictionary_find(&d, s.bytes, s.len), i);
		if (i < n)
			continue;
		assert_int_equal(ng_dictionary_add(&d, s.bytes, s.len), 0);
		list[n++] = s;
		assert_int_equal(d.n, n);
	}
	/* Some came again, most did not. */
	assert_in_range(n, 500, 2900);
	for (uint32_t i = 0; i < n; i++) {
		size_t len;
		const uint8_t *bytes = ng_dictionary_get(&d, i, &len);

		assert_int_equal(len, list[i].len);
		assert_memory_equal(bytes, list[i].bytes, len);
		assert_int_equal(ng_dictionary_find(&d, bytes, len), i);
	}
	ng_dictionary_clear(&d);
	assert_int_equal(ng_dictionary_find(&d, list[0].bytes, list[0].len), 0);
	assert_int_equal(d.n, 0);
	free(list);
}

/* The empty string has a place, too: NULL would mean that there is none. */
static void test_empty(void **state)
{
	struct ng_dictionary d = NG_DICTIONARY_INIT;
	size_t len = 1;

	assert_int_equal(ng_dictionary_add(&d, (const uint8_t *)"", 0), 0);
	assert_non_null(ng_dictionary_get(&d, 0, &len));
	assert_int_equal(len, 0);
	assert_int_equal(ng_dictionary_find(&d, (const uint8_t *)"", 0), 0);
	assert_int_equal(ng_dictionary_find(&d, (const uint8_t *)"\0", 1), 1);
	ng_dictionary_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_naive),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
