/* SPDX-License-Identifier: Apache-2.0 */
/* Maximal stretches by backward search alone. (As ropebwt3 finds long maximal matches: T. Gagie,
 * How to find long maximal exact matches and ignore short ones, DLT 2024; H. Li, BWT construction
 * and search at the terabase scale, Bioinformatics 2024. Those go forward by a second index, this
 * one by comparing the text.)
 *
 * In one shard, let every stretch that is still to come begin at `begin` or later and end at `end`
 * or later. It covers then what is min_bytes from `begin` on, at least up to x. A search backwards
 * from x comes either down to `begin`, or no further than some place that all stretches to come
 * must begin at or behind: like Boyer and Moore, we go on from there, and most of the text is never
 * looked at where nothing occurs. In the first case there is a stretch at `begin`: it ends where
 * the longest continuation does.
 *
 * With several shards, each has its own maximal stretches; those of the index are the ones that lie
 * in no other. */
#include "query/trace_exact.h"

#include "query/longest.h"

/* Stretches that a shard may be ahead. */
#define AHEAD 32u

struct shard_trace {
	size_t begin, end; /* see above; end is at least begin */
	bool over;
	unsigned at, n;
	struct ng_span ahead[AHEAD]; /* those from `at` to n are still to be given */
};

struct ng_trace_exact {
	const struct ng_index *index;
	const uint8_t *text;
	size_t len, min;
	uint64_t given_end; /* of the last stretch given */
	struct shard_trace *shards;
	/* Only while a call fills what is ahead. */
	const ng_cancel *cancel;
};

int ng_trace_exact_new(const struct ng_index *index, const uint8_t *text, size_t len,
		       size_t min_bytes, struct ng_trace_exact **ret_trace)
{
	struct ng_trace_exact *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return -ENOMEM;
	trace->index = index;
	trace->text = text;
	trace->len = len;
	trace->min = min_bytes;
	trace->shards = calloc(index->n_shards + 1, sizeof(*trace->shards));
	if (!trace->shards) {
		free(trace);
		return -ENOMEM;
	}
	*ret_trace = trace;
	return 0;
}

struct ng_trace_exact *ng_trace_exact_free(struct ng_trace_exact *trace)
{
	if (!trace)
		return NULL;
	free(trace->shards);
	free(trace);
	return NULL;
}

void ng_trace_exact_set_text(struct ng_trace_exact *trace, const uint8_t *text)
{
	trace->text = text;
}

/* The next stretch of shard s into *ret_span: 1; or what is known of it is noted, and it is to be
 * asked again: 0. */
static int shard_look(const struct ng_trace_exact *trace, uint32_t s, struct ng_span *ret_span)
{
	struct shard_trace *mine = &trace->shards[s];
	struct ng_interval rows;
	size_t x, n = 0, end = 0;
	int r;

	if (trace->len - mine->begin < trace->min || mine->end > trace->len) {
		mine->over = true;
		return 0;
	}
	x = ng_max(mine->begin + trace->min, mine->end);
	r = ng_shard_find_end(trace->index->shards[s], trace->text + mine->begin, x - mine->begin,
			      trace->cancel, &rows, &n);
	if (r < 0)
		return r;
	/* One byte more doesn't occur: whatever ends at x or later begins here or later. */
	mine->begin = x - n;
	mine->end = x;
	if (n < trace->min)
		return 0;
	r = ng_longest(trace->index, s, rows, trace->text, mine->begin, x, trace->len,
		       trace->cancel, &end);
	if (r < 0)
		return r;
	*ret_span = (struct ng_span){mine->begin, end};
	mine->begin++;
	mine->end = end + 1;
	return 1;
}

static int shard_fill(void *userdata, uint64_t s)
{
	const struct ng_trace_exact *trace = userdata;
	struct shard_trace *mine = &trace->shards[s];

	if (mine->at < mine->n)
		return 0;
	mine->at = mine->n = 0;
	while (!mine->over && mine->n < AHEAD) {
		int r = ng_cancelled(trace->cancel)
				? -EINTR
				: shard_look(trace, (uint32_t)s, &mine->ahead[mine->n]);

		if (r < 0)
			return r;
		mine->n += r > 0;
	}
	return 0;
}

/* The shard whose next stretch begins first, and of these the longest; NULL: there is none. */
static struct shard_trace *shard_first(const struct ng_trace_exact *trace, bool *ret_empty)
{
	struct shard_trace *first = NULL;

	*ret_empty = false;
	for (uint32_t s = 0; s < trace->index->n_shards; s++) {
		struct shard_trace *mine = &trace->shards[s];
		const struct ng_span *a = &mine->ahead[mine->at], *b;

		*ret_empty |= mine->at == mine->n && !mine->over;
		if (mine->at == mine->n)
			continue;
		b = first ? &first->ahead[first->at] : NULL;
		if (!b || a->begin < b->begin || (a->begin == b->begin && a->end > b->end))
			first = mine;
	}
	return first;
}

int ng_trace_exact_next(void *userdata, const ng_cancel *cancel, struct ng_span *ret_span)
{
	struct ng_trace_exact *trace = userdata;

	for (;;) {
		struct ng_span span;
		bool empty;
		struct shard_trace *first = shard_first(trace, &empty);

		if (empty) {
			int r;

			trace->cancel = cancel;
			r = ng_index_run(trace->index, trace->index->n_shards, shard_fill, trace);
			trace->cancel = NULL;
			if (r < 0)
				return r;
			continue;
		}
		if (!first)
			return 0;
		span = first->ahead[first->at++];
		if (span.end > trace->given_end) {
			trace->given_end = span.end;
			*ret_span = span;
			return 1;
		}
	}
}
