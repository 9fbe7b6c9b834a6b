/* SPDX-License-Identifier: Apache-2.0 */
/* Whole words. */
#pragma once

#include "query/ranges.h"

/* Of the occurrences in `ranges` those that no letter, number or mark stands beside (see word.h),
 * in *ret_ranges; or, where that is NULL, only their number in *ret_count. Whatever they begin and
 * end with themselves, a document's beginning and end are borders. The ranges have no leads; those
 * found may. pat[0..len-1] is the string of all of them, or NULL where they have several; then one
 * may lie in another, and what is found in both is found once, with its longest string.
 *
 * Found through the index by the intervals of what stands beside them. Cost, for each range: some
 * hundred searches of its string and a character, most of which fail after a few steps; a locate
 * and the extraction of its string where pat is NULL. See word_left.h and word_right.h. -EINVAL
 * (the ranges aren't this index's) and the errors of query.h. Thread-safe. */
int ng_word_find(const struct ng_index *index, const struct ng_ranges *ranges, const uint8_t *pat,
		 size_t len, const ng_cancel *cancel, struct ng_ranges *ret_ranges,
		 uint64_t *ret_count);
