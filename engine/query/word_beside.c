/* SPDX-License-Identifier: Apache-2.0 */
#include "query/word_beside.h"

#include <pthread.h>

#include "query/word.h"

/* Rows that a thread takes at a time. */
#define PART 8192u

/* Rows of a range that are counted together. */
struct part {
	const struct ng_range *range;
	uint64_t lo, hi;
};

struct job {
	const struct ng_index *index;
	const ng_cancel *cancel;
	int (*count)(const struct job *job, const struct part *part, struct ng_word_counts *counts);
	struct part *parts;
	size_t n_parts;
	pthread_mutex_t lock; /* of all */
	struct ng_word_counts all;
};

/* ---- behind ---- */

static int behind_count(const struct job *job, const struct part *part,
			struct ng_word_counts *counts)
{
	const struct ng_range *range = part->range;
	ng_cleanup(ng_buf_free) struct ng_buf pat = NG_BUF_INIT;
	int r = ng_buf_append(&pat, range->lead_bytes, range->lead);

	if (r == 0)
		r = ng_range_text(job->index, range, job->cancel, &pat);
	return r ? r
		 : ng_word_follow(job->index->shards[range->shard], part->lo, part->hi, pat.data,
				  pat.len, false, job->cancel, counts);
}

/* ---- before ---- */

/* The text before a row's occurrence: its last n bytes at the end of an array. */
struct before {
	uint64_t row; /* that begins with them */
	bool start;   /* there is no more of it */
	size_t n;
	uint8_t bytes[NG_WORD_LOOK_MAX];
};

static int before_more(const struct ng_shard *shard, struct before *before, size_t want)
{
	bool bad = false;

	while (!before->start && !bad && before->n < want) {
		unsigned symbol = ng_bwt_lf(shard->bwt, before->row, &before->row, &bad);

		if (symbol == NG_SEPARATOR)
			before->start = true;
		else
			before->bytes[NG_WORD_LOOK_MAX - ++before->n] = (uint8_t)symbol;
	}
	return bad ? -EUCLEAN : 0;
}

/* Bytes of the character that ends so many bytes before the occurrence, 0 where there is no more
 * text; *ret_word: it is one of words. Asks for more bytes only as long as one may be. */
static int character_before(const struct ng_shard *shard, struct before *before, size_t done,
			    size_t *ret_bytes, bool *ret_word)
{
	const uint8_t *end = before->bytes + NG_WORD_LOOK_MAX - done;

	*ret_bytes = 0;
	*ret_word = false;
	for (size_t n = 1; n <= 4 && done + n <= NG_WORD_LOOK_MAX; n++) {
		int r = before_more(shard, before, done + n);

		if (r)
			return r;
		if (before->n < done + n)
			break;
		*ret_bytes = 1;
		if (ng_utf8_len(end - n, end) == n) {
			*ret_bytes = n;
			*ret_word = ng_word_has(ng_utf8_get(end - n, (unsigned)n));
			break;
		}
		if (!ng_utf8_continues(end[-(ptrdiff_t)n]))
			break;
	}
	return 0;
}

static int row_count(const struct ng_shard *shard, struct before *before,
		     struct ng_word_counts *counts)
{
	size_t done = 0, word = 0, bytes;
	bool is_word;
	int r;

	for (;;) {
		r = character_before(shard, before, done + word, &bytes, &is_word);
		if (r)
			return r;
		if (bytes == 0 || (word && !is_word))
			break;
		if (done + word + bytes > NG_WORD_BYTES_MAX)
			return ng_word_counts_add(counts, (const uint8_t *)NG_WORD_FAR,
						  strlen(NG_WORD_FAR), 1);
		if (is_word)
			word += bytes;
		else
			done += bytes;
	}
	if (word == 0)
		return ng_word_counts_add(counts, (const uint8_t *)NG_WORD_START,
					  strlen(NG_WORD_START), 1);
	return ng_word_counts_add(counts, before->bytes + NG_WORD_LOOK_MAX - done - word, word, 1);
}

static int before_count(const struct job *job, const struct part *part,
			struct ng_word_counts *counts)
{
	const struct ng_range *range = part->range;
	const struct ng_shard *shard = job->index->shards[range->shard];
	struct before before;
	int r = 0;

	for (uint64_t row = part->lo; r == 0 && row < part->hi; row++) {
		bool bad = false;

		before.row = ng_shard_bwt_row(shard, row, &bad);
		before.start = false;
		before.n = range->lead;
		memcpy(before.bytes + NG_WORD_LOOK_MAX - range->lead, range->lead_bytes,
		       range->lead);
		r = bad ? -EUCLEAN : row_count(shard, &before, counts);
		if (r == 0 && row % 16 == 0 && ng_cancelled(job->cancel))
			r = -EINTR;
	}
	return r;
}

/* ---- all of them ---- */

static int part_count(void *userdata, uint64_t i)
{
	struct job *job = userdata;
	const struct part *part = &job->parts[i];
	struct ng_word_counts counts = NG_WORD_COUNTS_INIT;
	int r = job->count(job, part, &counts);

	if (r == 0) {
		pthread_mutex_lock(&job->lock);
		r = ng_word_counts_join(&job->all, &counts);
		pthread_mutex_unlock(&job->lock);
	}
	ng_word_counts_clear(&counts);
	return ng_shard_result(job->index->shards[part->range->shard], r);
}

static int parts_make(struct job *job, const struct ng_ranges *ranges)
{
	size_t n = 0;

	for (size_t i = 0; i < ranges->n; i++)
		n += ng_div_up(ranges->list[i].hi - ranges->list[i].lo, (uint64_t)PART);
	job->parts = calloc(n + 1, sizeof(*job->parts));
	if (!job->parts)
		return -ENOMEM;
	for (size_t i = 0; i < ranges->n; i++) {
		const struct ng_range *range = &ranges->list[i];

		for (uint64_t lo = range->lo; lo < range->hi; lo += PART)
			job->parts[job->n_parts++] =
				(struct part){range, lo, ng_min(lo + PART, range->hi)};
	}
	return 0;
}

static int count_all(struct job *job, const struct ng_ranges *ranges,
		     struct ng_word_counts *ret_counts)
{
	int r = ng_ranges_check(ranges, job->index);

	if (r == 0)
		r = parts_make(job, ranges);
	if (r)
		return r;
	pthread_mutex_init(&job->lock, NULL);
	r = ng_index_run(job->index, job->n_parts, part_count, job);
	pthread_mutex_destroy(&job->lock);
	free(job->parts);
	if (r) {
		ng_word_counts_clear(&job->all);
		return r;
	}
	ng_word_counts_sort(&job->all, true);
	*ret_counts = job->all;
	return 0;
}

int ng_word_next(const struct ng_index *index, const struct ng_ranges *ranges,
		 const ng_cancel *cancel, struct ng_word_counts *ret_counts)
{
	struct job job = {.index = index, .cancel = cancel, .count = behind_count};

	return count_all(&job, ranges, ret_counts);
}

int ng_word_prev(const struct ng_index *index, const struct ng_ranges *ranges,
		 const ng_cancel *cancel, struct ng_word_counts *ret_counts)
{
	struct job job = {.index = index, .cancel = cancel, .count = before_count};

	return count_all(&job, ranges, ret_counts);
}
