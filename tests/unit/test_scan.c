/* SPDX-License-Identifier: Apache-2.0 */
/* Counting many patterns in one pass, against looking for each at every place. */
#include "check/scan.h"
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

#define PATTERNS 60u

static uint64_t count(const uint8_t *text, size_t len, size_t skip, const uint8_t *pat,
		      size_t pat_len)
{
	uint64_t n = 0;

	for (size_t i = 0; i + pat_len <= len; i++)
		n += i + pat_len > skip && memcmp(text + i, pat, pat_len) == 0;
	return n;
}

/* Texts of few letters, so that patterns overlap themselves and each other; some patterns occur
 * twice, some not at all. */
static void test_counts(void **state)
{
	static const struct {
		size_t len, skip;
		unsigned letters;
	} cases[] = {
		{0, 0, 2},       {1, 0, 2},    {500, 0, 1},     {500, 100, 1},  {2000, 0, 2},
		{2000, 1999, 2}, {3000, 7, 3}, {3000, 3000, 3}, {5000, 0, 256}, {300, 400, 2},
	};
	uint64_t rng = naive_seed();
	uint8_t text[5000], made[PATTERNS][NG_SCAN_BYTES_MAX];
	const uint8_t *pats[PATTERNS];
	size_t lens[PATTERNS];

	for (size_t c = 0; c < ng_array_size(cases); c++) {
		ng_cleanup(ng_scan_freep) struct ng_scan *scan = NULL;
		ng_cleanup(ng_freep) uint64_t *hits = NULL;
		uint64_t counts[PATTERNS];
		size_t len = cases[c].len;

		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)(scratch_random(&rng) % cases[c].letters);
		for (size_t i = 0; i < PATTERNS; i++) {
			lens[i] = i == 0 ? NG_SCAN_BYTES_MAX : scratch_random(&rng) % 12 + 1;
			pats[i] = made[i];
			for (size_t k = 0; k < lens[i]; k++)
				made[i][k] = (uint8_t)(scratch_random(&rng) % cases[c].letters);
			if (i % 3 == 1 && len > lens[i])
				memcpy(made[i], text + scratch_random(&rng) % (len - lens[i]),
				       lens[i]);
		}
		assert_int_equal(ng_scan_new(pats, lens, PATTERNS, &scan), 0);
		hits = calloc(ng_scan_states(scan), sizeof(*hits));
		assert_non_null(hits);
		/* Two runs add up, and know nothing of each other. */
		ng_scan_run(scan, text, len, cases[c].skip, hits);
		ng_scan_run(scan, text, len / 2, 0, hits);
		ng_scan_counts(scan, hits, counts);
		for (size_t i = 0; i < PATTERNS; i++) {
			uint64_t want = count(text, len, cases[c].skip, pats[i], lens[i]) +
					count(text, len / 2, 0, pats[i], lens[i]);

			if (counts[i] != want)
				fail_msg("case %zu, pattern %zu of %zu bytes: %ju, not %ju", c, i,
					 lens[i], (uintmax_t)counts[i], (uintmax_t)want);
		}
	}
}

static void test_no_patterns(void **state)
{
	ng_cleanup(ng_scan_freep) struct ng_scan *scan = NULL;
	uint64_t hits[1] = {0}, none = 77;

	assert_int_equal(ng_scan_new(NULL, NULL, 0, &scan), 0);
	assert_int_equal(ng_scan_states(scan), 1);
	ng_scan_run(scan, (const uint8_t *)"abc", 3, 0, hits);
	ng_scan_counts(scan, hits, &none);
	assert_int_equal(none, 77);
}

static void test_lengths(void **state)
{
	static const size_t bad[] = {0, NG_SCAN_BYTES_MAX + 1, SIZE_MAX};
	static const uint8_t text[NG_SCAN_BYTES_MAX + 1];
	const uint8_t *pat = text;
	struct ng_scan *untouched = (void *)&pat;

	for (size_t i = 0; i < ng_array_size(bad); i++)
		assert_int_equal(ng_scan_new(&pat, &bad[i], 1, &untouched), -EINVAL);
	assert_ptr_equal(untouched, &pat);
	assert_null(ng_scan_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_no_patterns),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
