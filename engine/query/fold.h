/* SPDX-License-Identifier: Apache-2.0 */
/* Search that ignores case, white space or typography, through the index: see folding.h. */
#pragma once

#include "query/folding.h"
#include "query/ranges.h"

/* Where a search is given up: when more than so many spellings of an end of the query occur in one
 * shard, or when it has taken so many steps in one, and some more for each byte of the query. */
#define NG_FOLD_SPELLINGS_MAX  65536u
#define NG_FOLD_STEPS_MAX      (1u << 24)
#define NG_FOLD_STEPS_PER_BYTE 16u

/* The occurrences of all strings that fold to what pat[0..len-1] folds to, len >= 1, which are
 * whole characters; a byte of pat that is part of none is that byte wherever it stands, within a
 * character, too, as in an exact query. Their lengths may differ: the Kelvin sign has
 * 3 bytes, k has one. Occurrences may overlap each other, as those of an exact query do, but none
 * is found twice. Where white space is folded, a run of it within the query is any run of any
 * length; one that begins or ends the query is one character of white space, whichever run that
 * belongs to, so that what is beside a longer run isn't found more often.
 *
 * Where no character of the query has a variant, this is ng_ranges_find. Otherwise it is a backward
 * search that branches at each character: every range of rows is extended by each of its variants,
 * and the empty ones dropped, those that are left walked side by side. So its cost is a few steps
 * for each spelling of each end of the query that occurs. Memory: 48 bytes for each of these, 15
 * MiB a shard at most. -E2BIG: one of the limits above was reached; nothing is given then rather
 * than a part. -EINVAL (len 0), and the errors of query.h. Thread-safe. */
int ng_fold_find_by(const struct ng_index *index, unsigned folds, const uint8_t *pat, size_t len,
		    const ng_cancel *cancel, struct ng_ranges *ret_ranges);

/* The same where only case is folded. */
static inline int ng_fold_find(const struct ng_index *index, const uint8_t *pat, size_t len,
			       const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	return ng_fold_find_by(index, NG_FOLD_CASE, pat, len, cancel, ret_ranges);
}
