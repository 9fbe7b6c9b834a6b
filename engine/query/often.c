/* SPDX-License-Identifier: Apache-2.0 */
#include "query/often.h"

#include "query/stretches.h"

/* Steps between two looks at the cancel flag. */
#define TURNS 64u

struct ng_often {
	const struct ng_index *index;
	struct ng_often_options options;
	struct ng_text_blocks *text;
	struct ng_stretches stretches;
	struct ng_whole whole;
	bool has_found; /* found is the next to be given, and isn't counted yet */
	struct ng_span found;
	/* [shards] each: of a search, before and after a step, and what is given. */
	struct ng_interval *now, *more, *by_shard;
};

int ng_often_new(const struct ng_index *index, const struct ng_often_options *options,
		 struct ng_often **ret_often)
{
	struct ng_often *often;

	if (options->min_bytes == 0 || options->at_least == 0 ||
	    options->at_most < options->at_least)
		return -EINVAL;
	often = calloc(1, sizeof(*often));
	if (!often)
		return -ENOMEM;
	often->index = index;
	often->options = *options;
	often->whole = (struct ng_whole){.min_bytes = options->min_bytes, .word = options->word};
	often->now = calloc(index->n_shards + 1ull, sizeof(*often->now));
	often->more = calloc(index->n_shards + 1ull, sizeof(*often->more));
	often->by_shard = calloc(index->n_shards + 1ull, sizeof(*often->by_shard));
	if (!often->now || !often->more || !often->by_shard) {
		ng_often_free(often);
		return -ENOMEM;
	}
	*ret_often = often;
	return 0;
}

struct ng_often *ng_often_free(struct ng_often *often)
{
	if (!often)
		return NULL;
	free(often->now);
	free(often->more);
	free(often->by_shard);
	free(often);
	return NULL;
}

void ng_often_begin(struct ng_often *often, struct ng_text_blocks *text)
{
	often->text = text;
	often->stretches = (struct ng_stretches){0};
	often->has_found = false;
	ng_whole_begin(&often->whole, text);
}

/* ---- how far back ---- */

/* Rows of symbol and what `rows` begin with, from each shard's rows; first: of symbol alone. */
static int step(const struct ng_often *often, bool first, unsigned symbol,
		const struct ng_interval *rows, struct ng_interval *ret_rows, uint64_t *ret_count)
{
	uint64_t count = 0;

	for (uint32_t s = 0; s < often->index->n_shards; s++) {
		const struct ng_shard *shard = often->index->shards[s];
		struct ng_interval next = rows[s], live;
		bool bad = false;

		if (first)
			ng_bwt_symbol_rows(shard->bwt, symbol, &next.lo, &next.hi);
		else if (next.lo < next.hi)
			ng_bwt_step(shard->bwt, symbol, &next.lo, &next.hi, &bad);
		live = ng_shard_live(shard, next, &bad);
		if (bad || next.lo > next.hi || next.hi > shard->params.rows)
			return ng_shard_damaged(shard);
		ret_rows[s] = next;
		count += live.hi - live.lo;
	}
	*ret_count = count;
	return 0;
}

/* Whether no shard was found unreadable meanwhile. */
static int search_result(const struct ng_often *often)
{
	int r = 0;

	for (uint32_t s = 0; r == 0 && s < often->index->n_shards; s++)
		r = ng_shard_result(often->index->shards[s], 0);
	return r;
}

/* The first place >= begin from which text up to x > begin occurs often enough, x itself if even
 * the byte before doesn't; its rows, of the BWTs, are in often->now, and *ret_count live ones. */
static int search(struct ng_often *often, uint64_t begin, uint64_t x, const ng_cancel *cancel,
		  uint64_t *ret_begin, uint64_t *ret_count)
{
	uint64_t at = x, count = 0;

	while (at > begin) {
		const uint8_t *end;
		size_t n;
		int r = ng_text_blocks_before(often->text, at, cancel, &end, &n);

		if (r < 0)
			return r;
		for (size_t i = 1; i <= n && at > begin; i++) {
			struct ng_interval *now = often->now;
			uint64_t more = 0;

			if (at % TURNS == 0 && ng_cancelled(cancel))
				return -EINTR;
			r = step(often, at == x, end[-(ptrdiff_t)i], now, often->more, &more);
			if (r < 0)
				return r;
			if (more < often->options.at_least)
				goto out;
			often->now = often->more;
			often->more = now;
			count = more;
			at--;
		}
	}
out:
	*ret_begin = at;
	*ret_count = count;
	return search_result(often);
}

/* ---- stretches of bytes ---- */

static int bytes_search(void *userdata, uint64_t begin, uint64_t x, const ng_cancel *cancel,
			uint64_t *ret_from)
{
	uint64_t count;

	return search(userdata, begin, x, cancel, ret_from, &count);
}

static uint64_t first_end(const void *userdata, uint64_t begin, uint64_t at)
{
	const struct ng_often *often = userdata;
	uint64_t len = often->text->len, min = often->options.min_bytes;

	return len - begin < min ? len + 1 : ng_max(begin + min, at);
}

/* The next one of bytes: 1, or 0. */
static int raw_next(void *userdata, const ng_cancel *cancel, struct ng_span *ret_raw)
{
	struct ng_often *often = userdata;
	struct ng_stretch_text text = {often->text->len, bytes_search, bytes_search, first_end,
				       often};

	return ng_stretches_next(&often->stretches, &text, cancel, ret_raw);
}

/* Count what was found; 0: it occurs too often to be given. */
static int found_count(struct ng_often *often, const ng_cancel *cancel, uint64_t *ret_count)
{
	uint64_t begin = 0, count = 0;
	bool bad = false;
	int r = search(often, often->found.begin, often->found.end, cancel, &begin, &count);

	if (r == 0 && begin != often->found.begin)
		r = -EUCLEAN;
	for (uint32_t s = 0; r == 0 && s < often->index->n_shards; s++) {
		const struct ng_shard *shard = often->index->shards[s];

		often->by_shard[s] = ng_shard_live(shard, often->now[s], &bad);
		if (bad)
			r = ng_shard_damaged(shard);
	}
	if (r < 0)
		return r;
	*ret_count = count;
	return count <= often->options.at_most;
}

int ng_often_next(struct ng_often *often, const ng_cancel *cancel,
		  struct ng_often_stretch *ret_stretch)
{
	uint64_t count = 0;
	int r;

	do {
		r = often->has_found
			    ? 1
			    : ng_whole_next(&often->whole, raw_next, often, cancel, &often->found);
		if (r <= 0)
			return r;
		often->has_found = true;
		r = found_count(often, cancel, &count);
		if (r < 0)
			return r;
		often->has_found = false;
	} while (r == 0);
	*ret_stretch = (struct ng_often_stretch){often->found.begin, often->found.end, count,
						 often->by_shard};
	return 1;
}
