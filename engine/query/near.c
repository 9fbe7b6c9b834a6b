/* SPDX-License-Identifier: Apache-2.0 */
#include "query/near.h"

#include "query/find.h"
#include "query/near_pair.h"

/* Steps of a walk, beside those for each byte, in units of the sampling: to find the place, and a
 * row near it. A step of a walk takes as long as one of locating and some more. */
#define WALK_SAMPLINGS 2u

static bool is_better_walked(const struct ng_near_pair *pair)
{
	uint64_t rate = ng_max(pair->index->stats.sa_sampling, 2u);
	uint64_t few = ng_min(pair->ranges->count, pair->others->count);
	uint64_t steps = 2 * pair->distance + ng_near_longest(pair->ranges) +
			 ng_near_longest(pair->others) + WALK_SAMPLINGS * rate;
	uint64_t many = ng_max(pair->ranges->count, pair->others->count), walk, locate;

	if (__builtin_mul_overflow(few, steps, &walk))
		return false;
	/* As often as what is rarer doesn't fit into memory. */
	if (__builtin_mul_overflow(many, ng_div_up(few, (uint64_t)pair->together), &locate))
		return true;
	return walk / (rate / 2) <= few + locate;
}

/* The occurrences of the strings, rarest first. */
struct strings {
	struct ng_ranges of[NG_SCOPE_STRINGS_MAX];
	size_t n;
};

static void strings_clear(struct strings *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		ng_ranges_clear(&strings->of[i]);
}

static int by_count(const void *pa, const void *pb)
{
	const struct ng_ranges *a = pa, *b = pb;

	return (a->count > b->count) - (a->count < b->count);
}

static int strings_find(const struct ng_index *index, const struct ng_scope *scope,
			const ng_cancel *cancel, struct strings *strings)
{
	for (; strings->n < scope->also.n; strings->n++) {
		const struct ng_query query = ng_scope_query(scope, &scope->also.list[strings->n]);
		int r = ng_query_find(index, &query, cancel, &strings->of[strings->n]);

		if (r)
			return r;
	}
	qsort(strings->of, strings->n, sizeof(*strings->of), by_count);
	return 0;
}

static uint64_t words_of(uint64_t n)
{
	return ng_div_up(n, 64);
}

/* Those of pair->of that are near one of the others; whether there are any. */
static int pair_find(struct ng_near_pair *pair, struct ng_cached *bits, bool *ret_any)
{
	uint64_t words = words_of(pair->ranges->count), any = 0;
	ng_cleanup(ng_cached_unrefp) struct ng_cached *found =
		ng_survivors_new((XXH128_hash_t){0, 0}, pair->ranges->count);
	int r;

	if (!found)
		return -ENOMEM;
	pair->bits = found;
	r = is_better_walked(pair) ? ng_near_walk(pair) : ng_near_locate(pair);
	for (uint64_t i = 0; r == 0 && i < words; i++) {
		bits->words[i] = found->words[i] & (pair->of ? bits->words[i] : UINT64_MAX);
		any |= bits->words[i];
	}
	pair->of = bits;
	*ret_any = any;
	return r;
}

int ng_near_find(const struct ng_index *index, const struct ng_ranges *ranges,
		 const struct ng_scope *scope, const struct ng_cached *docs,
		 const ng_cancel *cancel, struct ng_cached *bits)
{
	ng_cleanup(strings_clear) struct strings strings = {.n = 0};
	struct ng_near_pair pair = {.index = index,
				    .ranges = ranges,
				    .distance = scope->near,
				    .together = NG_NEAR_TOGETHER,
				    .docs = docs,
				    .cancel = cancel};
	bool any = ranges->count > 0;
	int r = any ? strings_find(index, scope, cancel, &strings) : 0;

	for (size_t i = 0; r == 0 && any && i < strings.n; i++) {
		pair.others = &strings.of[i];
		r = pair_find(&pair, bits, &any);
	}
	return r;
}
