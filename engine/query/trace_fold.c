/* SPDX-License-Identifier: Apache-2.0 */
/* The text is made a row of symbols (folding.h), and searched backwards as stretches.h has it. But
 * a character of the index may make several symbols, a ligature, say: then that [a, b) occurs
 * doesn't mean that [a, b - 1) does, which the halving needs. So a stretch is first looked for of
 * which the last character may go on behind its end. Any that occurs as it is lies in one of these;
 * and in each of them it can only end among the last few symbols, or it would lie in another: these
 * ends are tried, the last first. So are those that cut a character of the text, or a word. */
#include "query/trace_fold.h"

#include "query/fold_ends.h"
#include "query/stretches.h"

/* Symbols that all shards go on by before they are compared. */
#define TOGETHER 16u

/* White space has so many variants and runs that a search which soon meets it branches widely: so
 * an end is looked for, so near, behind so many other symbols. */
#define NEAR     12u
#define UNSPACED 4u

/* In places: the symbol isn't its character's first. */
#define INNER    (UINT32_C(1) << 31)
#define TEXT_MAX (INNER - 1)

struct ng_trace_fold {
	const struct ng_index *index;
	struct ng_trace_options options;
	const uint8_t *text;
	size_t len;
	/* Made when they are needed: symbols, and of each the place of its character in the text;
	 * that of number n is the text's end. */
	uint32_t *symbols, *places;
	size_t n;
	struct ng_stretches stretches;
	bool has_now, has_next;
	struct ng_span now, next; /* of symbols, that may go on behind their ends */
	/* Of `now`: where the next is tried to end, and where the foremost begins that was found.
	 */
	size_t try_end, foremost;
	struct ng_span *list; /* what was found, of symbols, the last first */
	size_t list_n, list_cap;
	uint64_t given_end;
	struct ng_fold_ends *ends;  /* [shards] */
	struct ng_fold_here *heres; /* [shards][TOGETHER] */
};

int ng_trace_fold_new(const struct ng_index *index, const uint8_t *text, size_t len,
		      const struct ng_trace_options *options, struct ng_trace_fold **ret_trace)
{
	struct ng_trace_fold *trace;

	if (len > TEXT_MAX)
		return -EINVAL;
	trace = calloc(1, sizeof(*trace));
	if (!trace)
		return -ENOMEM;
	trace->index = index;
	trace->options = *options;
	trace->text = text;
	trace->len = len;
	trace->ends = calloc(index->n_shards + 1ull, sizeof(*trace->ends));
	trace->heres = calloc((index->n_shards + 1ull) * TOGETHER, sizeof(*trace->heres));
	if (!trace->ends || !trace->heres) {
		ng_trace_fold_free(trace);
		return -ENOMEM;
	}
	*ret_trace = trace;
	return 0;
}

struct ng_trace_fold *ng_trace_fold_free(struct ng_trace_fold *trace)
{
	if (!trace)
		return NULL;
	ng_trace_fold_shed(trace);
	free(trace->list);
	free(trace->ends);
	free(trace->heres);
	free(trace);
	return NULL;
}

void ng_trace_fold_set_text(struct ng_trace_fold *trace, const uint8_t *text)
{
	trace->text = text;
}

size_t ng_trace_fold_held(const struct ng_trace_fold *trace)
{
	return trace->symbols ? 2 * (trace->n + 1) * sizeof(*trace->symbols) : 0;
}

void ng_trace_fold_shed(struct ng_trace_fold *trace)
{
	free(trace->symbols);
	free(trace->places);
	trace->symbols = trace->places = NULL;
}

/* ---- the text ---- */

/* Symbols of the text, white space in a row one of them; put them where there is room. */
static size_t symbols_make(const struct ng_trace_fold *trace, uint32_t *symbols, uint32_t *places)
{
	bool was_space = false;
	size_t n = 0;

	for (size_t at = 0; at < trace->len;) {
		uint32_t made[NG_SYMBOLS_MAX];
		unsigned more = 0;
		size_t bytes = ng_folding_symbols(trace->options.folds, trace->text + at,
						  trace->len - at, made, &more);
		bool is_space = made[0] == NG_SYMBOL_SPACE;

		if (is_space && was_space)
			more = 0;
		for (unsigned i = 0; symbols && i < more; i++) {
			symbols[n + i] = made[i];
			places[n + i] = (uint32_t)at | (i ? INNER : 0);
		}
		was_space = is_space;
		n += more;
		at += bytes;
	}
	return n;
}

static int text_make(struct ng_trace_fold *trace)
{
	size_t n;

	if (trace->symbols)
		return 0;
	n = symbols_make(trace, NULL, NULL);
	trace->symbols = calloc(n + 1, sizeof(*trace->symbols));
	trace->places = calloc(n + 1, sizeof(*trace->places));
	if (!trace->symbols || !trace->places) {
		ng_trace_fold_shed(trace);
		return -ENOMEM;
	}
	symbols_make(trace, trace->symbols, trace->places);
	trace->places[n] = (uint32_t)trace->len;
	trace->n = n;
	return 0;
}

static size_t place(const struct ng_trace_fold *trace, size_t at)
{
	return trace->places[at] & ~INNER;
}

static bool is_border(const struct ng_trace_fold *trace, size_t at)
{
	const uint8_t *p = trace->text + place(trace, at);

	return !(trace->places[at] & INNER) &&
	       ng_whole_border(trace->text, p, trace->text + trace->len, trace->options.word);
}

/* ---- how far back ---- */

struct job {
	struct ng_trace_fold *trace;
	struct ng_fold_symbols symbols;
	size_t from, to;
	bool first, cut;
	const ng_cancel *cancel;
};

static int shard_step(void *userdata, uint64_t s)
{
	const struct job *job = userdata;
	const struct ng_shard *shard = job->trace->index->shards[s];
	struct ng_fold_ends *ends = &job->trace->ends[s];
	int r = 0;

	if (job->first && job->cut)
		r = ng_fold_ends_cut(shard, &job->symbols, ends);
	if (r < 0)
		return r;
	return ng_fold_ends_step(shard, &job->symbols, job->to, job->trace->options.at_least,
				 job->cancel, ends, &job->trace->heres[s * TOGETHER]);
}

/* The first place >= begin from which symbols up to x occur often enough, x if there is none. cut:
 * the last character may go on behind x. Otherwise the place may be cut at, too. */
static int search(struct ng_trace_fold *trace, size_t begin, size_t x, bool cut,
		  const ng_cancel *cancel, size_t *ret_at)
{
	struct job job = {.trace = trace,
			  .symbols = {trace->options.folds, trace->symbols},
			  .first = true,
			  .cut = cut && trace->options.folds & NG_FOLD_FORM,
			  .cancel = cancel};
	uint32_t n = trace->index->n_shards;
	size_t at = x, found = x;
	bool more = true;
	int r = 0;

	for (uint32_t s = 0; r == 0 && s < n; s++)
		r = ng_fold_ends_begin(trace->index->shards[s], begin, x, &trace->ends[s]);
	while (r == 0 && more && at > begin) {
		job.to = at - ng_min(at - begin, (size_t)TOGETHER);
		r = ng_index_run(trace->index, n, shard_step, &job);
		job.first = false;
		while (r == 0 && more && at > job.to) {
			uint64_t count = 0, most = 0;

			at--;
			for (uint32_t s = 0; s < n; s++) {
				const struct ng_fold_here *here =
					&trace->heres[s * TOGETHER + (at - job.to)];

				count += here->count;
				most += here->most;
			}
			if (count >= trace->options.at_least && (cut || is_border(trace, at)))
				found = at;
			more = most >= trace->options.at_least;
		}
	}
	for (uint32_t s = 0; s < n; s++)
		ng_fold_ends_clear(&trace->ends[s]);
	if (r < 0)
		return r;
	*ret_at = found;
	return 0;
}

/* ---- stretches that may go on behind their ends ---- */

static int cut_search(void *userdata, uint64_t begin, uint64_t x, const ng_cancel *cancel,
		      uint64_t *ret_from)
{
	return search(userdata, begin, x, true, cancel, ret_from);
}

static uint64_t first_end(const void *userdata, uint64_t begin, uint64_t at)
{
	const struct ng_trace_fold *trace = userdata;
	uint64_t lo = ng_max(at, begin), hi = trace->n + 1;

	while (lo < hi) {
		uint64_t middle = lo + (hi - lo) / 2;

		if (place(trace, middle) - place(trace, begin) < trace->options.min_bytes)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* An end in (begin, x] from which a search costs less than from x. */
static size_t cheap_end(const struct ng_trace_fold *trace, size_t begin, size_t x)
{
	size_t others = 0;

	for (size_t at = x; at > begin && x - at < NEAR; at--) {
		others = trace->symbols[at - 1] == NG_SYMBOL_SPACE ? 0 : others + 1;
		if (others == UNSPACED)
			return at - 1 + UNSPACED;
	}
	return x;
}

static int cut_look(void *userdata, uint64_t begin, uint64_t x, const ng_cancel *cancel,
		    uint64_t *ret_from)
{
	struct ng_trace_fold *trace = userdata;
	size_t end = cheap_end(trace, begin, x);
	int r = search(trace, begin, end, true, cancel, ret_from);

	if (r < 0 || end == x ||
	    place(trace, x) - place(trace, *ret_from) < trace->options.min_bytes)
		return r;
	return search(trace, begin, x, true, cancel, ret_from);
}

static int cut_next(struct ng_trace_fold *trace, const ng_cancel *cancel,
		    struct ng_span *ret_stretch)
{
	struct ng_stretch_text text = {trace->n, cut_look, cut_search, first_end, trace};

	return ng_stretches_next(&trace->stretches, &text, cancel, ret_stretch);
}

/* ---- those that occur as they are ---- */

static int list_add(struct ng_trace_fold *trace, size_t begin, size_t end)
{
	if (trace->list_n == trace->list_cap) {
		size_t cap = ng_max(2 * trace->list_cap, (size_t)4);
		struct ng_span *grown = reallocarray(trace->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		trace->list = grown;
		trace->list_cap = cap;
	}
	trace->list[trace->list_n++] = (struct ng_span){begin, end};
	return 0;
}

/* All in `now` that lie in no other of these. */
static int now_try(struct ng_trace_fold *trace, const ng_cancel *cancel)
{
	size_t begin = trace->now.begin, min = trace->options.min_bytes;

	while (begin < trace->now.end && !is_border(trace, begin))
		begin++;
	for (; trace->foremost > begin; trace->try_end--) {
		size_t end = trace->try_end, from = 0;
		int r;

		if (end <= begin || place(trace, end) - place(trace, begin) < min ||
		    place(trace, end) <= trace->given_end)
			break;
		if (!is_border(trace, end))
			continue;
		r = ng_cancelled(cancel) ? -EINTR : search(trace, begin, end, false, cancel, &from);
		if (r == 0 && from < trace->foremost &&
		    place(trace, end) - place(trace, from) >= min) {
			r = list_add(trace, from, end);
			if (r == 0)
				trace->foremost = from;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* The next of those found, save those that `next` has, too, and what lies in one given. */
static bool list_take(struct ng_trace_fold *trace, struct ng_span *ret_span)
{
	while (trace->list_n) {
		struct ng_span found = trace->list[--trace->list_n];
		struct ng_span span = {place(trace, found.begin), place(trace, found.end)};

		if (span.end <= trace->given_end ||
		    (trace->has_next && found.begin >= trace->next.begin))
			continue;
		trace->given_end = span.end;
		*ret_span = span;
		return true;
	}
	return false;
}

int ng_trace_fold_next(struct ng_trace_fold *trace, const ng_cancel *cancel,
		       struct ng_span *ret_span)
{
	int r = text_make(trace);

	/* The list isn't complete where a call failed while `now` was tried. */
	while (r >= 0 && (trace->has_now || !list_take(trace, ret_span))) {
		if (!trace->has_now) {
			r = trace->has_next ? 1 : cut_next(trace, cancel, &trace->next);
			if (r <= 0)
				return r;
			trace->now = trace->next;
			trace->try_end = trace->now.end;
			trace->foremost = SIZE_MAX;
			trace->has_next = false;
			trace->has_now = true;
		}
		r = trace->has_next ? 1 : cut_next(trace, cancel, &trace->next);
		if (r < 0)
			return r;
		trace->has_next = r;
		r = now_try(trace, cancel);
		if (r == 0)
			trace->has_now = false;
	}
	return r < 0 ? r : 1;
}
