/* SPDX-License-Identifier: Apache-2.0 */
/* How far a text goes on in an index. */
#pragma once

#include "query/index_internal.h"

/* rows: those of text[begin..end-1] in shard s, not empty. The largest *ret_end <= len such that
 * text[begin..*ret_end-1] occurs in one of these rows' documents. A binary search in the suffix
 * array, with the text read from the index (U. Manber and G. Myers, Suffix arrays, SIAM J. Comput.
 * 1993): O(log(rows)) locates; what the rows on both sides have in common with the text isn't read
 * again. The errors of query.h. */
int ng_longest(const struct ng_index *index, uint32_t s, struct ng_interval rows,
	       const uint8_t *text, size_t begin, size_t end, size_t len, const ng_cancel *cancel,
	       size_t *ret_end);
