/* SPDX-License-Identifier: Apache-2.0 */
/* The search that fold.h describes, in one shard, symbol by symbol from the end on. */
#pragma once

#include "query/fold.h"
#include "query/index_internal.h"

/* How an end of the query is spelled somewhere in the shard. */
struct ng_spelling {
	uint64_t lo, hi; /* rows of the BWT; of the empty one all, and not to be used */
	uint64_t left;   /* of these, without those that have been found to have a case in front */
	uint64_t bytes;
	uint32_t node; /* in the shard's table of frequent patterns */
	uint32_t last; /* which of its variants its first character is */
};

struct ng_spellings {
	struct ng_spelling *list;
	size_t n, cap;
};

struct ng_fold_symbols {
	unsigned folds;
	const uint32_t *list;
};

/* The spellings of symbols [begin, end). */
struct ng_fold_ends {
	size_t begin, end;
	uint64_t steps, steps_max;
	/* at[0]: of just these; at[k]: their first characters make k symbols before them, too. */
	struct ng_spellings at[NG_SYMBOLS_MAX + 1];
};

/* What occurs of symbols [at, end). */
struct ng_fold_here {
	uint64_t count; /* as often, or as often as is of interest */
	uint64_t most;  /* and so often at most any [earlier, end) */
};

/* Begin with [end, end), to come down to `begin` perhaps. */
int ng_fold_ends_begin(const struct ng_shard *shard, size_t begin, size_t end,
		       struct ng_fold_ends *ret_ends);
void ng_fold_ends_clear(struct ng_fold_ends *ends);

/* Then, before the first step: the last character may go on behind the end, too. */
int ng_fold_ends_cut(const struct ng_shard *shard, const struct ng_fold_symbols *symbols,
		     struct ng_fold_ends *ends);

/* Go on to `begin`, or until nothing is left. Symbols from 0 on are there, and may be of a
 * character that begins before `begin`. ret_heres, if it isn't NULL, has room for
 * ends->begin - begin: those of begin and on, counted up to count_most. The errors of fold.h; then
 * the search can't go on. */
int ng_fold_ends_step(const struct ng_shard *shard, const struct ng_fold_symbols *symbols,
		      size_t begin, uint64_t count_most, const ng_cancel *cancel,
		      struct ng_fold_ends *ends, struct ng_fold_here *ret_heres);

/* What was found, ascending and disjoint, in at[0]. */
int ng_fold_ends_finish(const struct ng_shard *shard, unsigned folds, struct ng_fold_ends *ends);
