/* SPDX-License-Identifier: Apache-2.0 */
#include "query/batch.h"
#include "indexmake.h"

#define MOST 1100u

/* All answers at once are those one by one; of small corpora, the naive ones, too. */
static void check(const struct naive *c, const struct made_index *made, size_t n,
		  const struct ng_pattern *patterns, bool naively)
{
	struct ng_index_stats stats;
	ng_cleanup(ng_freep) uint64_t *counts = malloc((n + 1) * sizeof(*counts));
	ng_cleanup(ng_freep) struct ng_interval *found = NULL, *one = NULL;

	ng_index_stats(made->index, &stats);
	found = malloc((n * stats.shards + 1) * sizeof(*found));
	one = calloc(stats.shards + 1, sizeof(*one));
	assert_non_null(counts);
	assert_non_null(found);
	assert_non_null(one);
	assert_int_equal(ng_batch_count(made->index, n, patterns, NULL, counts), 0);
	assert_int_equal(ng_batch_find(made->index, n, patterns, NULL, found), 0);
	for (size_t i = 0; i < n; i++) {
		uint64_t sum = 0;

		assert_int_equal(
			ng_find(made->index, patterns[i].bytes, patterns[i].len, NULL, one), 0);
		for (uint32_t s = 0; s < stats.shards; s++)
			sum += one[s].hi - one[s].lo;
		if (counts[i] != sum ||
		    memcmp(one, found + i * stats.shards, stats.shards * sizeof(*one)) != 0)
			fail_msg("%s: pattern %zu of %zu, %zu bytes: %ju, not %ju", c->name, i, n,
				 patterns[i].len, (uintmax_t)counts[i], (uintmax_t)sum);
		if (naively)
			assert_int_equal(sum,
					 naive_find(c, patterns[i].bytes, patterns[i].len, NULL));
	}
}

/* Substrings, some with a byte changed; lengths from one byte to, of a few, beyond what is searched
 * in one go. */
static void patterns_make(const struct naive *c, uint64_t *rng, size_t n,
			  struct ng_pattern *patterns, uint8_t *changed)
{
	static const size_t longest[] = {1, 3, 20, 600, 5000};

	for (size_t i = 0; i < n; i++) {
		size_t len;
		const uint8_t *pat = naive_substring(
			c, rng, longest[i % 16 ? scratch_random(rng) % 4 : 4], &len);

		if (len <= 64 && i % 4 == 0) {
			memcpy(changed + 64 * i, pat, len);
			pat = changed + 64 * i;
			changed[64 * i + scratch_random(rng) % len] = (uint8_t)scratch_random(rng);
		}
		patterns[i] = (struct ng_pattern){pat, len};
	}
}

static void check_corpus(const struct naive *c, uint64_t shard_bytes, bool naively)
{
	static const size_t sizes[] = {0, 1, 2, 31, 32, 33, 200, MOST};
	ng_cleanup(ng_freep) struct ng_pattern *patterns = calloc(MOST, sizeof(*patterns));
	ng_cleanup(ng_freep) uint8_t *changed = malloc(64 * MOST);
	struct ng_build_options options = {.threads = 2, .shard_bytes = shard_bytes};
	struct made_index made;
	uint64_t rng = naive_seed();

	assert_non_null(patterns);
	assert_non_null(changed);
	made_index_new(c, &options, &made);
	for (size_t i = 0; i < ng_array_size(sizes) && c->n > c->docs; i++) {
		patterns_make(c, &rng, sizes[i], patterns, changed);
		check(c, &made, sizes[i], patterns, naively && sizes[i] < MOST);
	}
	made_index_free(&made);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		check_corpus(&c, 0, true);
		if (c.docs > 1 && c.docs <= 70)
			check_corpus(&c, c.n / 3 + 1, true);
		naive_clear(&c);
	}
}

static void test_large(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_LARGE, i, &c); i++) {
		if (c.n < 1000000)
			check_corpus(&c, i % 2 && c.docs > 1 ? c.n / 3 : 0, false);
		naive_clear(&c);
	}
}

static void test_refused(void **state)
{
	struct ng_build_options options = {.threads = 2};
	struct naive c = {.name = "prose"};
	struct made_index made;
	ng_cancel cancel = true;
	uint64_t rng = naive_seed(), counts[2] = {42, 42};
	uint8_t text[5000];
	struct ng_pattern patterns[2] = {{text, 3000}, {text, 0}};
	struct ng_interval found[2] = {{42, 42}, {42, 42}};

	naive_words(&rng, text, sizeof(text));
	naive_add(&c, text, sizeof(text));
	made_index_new(&c, &options, &made);
	assert_int_equal(ng_batch_count(made.index, 2, patterns, NULL, counts), -EINVAL);
	assert_int_equal(ng_batch_find(made.index, 2, patterns, NULL, found), -EINVAL);
	patterns[1].len = 20;
	assert_int_equal(ng_batch_count(made.index, 2, patterns, &cancel, counts), -EINTR);
	assert_int_equal(ng_batch_find(made.index, 2, patterns, &cancel, found), -EINTR);
	assert_int_equal(counts[0], 42);
	assert_int_equal(found[0].lo, 42);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
