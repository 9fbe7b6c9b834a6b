/* SPDX-License-Identifier: Apache-2.0 */
#include "query/df.h"
#include "indexmake.h"

static uint64_t naive_df(const struct naive *c, const uint8_t *pat, size_t len)
{
	ng_cleanup(ng_freep) uint64_t *positions = NULL;
	uint64_t n = naive_find(c, pat, len, &positions), docs = 0;

	for (uint64_t i = 0; i < n; i++)
		docs += i == 0 ||
			naive_doc_of(c, positions[i]) != naive_doc_of(c, positions[i - 1]);
	return docs;
}

static void check(const struct naive *c, const struct ng_index *index, const uint8_t *pat,
		  size_t len)
{
	uint64_t want = naive_df(c, pat, len), got = UINT64_MAX;
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;

	assert_int_equal(ng_ranges_find(index, pat, len, NULL, &ranges), 0);
	assert_int_equal(ng_df(index, &ranges, NULL, &got), 0);
	if (got != want)
		fail_msg("%s: %zu bytes from %02x on are in %ju documents, not %ju", c->name, len,
			 pat[0], (uintmax_t)want, (uintmax_t)got);
}

static void check_corpus(const struct naive *c, uint64_t shard_bytes, unsigned n)
{
	struct ng_build_options options = {
		.threads = 2, .shard_bytes = shard_bytes, .sa_sampling = 8};
	struct made_index made;
	uint64_t rng = naive_seed();

	made_index_new(c, &options, &made);
	for (unsigned i = 0; i < n && c->n > c->docs; i++) {
		size_t len;
		const uint8_t *pat = naive_substring(c, &rng, i % 3 ? 2 : 12, &len);

		check(c, made.index, pat, len);
	}
	check(c, made.index, (const uint8_t *)"\x01 not there \x02", 13);
	made_index_free(&made);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		check_corpus(&c, 0, 20);
		if (c.docs > 1 && c.docs <= 70)
			check_corpus(&c, c.n / 3 + 1, 20);
		naive_clear(&c);
	}
}

/* Enough documents and occurrences for several threads, and for all ways to keep a set. */
static void test_many(void **state)
{
	struct naive c = {.name = "many documents"};
	uint64_t rng = naive_seed();
	uint8_t text[64];

	for (unsigned d = 0; d < 30000; d++) {
		size_t len = scratch_random(&rng) % sizeof(text);

		naive_words(&rng, text, len);
		naive_add(&c, text, len);
	}
	check_corpus(&c, 0, 12);
	check_corpus(&c, c.n / 4, 12);
	naive_clear(&c);
}

static void test_refused(void **state)
{
	static const struct ng_range wrong[] = {
		{.shard = 0, .lo = 0, .hi = UINT64_MAX},
		{.shard = 0, .lo = 2, .hi = 1},
		{.shard = 0, .lo = 1, .hi = 1},
		{.shard = 1, .lo = 1, .hi = 2},
		{.shard = 0, .lo = 1, .hi = 2, .first = 1},
	};
	struct ng_build_options options = {.threads = 2};
	struct naive c = {.name = "prose"};
	struct ng_ranges ranges = NG_RANGES_INIT;
	struct made_index made;
	ng_cancel cancel = true;
	uint64_t rng = naive_seed(), docs = 42;
	uint8_t text[5000];

	naive_words(&rng, text, sizeof(text));
	naive_add(&c, text, sizeof(text));
	made_index_new(&c, &options, &made);
	assert_int_equal(ng_ranges_find(made.index, (const uint8_t *)" ", 1, NULL, &ranges), 0);
	assert_int_equal(ranges.n, 1);
	assert_int_equal(ng_df(made.index, &ranges, &cancel, &docs), -EINTR);
	for (size_t i = 0; i < ng_array_size(wrong); i++) {
		struct ng_range range = wrong[i];
		struct ng_ranges foreign = {&range, 1, range.hi - range.lo};

		assert_int_equal(ng_df(made.index, &foreign, NULL, &docs), -EINVAL);
	}
	ranges.count++;
	assert_int_equal(ng_df(made.index, &ranges, NULL, &docs), -EINVAL);
	ng_ranges_clear(&ranges);
	assert_int_equal(docs, 42);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
