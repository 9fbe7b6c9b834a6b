/* SPDX-License-Identifier: Apache-2.0 */
/* Which of some occurrences are in pieces of the text, found by walking these: each step back in
 * the text gives a row, and whether something occurs there is whether that row is one of its rows.
 * No text is read, and what is looked for isn't located. */
#pragma once

#include "query/index_internal.h"
#include "query/ranges.h"
#include "query/survivors.h"

struct ng_looked_rows;

/* What is looked for. Set the first fields, then begin. */
struct ng_row_walk {
	const struct ng_index *index;
	const struct ng_ranges *ranges; /* borrowed, as all else */
	uint64_t distance;              /* from a window's occurrence */
	bool wanted_windows;            /* bits are of the windows' numbers, not of the ranges' */
	struct ng_cached *bits;         /* are set */
	const ng_cancel *cancel;
	uint64_t longest; /* of those looked for, with what their rows have before them */
	struct ng_looked_rows *rows; /* of each shard */
};

/* A piece of a document. Offsets are of that. */
struct ng_row_window {
	uint64_t number;      /* of an occurrence, */
	uint64_t begin, end;  /* and where it is: at most `distance` from it something counts */
	uint64_t first, last; /* where rows are looked at that may begin with something */
	uint64_t doc;         /* in its shard */
};

/* The ranges are this index's. -ENOMEM, -EUCLEAN; end it then, too. */
int ng_row_walk_begin(struct ng_row_walk *walk);
void ng_row_walk_end(struct ng_row_walk *walk);

/* Whether anything that is looked for is in a shard. */
bool ng_row_walk_has(const struct ng_row_walk *walk, uint32_t s);

/* Walk n <= NG_BWT_CHAINS windows of a shard that has something, in step; bits are set of what
 * occurs in them near their occurrences. Cost: a step for each byte and some of the sampling's. A
 * step takes as long as one of locating and some more. Errors as in shard.h. Thread-safe. */
int ng_row_walk_windows(const struct ng_row_walk *walk, uint32_t s,
			const struct ng_row_window *windows, unsigned n);
