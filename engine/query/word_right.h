/* SPDX-License-Identifier: Apache-2.0 */
/* Occurrences that end a word, or stand before something that is none. Shared by the files of this
 * folder. */
#pragma once

#include "query/index_internal.h"

/* Of the rows of pat[0..len-1], len >= 1, in a shard, those that no character of words stands
 * behind, as ascending intervals that don't touch, in *ret_rows, which the caller frees. Cost: a
 * search of the pattern from each of five groups of what may follow, and, where bytes that aren't
 * ASCII do follow, one for each of these and their beginnings: most fail after a few steps.
 * -EUCLEAN, -EIO, -EINTR, -ENOMEM. */
int ng_word_right(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		  struct ng_interval rows, const ng_cancel *cancel, struct ng_interval **ret_rows,
		  size_t *ret_n);
