/* SPDX-License-Identifier: Apache-2.0 */
/* Both ways to find near occurrences, with room for few of them, against all pairs compared. */
#include "indexmake.h"
#include "query/find.h"
#include "query/near_pair.h"
#include "query/survivors.h"

struct spots {
	struct ng_ranges ranges;
	struct ng_match *list;
};

static void spots_find(const struct ng_index *index, const char *text, unsigned fold,
		       struct spots *s)
{
	const struct ng_query query = {
		.bytes = (const uint8_t *)text, .len = strlen(text), .fold = fold};
	size_t n = 0;

	*s = (struct spots){.ranges = NG_RANGES_INIT};
	assert_int_equal(ng_query_find(index, &query, NULL, &s->ranges), 0);
	s->list = calloc(s->ranges.count + 1, sizeof(*s->list));
	assert_non_null(s->list);
	assert_int_equal(ng_ranges_locate(index, &s->ranges, 0, s->ranges.count, NULL, s->list, &n),
			 0);
	assert_int_equal(n, s->ranges.count);
}

static void spots_clear(struct spots *s)
{
	ng_ranges_clear(&s->ranges);
	free(s->list);
}

static bool are_near(const struct spots *a, uint64_t i, const struct spots *b, uint64_t k,
		     uint64_t distance)
{
	uint64_t a_end = a->list[i].offset + ng_ranges_at(&a->ranges, i)->bytes;
	uint64_t b_end = b->list[k].offset + ng_ranges_at(&b->ranges, k)->bytes;

	return a->list[i].doc == b->list[k].doc && b->list[k].offset <= a_end + distance &&
	       a->list[i].offset <= b_end + distance;
}

static bool has_near(const struct spots *a, uint64_t i, const struct spots *b, uint64_t distance)
{
	for (uint64_t k = 0; k < b->ranges.count; k++)
		if (are_near(a, i, b, k, distance))
			return true;
	return false;
}

static struct ng_cached *random_bits(uint64_t *rng, uint64_t n)
{
	struct ng_cached *bits = ng_survivors_new((XXH128_hash_t){0, 0}, n);

	assert_non_null(bits);
	for (uint64_t i = 0; i < n; i++)
		if (scratch_random(rng) % 3)
			bits->words[i / 64] |= 1ull << i % 64;
	return bits;
}

static void check(const struct ng_near_pair *pair, const struct spots *a, const struct spots *b)
{
	static const size_t together[] = {1, 3, 70, NG_NEAR_TOGETHER};

	for (size_t way = 0; way <= ng_array_size(together); way++) {
		struct ng_near_pair p = *pair;

		p.bits = ng_survivors_new((XXH128_hash_t){0, 0}, a->ranges.count);
		assert_non_null(p.bits);
		p.together = way ? together[way - 1] : 1;
		assert_int_equal(way ? ng_near_locate(&p) : ng_near_walk(&p), 0);
		for (uint64_t i = 0; i < a->ranges.count; i++) {
			bool counts = ng_near_has(p.docs, a->list[i].doc) && ng_near_has(p.of, i);

			if (ng_near_has(p.of, i))
				assert_int_equal(ng_near_has(p.bits, i),
						 counts && has_near(a, i, b, p.distance));
		}
		ng_cached_unref(p.bits);
	}
}

/* Strings that are rare and frequent, of one length and of several. */
static void check_index(const struct ng_index *index, uint64_t docs, uint64_t *rng)
{
	static const char *const strings[] = {"a", "ab", "b a", "bab", "aab a"};
	static const unsigned folds[] = {0, NG_FOLD_SPACE, NG_QUERY_WORD};
	static const uint64_t distances[] = {0, 2, 30, 4000};

	for (unsigned i = 0; i < 24; i++) {
		unsigned fold = folds[i % ng_array_size(folds)];
		struct spots a, b;
		struct ng_near_pair pair = {.index = index};

		spots_find(index, strings[scratch_random(rng) % ng_array_size(strings)], fold, &a);
		spots_find(index, strings[scratch_random(rng) % ng_array_size(strings)], fold, &b);
		pair.ranges = &a.ranges;
		pair.others = &b.ranges;
		pair.distance = distances[scratch_random(rng) % ng_array_size(distances)];
		pair.docs = i % 4 ? random_bits(rng, docs) : NULL;
		pair.of = i % 5 ? random_bits(rng, a.ranges.count) : NULL;
		if (a.ranges.count && b.ranges.count)
			check(&pair, &a, &b);
		ng_cached_unref((struct ng_cached *)pair.docs);
		ng_cached_unref((struct ng_cached *)pair.of);
		spots_clear(&a);
		spots_clear(&b);
	}
}

static void test_ways(void **state)
{
	static const struct ng_build_options options[] = {
		{.threads = 1}, {.threads = 2, .shard_bytes = 700, .sa_sampling = 4}};
	static const char letters[] = "aab  b\n";
	struct naive c = {.name = "near"};
	uint64_t rng = naive_seed();
	uint8_t text[900];

	for (unsigned d = 0; d < 25; d++) {
		size_t len = d ? scratch_random(&rng) % 90 : sizeof(text);

		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)letters[scratch_random(&rng) % (sizeof(letters) - 1)];
		naive_add(&c, text, len);
	}
	for (size_t i = 0; i < ng_array_size(options); i++) {
		struct made_index made;

		made_index_new(&c, &options[i], &made);
		check_index(made.index, c.docs, &rng);
		made_index_free(&made);
	}
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
