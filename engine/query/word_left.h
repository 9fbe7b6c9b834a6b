/* SPDX-License-Identifier: Apache-2.0 */
/* Occurrences that begin a word, or stand behind something that is none. Shared by the files of
 * this folder. */
#pragma once

#include "query/index_internal.h"
#include "query/ranges.h"

/* A list of ranges that grows. Their `first` isn't set. */
struct ng_word_ranges_found {
	struct ng_range *list;
	size_t n, cap;
	uint64_t count;  /* of the rows in all of them */
	bool only_count; /* the list stays empty */
};

/* Of rows[0..n-1] of a shard, all of which begin with occurrences of `bytes` bytes, add those that
 * no character of words stands before. Each is in one range; those that follow something frequent
 * are found as rows of that, which is the range's lead, so that nothing is located. Cost: some
 * hundred steps for each row range, and for each character of several bytes that is frequent there;
 * two dozen for each document that begins so, and as many bytes in the list. -EUCLEAN, -EIO,
 * -EINTR, -ENOMEM. */
int ng_word_left(const struct ng_index *index, uint32_t shard, const struct ng_interval *rows,
		 size_t n, uint64_t bytes, const ng_cancel *cancel,
		 struct ng_word_ranges_found *found);
