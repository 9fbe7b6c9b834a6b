/* SPDX-License-Identifier: Apache-2.0 */
#include "query/docs_walk.h"

#include "query/row_walk.h"

/* Pieces of documents that a thread walks at a time: those of several documents, and a long one by
 * several threads. */
#define PART (8 * NG_BWT_CHAINS)

/* Documents that are walked at most, since each takes memory. */
#define DOCS_MAX (1u << 20)

/* A document, as pieces between samples. */
struct walked {
	uint32_t shard;
	uint64_t doc, bytes; /* in its shard */
	uint64_t first;      /* pieces of the documents before */
};

struct job {
	const struct ng_index *index;
	struct ng_row_walk walk;
	struct walked *docs; /* [n + 1] */
	size_t n;
};

/* The next document from *number on that has a bit, which *number is then: its shard, which *s
 * isn't behind, and its bytes. 1, or 0: there is none. */
static int doc_next(const struct ng_index *index, const struct ng_cached *docs, uint64_t *number,
		    uint32_t *s, uint64_t *ret_bytes)
{
	uint64_t begin, numbers = index->stats.numbers;
	int r;

	while (*number < numbers && !(docs->words[*number / 64] >> *number % 64))
		*number = (*number / 64 + 1) * 64;
	if (*number >= numbers)
		return 0;
	*number += (uint64_t)__builtin_ctzll(docs->words[*number / 64] >> *number % 64);
	while (*number >= index->first_doc[*s + 1])
		++*s;
	r = ng_shard_doc_extent(index->shards[*s], *number - index->first_doc[*s], &begin,
				ret_bytes);
	return r < 0 ? r : 1;
}

int ng_docs_walk_is_better(const struct ng_index *index, const struct ng_ranges *ranges,
			   const struct ng_cached *docs, bool *ret_better)
{
	uint64_t rate = ng_max(index->stats.sa_sampling, 2u), bytes, number = 0, steps = 0, most;
	uint32_t s = 0;
	int r = 0;

	/* A step takes as long as one of locating and a quarter. */
	if (__builtin_mul_overflow(ranges->count, rate / 2, &most))
		most = UINT64_MAX;
	most -= most / 5;
	*ret_better = false;
	if (docs->count > DOCS_MAX || docs->count * rate >= most)
		return 0;
	while (steps < most && (r = doc_next(index, docs, &number, &s, &bytes)) > 0) {
		steps += bytes + rate;
		number++;
	}
	if (r == 0)
		*ret_better = steps < most;
	return ng_min(r, 0);
}

static int docs_list(struct job *job, const struct ng_cached *docs)
{
	uint64_t number = 0, bytes, rate = 0, pieces = 0;
	uint32_t s = 0;
	int r;

	job->docs = calloc(docs->count + 1, sizeof(*job->docs));
	if (!job->docs)
		return -ENOMEM;
	while ((r = doc_next(job->index, docs, &number, &s, &bytes)) > 0) {
		rate = job->index->shards[s]->params.sa_rate;
		if (ng_row_walk_has(&job->walk, s) && job->n < docs->count) {
			job->docs[job->n++] = (struct walked){s, number - job->index->first_doc[s],
							      bytes, pieces};
			pieces += ng_div_up(bytes, rate);
		}
		number++;
	}
	job->docs[job->n].first = pieces;
	return r;
}

/* The document that a piece is of. */
static size_t doc_of(const struct job *job, uint64_t piece)
{
	size_t lo = 0, hi = job->n;

	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (job->docs[middle].first <= piece)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

/* Pieces [first, first + n) that are of the shard of the first of them, NG_BWT_CHAINS of them at
 * most: how many; they are windows then. */
static unsigned pieces_take(const struct job *job, uint64_t first, uint64_t n,
			    struct ng_row_window *windows)
{
	size_t d = doc_of(job, first);
	uint32_t s = job->docs[d].shard;
	uint64_t rate = job->index->shards[s]->params.sa_rate;
	unsigned taken = 0;

	for (; taken < n && taken < NG_BWT_CHAINS; taken++) {
		const struct walked *doc;
		uint64_t from;

		/* Empty documents have no pieces. */
		while (first + taken >= job->docs[d + 1].first)
			d++;
		doc = &job->docs[d];
		if (doc->shard != s)
			break;
		from = (first + taken - doc->first) * rate;
		windows[taken] = (struct ng_row_window){.end = doc->bytes,
							.first = from,
							.last = ng_min(from + rate, doc->bytes) - 1,
							.doc = doc->doc};
	}
	return taken;
}

static int part_walk(void *userdata, uint64_t part)
{
	const struct job *job = userdata;
	uint64_t at = part * PART, end = ng_min(at + PART, job->docs[job->n].first);
	int r = 0;

	while (r == 0 && at < end) {
		struct ng_row_window windows[NG_BWT_CHAINS];
		uint32_t s = job->docs[doc_of(job, at)].shard;
		unsigned n = pieces_take(job, at, end - at, windows);

		r = ng_row_walk_windows(&job->walk, s, windows, n);
		at += n;
	}
	return r;
}

int ng_docs_walk(const struct ng_index *index, const struct ng_ranges *ranges,
		 const struct ng_cached *docs, const ng_cancel *cancel, struct ng_cached *bits)
{
	struct job job = {
		.index = index,
		.walk = {.index = index, .ranges = ranges, .bits = bits, .cancel = cancel}};
	int r = ng_row_walk_begin(&job.walk);

	if (r == 0)
		r = docs_list(&job, docs);
	if (r == 0)
		r = ng_index_run(index, ng_div_up(job.docs[job.n].first, (uint64_t)PART), part_walk,
				 &job);
	free(job.docs);
	ng_row_walk_end(&job.walk);
	return r;
}
