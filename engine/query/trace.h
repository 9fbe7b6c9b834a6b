/* SPDX-License-Identifier: Apache-2.0 */
/* Where a text comes from: its maximal stretches that occur in the index. */
#pragma once

#include "query/query.h"

struct ng_trace;

/* Trace text[0..len-1], which stays the caller's and must last as long as the trace: all stretches
 * of at least min_bytes >= 1. Not thread-safe. No search is made yet. -EINVAL (min_bytes 0),
 * -ENOMEM. */
int ng_trace_new(const struct ng_index *index, const uint8_t *text, size_t len, size_t min_bytes,
		 struct ng_trace **ret_trace);
struct ng_trace *ng_trace_free(struct ng_trace *trace);

/* The same text now stands elsewhere; not during a call. */
void ng_trace_set_text(struct ng_trace *trace, const uint8_t *text);

static inline void ng_trace_freep(struct ng_trace **trace)
{
	ng_trace_free(*trace);
}

/* A stretch [begin, end) of the text that occurs within a document, but neither [begin - 1, end)
 * nor [begin, end + 1) does: it lies in no other. */
struct ng_maximal {
	size_t begin, end;
	uint64_t count;                     /* of its occurrences */
	const struct ng_interval *by_shard; /* as ng_find gives it; until the next call */
};

/* The next stretch, by rising begin, and therefore by rising end: 1, or 0 when there are no more. A
 * call that was cancelled may be made again and goes on where it was. Shards are traced side by
 * side, some stretches ahead.
 *
 * Cost, in steps, for a shard: where no stretch of min_bytes occurs, fewer than the text has bytes;
 * otherwise some two for each byte of each stretch that is found, one more to count it, and
 * O(log(rows)) locates for each, rows being those of its first min_bytes. Stretches that overlap
 * are paid for each, as they are when they are printed. See trace.c. */
int ng_trace_next(struct ng_trace *trace, const ng_cancel *cancel, struct ng_maximal *ret_maximal);
