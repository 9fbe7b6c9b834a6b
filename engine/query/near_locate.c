/* SPDX-License-Identifier: Apache-2.0 */
/* Near occurrences, by locating all of both kinds: the places of the others are sorted, as many at
 * a time as there is room for, and each of those wanted is looked for among them. */
#include "query/near_pair.h"
#include "query/places.h"
#include "query/survivors.h"

/* Others whose places are in memory: 24 MiB. */
#define TOGETHER (1u << 20)

/* Occurrences that a thread takes at a time; of whole words of bits. */
#define PART 1024u

_Static_assert(PART % 64 == 0, "no two parts write to one word");

struct job {
	const struct ng_near_pair *pair;
	struct ng_places others;
	uint64_t shortest, longest; /* bytes of others */
};

/* The first place that isn't before doc and offset. */
static size_t lower_bound(const struct ng_places *places, uint64_t doc, uint64_t offset)
{
	size_t lo = 0, hi = places->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const struct ng_place *place = &places->list[middle];

		if (place->doc < doc || (place->doc == doc && place->offset < offset))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Whether another begins within [from, end] and ends no earlier than `from_end`. */
static bool has_other(const struct job *job, uint64_t doc, uint64_t from, uint64_t end,
		      uint64_t from_end)
{
	const struct ng_places *others = &job->others;

	for (size_t i = lower_bound(others, doc, from); i < others->n; i++) {
		const struct ng_place *other = &others->list[i];

		if (other->doc != doc || other->offset > end)
			return false;
		if (other->offset + other->bytes >= from_end)
			return true;
	}
	return false;
}

/* Whether one is near the text [begin, end). */
static bool is_near(const struct job *job, uint64_t doc, uint64_t begin, uint64_t end)
{
	uint64_t distance = job->pair->distance, from_end = minus(begin, distance);
	uint64_t sure = minus(from_end, job->shortest);

	/* Most often this settles it; what begins before is near only if it is long. */
	return has_other(job, doc, sure, end + distance, from_end) ||
	       (sure && job->longest > job->shortest &&
		has_other(job, doc, minus(from_end, job->longest), sure, from_end));
}

static int part_judge(void *userdata, uint64_t part)
{
	const struct job *job = userdata;
	const struct ng_near_pair *pair = job->pair;
	struct ng_match matches[PART];
	uint64_t first = part * PART;
	size_t n = 0;
	int r = ng_ranges_locate(pair->index, pair->ranges, first, PART, pair->cancel, matches, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct ng_match *match = &matches[i];
		uint64_t number = first + i;
		uint64_t bytes = ng_ranges_at(pair->ranges, number)->bytes;

		if (ng_near_has(pair->docs, match->doc) && ng_near_has(pair->of, number) &&
		    is_near(job, match->doc, match->offset, match->offset + bytes))
			pair->bits->words[number / 64] |= 1ull << number % 64;
	}
	return r;
}

/* Occurrences [first, first + n) of ranges, as ranges. */
static int cut(const struct ng_ranges *ranges, uint64_t first, uint64_t n,
	       struct ng_ranges *ret_ranges)
{
	struct ng_ranges some = {.list = calloc(ranges->n + 1, sizeof(*some.list))};

	if (!some.list)
		return -ENOMEM;
	for (size_t i = 0; i < ranges->n; i++) {
		struct ng_range range = ranges->list[i];
		uint64_t end = range.first + (range.hi - range.lo);
		uint64_t from = ng_max(first, range.first), to = ng_min(first + n, end);

		if (from >= to)
			continue;
		range.hi = range.lo + (to - range.first);
		range.lo += from - range.first;
		range.first = some.count;
		some.count += to - from;
		some.list[some.n++] = range;
	}
	*ret_ranges = some;
	return 0;
}

int ng_near_locate(const struct ng_near_pair *pair)
{
	struct job job = {.pair = pair, .shortest = UINT64_MAX};
	uint64_t parts = ng_div_up(pair->ranges->count, (uint64_t)PART);
	int r = 0;

	for (size_t i = 0; i < pair->others->n; i++)
		job.shortest = ng_min(job.shortest, pair->others->list[i].bytes);
	job.longest = ng_near_longest(pair->others);
	for (uint64_t first = 0; r == 0 && first < pair->others->count; first += TOGETHER) {
		ng_cleanup(ng_ranges_clear) struct ng_ranges some = NG_RANGES_INIT;

		r = cut(pair->others, first, TOGETHER, &some);
		if (r == 0)
			r = ng_places_find(pair->index, &some, 1, TOGETHER, NULL, pair->cancel,
					   &job.others);
		if (r == 0)
			r = ng_index_run(pair->index, parts, part_judge, &job);
		ng_places_clear(&job.others);
	}
	return r;
}
