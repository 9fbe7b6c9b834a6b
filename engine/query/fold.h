/* Search that ignores case, through the index: by simple case folding, see casefold.h. */
#pragma once

#include "query/ranges.h"

/* Where a search is given up: when more than so many spellings of an end of the query occur in one
 * shard, or when it has taken so many steps in one, and some more for each byte of the query. */
#define NG_FOLD_SPELLINGS_MAX  65536u
#define NG_FOLD_STEPS_MAX      (1u << 24)
#define NG_FOLD_STEPS_PER_BYTE 16u

/* The occurrences of all strings that fold to what pat[0..len-1] folds to, len >= 1: those that
 * have, for each valid UTF-8 character of it, one that folds to the same, and its other bytes as
 * they are. Their lengths may differ: the Kelvin sign has 3 bytes, k has one. Occurrences may
 * overlap each other, as those of an exact query do, but none is found twice.
 *
 * Where no character of the query has another case, this is ng_ranges_find. Otherwise it is a
 * backward search that branches at each character: every range of rows is extended by each of its
 * cases, and the empty ones dropped, those that are left walked side by side. So its cost is a few
 * steps for each spelling of each end of the query that occurs. Memory: 80 bytes for each of these,
 * 5 MiB a shard at most. -E2BIG: one of the limits above was reached; nothing is given then rather
 * than a part. -EINVAL (len 0), and the errors of query.h. Thread-safe. */
int ng_fold_find(const struct ng_index *index, const uint8_t *pat, size_t len,
		 const ng_cancel *cancel, struct ng_ranges *ret_ranges);
