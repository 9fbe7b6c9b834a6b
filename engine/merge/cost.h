/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of a build cost, so that it can be said how much of one is done. A cost is in
 * nanoseconds of the threads that a step is given, those that it can't use included: divided by
 * their number it is the time that the step takes, on the machine that the figures were measured
 * on (cost.c says how). On another one the proportions hold, more or less. */
#pragma once

#include "base/base.h"

enum ng_cost {
	NG_COST_READ,       /* a byte of text read, as plain text or JSON, and kept */
	NG_COST_COMPRESS,   /* a byte of text for the text store */
	NG_COST_TEXT,       /* a byte of a segment's text written beside it */
	NG_COST_SORT,       /* a byte sorted, by one thread of those that there are */
	NG_COST_JOIN,       /* a byte of the smaller of two sorted parts merged in memory */
	NG_COST_FETCH,      /* a byte of text read back from an index */
	NG_COST_DROP,       /* a row of a shard that documents are taken out of */
	NG_COST_INSERT,     /* a byte of the smaller of two segments that are merged */
	NG_COST_INTERLEAVE, /* a row of both */
	NG_COST_ENCODE,     /* a row written */
	NG_COST_PATTERNS, /* a row searched for frequent patterns, and its share of the shortcuts */
	NG_COST_COPY,     /* a row of a segment copied into a shard */
	NG_COST_STORE,    /* a row's share of the metadata and the text store written */
};

/* Of n bytes or rows, on so many threads (>= 1). */
uint64_t ng_cost(enum ng_cost cost, uint64_t n, unsigned threads);

/* The CPU time of it, whatever the threads. */
uint64_t ng_cost_cpu(enum ng_cost cost, uint64_t n);

/* Two segments merged, of so many rows; the same that ng_segment_merge counts. */
uint64_t ng_cost_merge(uint64_t left_rows, uint64_t right_rows, unsigned threads);
