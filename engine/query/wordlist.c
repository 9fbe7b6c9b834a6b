/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the tree of what words begin with, in the order of bytes. Where what is below a node
 * is little, all of it is counted at once; otherwise the word that ends there, if it is one, comes
 * first, and then all that go on with a byte more. */
#include "query/wordlist.h"

#include <pthread.h>

#include "query/batch.h"
#include "query/ranges.h"
#include "query/word.h"
#include "query/word_find.h"
#include "query/word_follow.h"
#include "query/word_left.h"

/* Rows of what begins with the same that are counted at once. */
#define ROWS_MOST (1u << 20)

/* Where words must occur that often, each is counted by itself. */
#define MIN_SEARCHED 64u

/* Rows that a thread takes at a time. */
#define PART 16384u

/* Of the node at depth d, which words begin with that have d bytes of the prefix: the rows of those
 * with one byte more, and which of them is next. */
struct level {
	uint64_t counts[256];
	unsigned next;
};

struct ng_wordlist {
	const struct ng_index *index;
	uint64_t min;
	struct level *levels; /* [depth + 1] */
	size_t cap;
	size_t depth;
	bool begun;
	uint8_t prefix[NG_WORD_BYTES_MAX];
	struct ng_word_counts words; /* given last */
};

int ng_wordlist_new(const struct ng_index *index, uint64_t min_count, struct ng_wordlist **ret_list)
{
	struct ng_wordlist *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->index = index;
	list->min = min_count;
	*ret_list = list;
	return 0;
}

struct ng_wordlist *ng_wordlist_free(struct ng_wordlist *list)
{
	if (!list)
		return NULL;
	ng_word_counts_clear(&list->words);
	free(list->levels);
	free(list);
	return NULL;
}

/* ---- all words that begin with something ---- */

struct part {
	const struct ng_range *range;
	uint64_t lo, hi;
};

struct job {
	const struct ng_index *index;
	const uint8_t *prefix;
	size_t len;
	const ng_cancel *cancel;
	struct ng_interval *by_shard;
	struct ng_word_ranges_found *found; /* one a shard */
	struct part *parts;
	size_t n_parts;
	pthread_mutex_t lock; /* of words */
	struct ng_word_counts *words;
};

static int shard_left(void *userdata, uint64_t s)
{
	const struct job *job = userdata;

	return ng_shard_result(job->index->shards[s],
			       ng_word_left(job->index, (uint32_t)s, &job->by_shard[s], 1, job->len,
					    job->cancel, &job->found[s]));
}

static int part_count(void *userdata, uint64_t i)
{
	struct job *job = userdata;
	const struct part *part = &job->parts[i];
	struct ng_word_counts words = NG_WORD_COUNTS_INIT;
	int r = ng_word_follow(job->index->shards[part->range->shard], part->lo, part->hi,
			       part->range->lead_bytes, part->range->lead, true, job->cancel,
			       &words);

	if (r == 0) {
		pthread_mutex_lock(&job->lock);
		r = ng_word_counts_join(job->words, &words);
		pthread_mutex_unlock(&job->lock);
	}
	ng_word_counts_clear(&words);
	return r;
}

/* Rows of the same range, those of one word most often together. */
static int parts_make(struct job *job)
{
	size_t n = 0;

	for (uint32_t s = 0; s < job->index->n_shards; s++)
		for (size_t i = 0; i < job->found[s].n; i++)
			n += ng_div_up(job->found[s].list[i].hi - job->found[s].list[i].lo,
				       (uint64_t)PART);
	job->parts = calloc(n + 1, sizeof(*job->parts));
	if (!job->parts)
		return -ENOMEM;
	for (uint32_t s = 0; s < job->index->n_shards; s++) {
		for (size_t i = 0; i < job->found[s].n; i++) {
			const struct ng_range *range = &job->found[s].list[i];

			for (uint64_t lo = range->lo; lo < range->hi; lo += PART)
				job->parts[job->n_parts++] =
					(struct part){range, lo, ng_min(lo + PART, range->hi)};
		}
	}
	return 0;
}

static int job_run(struct job *job)
{
	const struct ng_index *index = job->index;
	int r = ng_find(index, job->prefix, job->len, job->cancel, job->by_shard);

	if (r == 0)
		r = ng_index_run(index, index->n_shards, shard_left, job);
	if (r == 0)
		r = parts_make(job);
	return r ? r : ng_index_run(index, job->n_parts, part_count, job);
}

/* Count all words that begin with prefix[0..len-1]. */
static int words_count(const struct ng_wordlist *list, size_t len, const ng_cancel *cancel,
		       struct ng_word_counts *words)
{
	const struct ng_index *index = list->index;
	struct job job = {.index = index,
			  .prefix = list->prefix,
			  .len = len,
			  .cancel = cancel,
			  .words = words};
	int r;

	job.by_shard = calloc(index->n_shards + 1, sizeof(*job.by_shard));
	job.found = calloc(index->n_shards + 1, sizeof(*job.found));
	pthread_mutex_init(&job.lock, NULL);
	r = job.by_shard && job.found ? job_run(&job) : -ENOMEM;
	pthread_mutex_destroy(&job.lock);
	for (uint32_t s = 0; job.found && s < index->n_shards; s++)
		free(job.found[s].list);
	free(job.found);
	free(job.by_shard);
	free(job.parts);
	return r;
}

/* ---- the tree ---- */

/* Whether prefix[0..len-1], of which len - 1 bytes may begin a word, may, too. *ret_whole: it is
 * whole characters. */
static bool may_begin(const uint8_t *prefix, size_t len, bool *ret_whole)
{
	size_t at = 0;
	uint8_t low[4], high[4];
	unsigned all;

	while (at < len && ng_utf8_len(prefix + at, prefix + len))
		at += ng_utf8_len(prefix + at, prefix + len);
	*ret_whole = at == len;
	if (*ret_whole)
		return ng_word_before(prefix, prefix + len);
	all = ng_utf8_promised(prefix[at]);
	if (all < 2 || len - at >= all)
		return false;
	for (size_t i = at + 1; i < len; i++)
		if (i == at + 1 ? !ng_utf8_follows(prefix[at], prefix[i])
				: !ng_utf8_continues(prefix[i]))
			return false;
	memset(low, 0x80, sizeof(low));
	memset(high, 0xbf, sizeof(high));
	memcpy(low, prefix + at, len - at);
	memcpy(high, prefix + at, len - at);
	while (len - at == 1 && !ng_utf8_follows(low[0], low[1]))
		low[1]++;
	while (len - at == 1 && !ng_utf8_follows(high[0], high[1]))
		high[1]--;
	return ng_word_span(ng_utf8_get(low, all), ng_utf8_get(high, all)) != NG_WORD_NONE;
}

/* The rows of all that go on with a byte from prefix[0..depth-1]. */
static int level_fill(struct ng_wordlist *list, const ng_cancel *cancel)
{
	size_t len = list->depth + 1, n = 0;
	ng_cleanup(ng_freep) uint8_t *text = malloc(256 * len);
	struct ng_pattern patterns[256];
	uint64_t counts[256];
	uint8_t bytes[256];
	int r;

	if (!text)
		return -ENOMEM;
	if (list->depth >= list->cap) {
		size_t cap = ng_max(2 * list->cap, (size_t)16);
		struct level *grown = reallocarray(list->levels, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->levels = grown;
		list->cap = cap;
	}
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t *pat = text + n * len;
		bool whole;

		memcpy(pat, list->prefix, list->depth);
		pat[list->depth] = (uint8_t)byte;
		if (!may_begin(pat, len, &whole))
			continue;
		bytes[n] = (uint8_t)byte;
		patterns[n++] = (struct ng_pattern){pat, len};
	}
	r = ng_batch_count(list->index, n, patterns, cancel, counts);
	if (r)
		return r;
	list->levels[list->depth] = (struct level){.next = 0};
	for (size_t i = 0; i < n; i++)
		list->levels[list->depth].counts[bytes[i]] = counts[i];
	return 0;
}

/* The word that is prefix[0..len-1], added to the words if it occurs often enough. */
static int word_count(struct ng_wordlist *list, size_t len, const ng_cancel *cancel)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	uint64_t count = 0;
	int r = ng_ranges_find(list->index, list->prefix, len, cancel, &ranges);

	if (r == 0)
		r = ng_word_find(list->index, &ranges, list->prefix, len, cancel, NULL, &count);
	if (r == 0 && count >= list->min)
		r = ng_word_counts_add(&list->words, list->prefix, len, count);
	return r;
}

/* Look at the node that has one byte more than the prefix: go into it, or count all that is below;
 * nothing is different if that fails. */
static int node_enter(struct ng_wordlist *list, uint8_t byte, uint64_t rows,
		      const ng_cancel *cancel)
{
	bool whole = false;
	int r;

	list->prefix[list->depth] = byte;
	if (list->min < MIN_SEARCHED && rows <= ROWS_MOST)
		return words_count(list, list->depth + 1, cancel, &list->words);
	may_begin(list->prefix, list->depth + 1, &whole);
	r = whole ? word_count(list, list->depth + 1, cancel) : 0;
	if (r || list->depth + 1 == NG_WORD_BYTES_MAX)
		return r;
	list->depth++;
	r = level_fill(list, cancel);
	if (r)
		list->depth--;
	return r;
}

/* Words that don't occur often enough are taken out. */
static void words_prune(struct ng_wordlist *list)
{
	struct ng_word_counts *words = &list->words;
	size_t n = 0;

	for (size_t i = 0; i < words->n; i++)
		if (words->list[i].count >= list->min)
			words->list[n++] = words->list[i];
	words->n = n;
}

int ng_wordlist_next(struct ng_wordlist *list, const ng_cancel *cancel,
		     const struct ng_word_counts **ret_words)
{
	int r = 0;

	if (!list->begun) {
		r = level_fill(list, cancel);
		if (r)
			return r;
		list->begun = true;
	}
	ng_word_counts_clear(&list->words);
	while (list->words.n == 0) {
		struct level *level = &list->levels[list->depth];
		size_t depth = list->depth;
		unsigned byte = level->next;

		if (ng_cancelled(cancel))
			return -EINTR;
		if (byte == 256 && depth == 0)
			return 0;
		if (byte == 256) {
			list->depth--;
			continue;
		}
		if (level->counts[byte] >= list->min)
			r = node_enter(list, (uint8_t)byte, level->counts[byte], cancel);
		if (r) {
			ng_word_counts_clear(&list->words);
			return r;
		}
		list->levels[depth].next++;
		ng_word_counts_sort(&list->words, false);
		words_prune(list);
		if (list->words.n == 0)
			ng_word_counts_clear(&list->words);
	}
	*ret_words = &list->words;
	return 1;
}
