/* SPDX-License-Identifier: Apache-2.0 */
/* Where a text comes from: its maximal stretches that occur in the index. */
#pragma once

#include "query/ranges.h"

struct ng_trace;

struct ng_trace_options {
	size_t min_bytes;  /* of a stretch, >= 1 */
	uint64_t at_least; /* times that it occurs, >= 1 */
	uint64_t at_most;  /* those that do more often are left out; UINT64_MAX: none */
	bool word;         /* no end cuts a word of the text, see word.h */
	unsigned folds;    /* NG_FOLD_*: what makes no difference */
};

/* Trace text[0..len-1], which stays the caller's and must last as long as the trace. Not
 * thread-safe. No search is made yet. -EINVAL (options), -ENOMEM. */
int ng_trace_new(const struct ng_index *index, const uint8_t *text, size_t len,
		 const struct ng_trace_options *options, struct ng_trace **ret_trace);
struct ng_trace *ng_trace_free(struct ng_trace *trace);

/* The same text now stands elsewhere; not during a call. */
void ng_trace_set_text(struct ng_trace *trace, const uint8_t *text);

/* Between two calls: memory that can be given back, beside what a stretch takes; and that. */
size_t ng_trace_held(const struct ng_trace *trace);
void ng_trace_shed(struct ng_trace *trace);

static inline void ng_trace_freep(struct ng_trace **trace)
{
	ng_trace_free(*trace);
}

/* A stretch [begin, end) of the text that occurs within documents, at_least times; no end cuts a
 * character of UTF-8, and of the stretches for which that and the options (but at_most) hold it
 * lies in no other. What it is counted by is what a query of it under the same folds finds, not of
 * whole words only. */
struct ng_maximal {
	size_t begin, end;
	uint64_t count;                 /* of its occurrences */
	const struct ng_ranges *ranges; /* until the next call */
};

/* The next stretch, by rising begin, and therefore by rising end: 1, or 0 when there are no more. A
 * call that failed, because it was cancelled, say, may be made again and goes on where it was.
 * Costs: trace_exact.h where nothing is folded and a stretch has to occur once, otherwise often.h
 * or trace_fold.h; and a search that counts it. -EOVERFLOW: a stretch has too many spellings, see
 * fold.h; and the errors of query.h. */
int ng_trace_next(struct ng_trace *trace, const ng_cancel *cancel, struct ng_maximal *ret_maximal);
