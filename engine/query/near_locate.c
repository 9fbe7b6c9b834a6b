/* SPDX-License-Identifier: Apache-2.0 */
/* Near occurrences, by locating all of both kinds: the places of what is rarer are sorted, as many
 * at a time as there is room for, and around each place of the others it is looked for them. */
#include "query/near_pair.h"
#include "query/survivors.h"

/* Occurrences that a thread takes at a time; of whole words of bits. */
#define PART 1024u

_Static_assert(PART % 64 == 0, "no two parts write to one word");

struct spot {
	uint64_t doc, offset;
	uint64_t number; /* of the occurrence */
};

#define NO_DOC UINT64_MAX /* a spot that doesn't count; behind all others */

struct job {
	const struct ng_near_pair *pair;
	const struct ng_ranges *kept,
		*passing;           /* what is in memory; what is looked at one by one */
	bool wanted_kept;           /* the kept ones are those that are wanted */
	uint64_t shortest, longest; /* bytes of those that are kept */
	uint64_t first;             /* of them, the first that is in memory now */
	struct spot *spots;
	size_t n;
};

/* Whether it counts that an occurrence is near others. */
static bool counts(const struct job *job, bool is_wanted, uint64_t number, uint64_t doc)
{
	return ng_near_has(job->pair->docs, doc) &&
	       (!is_wanted || ng_near_has(job->pair->of, number));
}

static int part_keep(void *userdata, uint64_t part)
{
	const struct job *job = userdata;
	const struct ng_near_pair *pair = job->pair;
	struct ng_match matches[PART];
	uint64_t first = job->first + part * PART;
	struct spot *spots = job->spots + part * PART;
	size_t n = 0;
	int r = ng_ranges_locate(pair->index, job->kept, first,
				 (size_t)ng_min(job->n - part * PART, (uint64_t)PART), pair->cancel,
				 matches, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t number = first + i, doc = matches[i].doc;

		if (!counts(job, job->wanted_kept, number, doc))
			doc = NO_DOC;
		spots[i] = (struct spot){doc, matches[i].offset, number};
	}
	return r;
}

static int by_place(const void *pa, const void *pb)
{
	const struct spot *a = pa, *b = pb;

	if (a->doc != b->doc)
		return a->doc < b->doc ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* The first spot that isn't before doc and offset. */
static size_t lower_bound(const struct job *job, uint64_t doc, uint64_t offset)
{
	size_t lo = 0, hi = job->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const struct spot *spot = &job->spots[middle];

		if (spot->doc < doc || (spot->doc == doc && spot->offset < offset))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* As many of those that are kept, from job->first on, as there is room for. */
static int spots_find(struct job *job)
{
	int r;

	job->n = (size_t)ng_min(job->kept->count - job->first, (uint64_t)job->pair->together);
	r = ng_index_run(job->pair->index, ng_div_up(job->n, (size_t)PART), part_keep, job);
	if (r == 0) {
		qsort(job->spots, job->n, sizeof(*job->spots), by_place);
		job->n = lower_bound(job, NO_DOC, 0);
	}
	return r;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void set_bit(struct ng_cached *bits, uint64_t number)
{
	uint64_t bit = 1ull << number % 64, *word = &bits->words[number / 64];

	if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
}

static uint64_t spot_bytes(const struct job *job, const struct spot *spot)
{
	return job->longest > job->shortest ? ng_ranges_at(job->kept, spot->number)->bytes
					    : job->longest;
}

/* Look at the spots near the text [begin, end): whether there is one, where the bits aren't
 * theirs. */
static bool look_around(const struct job *job, uint64_t doc, uint64_t begin, uint64_t end)
{
	uint64_t distance = job->pair->distance, from_end = minus(begin, distance);

	for (size_t i = lower_bound(job, doc, minus(from_end, job->longest)); i < job->n; i++) {
		const struct spot *spot = &job->spots[i];

		if (spot->doc != doc || spot->offset > end + distance)
			break;
		if (spot->offset + spot_bytes(job, spot) < from_end)
			continue;
		if (!job->wanted_kept)
			return true;
		set_bit(job->pair->bits, spot->number);
	}
	return false;
}

static int part_pass(void *userdata, uint64_t part)
{
	const struct job *job = userdata;
	const struct ng_near_pair *pair = job->pair;
	struct ng_match matches[PART];
	uint64_t first = part * PART;
	size_t n = 0;
	int r = ng_ranges_locate(pair->index, job->passing, first, PART, pair->cancel, matches, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct ng_match *match = &matches[i];
		uint64_t number = first + i;
		uint64_t bytes = ng_ranges_at(job->passing, number)->bytes;

		if (counts(job, !job->wanted_kept, number, match->doc) &&
		    look_around(job, match->doc, match->offset, match->offset + bytes))
			pair->bits->words[number / 64] |= 1ull << number % 64;
	}
	return r;
}

int ng_near_locate(const struct ng_near_pair *pair)
{
	bool wanted_kept = pair->ranges->count <= pair->others->count;
	struct job job = {.pair = pair,
			  .kept = wanted_kept ? pair->ranges : pair->others,
			  .passing = wanted_kept ? pair->others : pair->ranges,
			  .wanted_kept = wanted_kept,
			  .shortest = UINT64_MAX};
	uint64_t parts = ng_div_up(job.passing->count, (uint64_t)PART);
	int r = 0;

	for (size_t i = 0; i < job.kept->n; i++)
		job.shortest = ng_min(job.shortest, job.kept->list[i].bytes);
	job.longest = ng_near_longest(job.kept);
	job.spots = calloc((size_t)ng_min(job.kept->count, (uint64_t)pair->together) + 1,
			   sizeof(*job.spots));
	if (!job.spots)
		return -ENOMEM;
	for (; r == 0 && job.first < job.kept->count; job.first += pair->together) {
		r = spots_find(&job);
		if (r == 0 && job.n)
			r = ng_index_run(pair->index, parts, part_pass, &job);
	}
	free(job.spots);
	return r;
}
