/* SPDX-License-Identifier: Apache-2.0 */
/* Near occurrences, by walking the text around those of what is rarer. */
#include "query/near_pair.h"
#include "query/row_walk.h"

/* Occurrences that a thread takes at a time. */
#define PART (8 * NG_BWT_CHAINS)

struct job {
	const struct ng_near_pair *pair;
	const struct ng_ranges *leads; /* around which it is walked */
	bool wanted_lead;              /* they are the occurrences that are wanted */
	struct ng_row_walk walk;
};

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The window of an occurrence whose document's number is the shard's. */
static int window_make(const struct job *job, const struct ng_shard *shard, uint64_t number,
		       const struct ng_match *match, struct ng_row_window *ret)
{
	uint64_t distance = job->pair->distance, begin, bytes;
	struct ng_row_window w = {.number = number, .begin = match->offset, .doc = match->doc};
	int r = ng_shard_doc_extent(shard, match->doc, &begin, &bytes);

	if (r)
		return r;
	w.end = w.begin + ng_ranges_at(job->leads, number)->bytes;
	if (w.end > bytes || bytes == 0)
		return ng_shard_damaged(shard);
	w.first = minus(w.begin, distance + job->walk.longest);
	w.last = ng_min(w.end + distance, bytes - 1);
	*ret = w;
	return 0;
}

/* Leads of one shard, n <= NG_BWT_CHAINS, that have been located. */
static int leads_judge(const struct job *job, uint32_t s, const uint64_t *numbers,
		       const struct ng_match *matches, unsigned n)
{
	const struct ng_index *index = job->pair->index;
	struct ng_row_window windows[NG_BWT_CHAINS];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < n; i++) {
		struct ng_match match = matches[i];

		match.doc -= index->first_doc[s];
		r = window_make(job, index->shards[s], numbers[i], &match, &windows[i]);
	}
	return r ? r : ng_row_walk_windows(&job->walk, s, windows, n);
}

/* Whether a lead, of which it is known where it is, is walked from. */
static bool is_led(const struct job *job, uint64_t number, uint64_t doc)
{
	return ng_near_has(job->pair->docs, doc) &&
	       (!job->wanted_lead || ng_near_has(job->pair->of, number));
}

/* Those of a part that are in one shard are walked together. */
static int part_walk(void *userdata, uint64_t part)
{
	const struct job *job = userdata;
	const struct ng_index *index = job->pair->index;
	struct ng_match matches[PART];
	uint64_t numbers[PART];
	size_t n = 0, kept = 0;
	int r = ng_ranges_locate(index, job->leads, part * PART, PART, job->pair->cancel, matches,
				 &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t number = part * PART + i;

		if (!is_led(job, number, matches[i].doc))
			continue;
		numbers[kept] = number;
		matches[kept++] = matches[i];
	}
	for (size_t i = 0, some; r == 0 && i < kept; i += some) {
		uint32_t s = ng_ranges_at(job->leads, numbers[i])->shard;

		for (some = 1; some < NG_BWT_CHAINS && i + some < kept; some++)
			if (ng_ranges_at(job->leads, numbers[i + some])->shard != s)
				break;
		if (ng_row_walk_has(&job->walk, s))
			r = leads_judge(job, s, numbers + i, matches + i, (unsigned)some);
	}
	return r;
}

int ng_near_walk(const struct ng_near_pair *pair)
{
	bool wanted_lead = pair->ranges->count <= pair->others->count;
	struct job job = {.pair = pair,
			  .leads = wanted_lead ? pair->ranges : pair->others,
			  .wanted_lead = wanted_lead,
			  .walk = {.index = pair->index,
				   .ranges = wanted_lead ? pair->others : pair->ranges,
				   .distance = pair->distance,
				   .wanted_windows = wanted_lead,
				   .bits = pair->bits,
				   .cancel = pair->cancel}};
	int r = ng_row_walk_begin(&job.walk);

	if (r == 0)
		r = ng_index_run(pair->index, ng_div_up(job.leads->count, (uint64_t)PART),
				 part_walk, &job);
	ng_row_walk_end(&job.walk);
	return r;
}
