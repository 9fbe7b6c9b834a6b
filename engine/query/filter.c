/* SPDX-License-Identifier: Apache-2.0 */
#include "query/filter.h"

#include "query/docs_walk.h"
#include "query/filter_docs.h"
#include "query/filter_keys.h"
#include "query/index_internal.h"
#include "query/near.h"

/* Occurrences that a thread takes at a time; of whole words of survivors' bits. */
#define PART 1024u

static int near_get(const struct ng_index *index, const struct ng_scope *scope,
		    const struct ng_ranges *ranges, struct ng_filter *filter,
		    const ng_cancel *cancel)
{
	XXH128_hash_t key = ng_key_of_ranges(scope->hash, NG_KEY_NEAR, ranges);
	struct ng_survivors near = {ng_cache_get(index->cache, key), ranges->count};
	int r = 0;

	if (!near.bits) {
		near.bits = ng_survivors_new(key, ranges->count);
		r = near.bits ? ng_near_find(index, ranges, scope, filter->docs, cancel, near.bits)
			      : -ENOMEM;
		if (r == 0) {
			ng_survivors_count(near.bits, near.n);
			ng_cache_put(index->cache, near.bits);
		}
	}
	if (r)
		ng_survivors_clear(&near);
	filter->near = near;
	return r;
}

int ng_filter_get(const struct ng_index *index, const struct ng_scope *scope,
		  const struct ng_ranges *ranges, const ng_cancel *cancel,
		  struct ng_filter *ret_filter)
{
	struct ng_filter filter = {0};
	int r = ranges ? ng_ranges_check(ranges, index) : 0;

	if (r == 0 && ng_scope_limits(scope)) {
		r = ng_filter_docs(index, scope, ranges, cancel, &filter.docs);
		if (r == 0 && scope->is_near && ranges)
			r = near_get(index, scope, ranges, &filter, cancel);
	}
	if (r) {
		ng_filter_clear(&filter);
		return r;
	}
	*ret_filter = filter;
	return 0;
}

void ng_filter_clear(struct ng_filter *filter)
{
	ng_cached_unref(filter->docs);
	filter->docs = NULL;
	ng_survivors_clear(&filter->near);
}

/* Occurrences whose numbers are looked up together. */
#define NUMBERS 256u

/* All that are near count. */
static int near_locate(const struct ng_index *index, const struct ng_ranges *ranges,
		       const struct ng_filter *filter, uint64_t first, size_t n,
		       const ng_cancel *cancel, struct ng_match *ret_matches, uint64_t *ret_numbers)
{
	int r = 0;

	for (size_t done = 0; r == 0 && done < n;) {
		size_t some = ng_min(n - done, (size_t)NUMBERS);
		uint64_t numbers[NUMBERS];

		for (size_t i = 0; i < some; i++)
			numbers[i] = ng_survivors_at(&filter->near, first + done + i);
		r = ng_ranges_locate_at(index, ranges, some, numbers, cancel, ret_matches + done);
		if (ret_numbers)
			memcpy(ret_numbers + done, numbers, some * sizeof(*numbers));
		done += some;
	}
	return r;
}

int ng_filter_locate(const struct ng_index *index, const struct ng_ranges *ranges,
		     const struct ng_filter *filter, uint64_t first, size_t n,
		     const ng_cancel *cancel, struct ng_match *ret_matches, uint64_t *ret_numbers,
		     size_t *ret_n)
{
	uint64_t most = ng_filter_most(filter, ranges);
	size_t got = 0, kept = 0;
	int r;

	if (filter->near.bits) {
		n = first < most ? (size_t)ng_min((uint64_t)n, most - first) : 0;
		r = near_locate(index, ranges, filter, first, n, cancel, ret_matches, ret_numbers);
		if (r == 0)
			*ret_n = n;
		return r;
	}
	r = ng_ranges_locate(index, ranges, first, n, cancel, ret_matches, &got);
	if (r)
		return r;
	for (size_t i = 0; i < got; i++) {
		if (!ng_filter_has(filter, ret_matches[i].doc))
			continue;
		if (ret_numbers)
			ret_numbers[kept] = first + i;
		ret_matches[kept++] = ret_matches[i];
	}
	*ret_n = kept;
	return 0;
}

_Static_assert(PART % 512 == 0, "no two parts write to one word");

struct surviving {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const struct ng_filter *filter;
	const ng_cancel *cancel;
	struct ng_cached *bits;
};

static int part_survive(void *userdata, uint64_t part)
{
	const struct surviving *s = userdata;
	struct ng_match matches[PART];
	uint64_t numbers[PART];
	size_t n = 0;
	int r = ng_filter_locate(s->index, s->ranges, s->filter, part * PART, PART, s->cancel,
				 matches, numbers, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		s->bits->words[numbers[i] / 64] |= 1ull << numbers[i] % 64;
	return r;
}

int ng_filter_narrow(const struct ng_index *index, const struct ng_ranges *ranges,
		     const struct ng_scope *scope, const ng_cancel *cancel,
		     struct ng_filter *filter)
{
	ng_cleanup(ng_cached_unrefp) struct ng_cached *bits = NULL;
	XXH128_hash_t key;
	bool better = false;
	int r;

	if (!filter->docs || filter->near.bits)
		return 0;
	key = ng_key_of_ranges(scope->hash, NG_KEY_SURVIVORS, ranges);
	bits = ng_cache_get(index->cache, key);
	if (!bits) {
		r = ng_docs_walk_is_better(index, ranges, filter->docs, &better);
		if (r || !better)
			return r;
		bits = ng_survivors_new(key, ranges->count);
		if (!bits)
			return -ENOMEM;
		r = ng_docs_walk(index, ranges, filter->docs, cancel, bits);
		if (r)
			return r;
		ng_survivors_keep(index, ranges, bits);
	}
	filter->near = (struct ng_survivors){ng_steal_ptr(&bits), ranges->count};
	return 0;
}

int ng_survivors_get(const struct ng_index *index, const struct ng_ranges *ranges,
		     const struct ng_scope *scope, const ng_cancel *cancel,
		     struct ng_survivors *ret_survivors)
{
	ng_cleanup(ng_cached_unrefp) struct ng_cached *bits = NULL;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	struct surviving s = {index, ranges, &filter, cancel, NULL};
	XXH128_hash_t key;
	int r = ng_ranges_check(ranges, index);

	if (r < 0)
		return r;
	key = ng_key_of_ranges(scope->hash, NG_KEY_SURVIVORS, ranges);
	bits = ng_cache_get(index->cache, key);
	if (!bits) {
		r = ng_filter_get(index, scope, ranges, cancel, &filter);
		if (r == 0)
			r = ng_filter_narrow(index, ranges, scope, cancel, &filter);
		if (r)
			return r;
		if (filter.near.bits) {
			*ret_survivors = filter.near;
			filter.near.bits = NULL;
			return 0;
		}
		/* Not before: it may be large. */
		bits = ng_survivors_new(key, ranges->count);
		if (!bits)
			return -ENOMEM;
		s.bits = bits;
		r = ng_index_run(index, ng_div_up(ranges->count, (uint64_t)PART), part_survive, &s);
		if (r)
			return r;
		ng_survivors_keep(index, ranges, bits);
	}
	*ret_survivors = (struct ng_survivors){ng_steal_ptr(&bits), ranges->count};
	return 0;
}
