/* SPDX-License-Identifier: Apache-2.0 */
/* Whether ranges of an index are the occurrences that were found by looking at every byte. */
#pragma once

#include "naive_fold.h"
#include "query/ranges.h"

/* Fails the test unless these are want[0..n-1], ascending; and where there are no more than some
 * thousand, unless what stands around and beside them and in how many documents they are is right
 * as well. what: for messages. */
void ranges_check(const struct naive *c, const struct ng_index *index,
		  const struct ng_ranges *ranges, const struct naive_found *want, uint64_t n,
		  const char *what);
