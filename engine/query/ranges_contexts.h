/* Occurrences of a list of ranges with the text around them, many at once. */
#pragma once

#include "query/contexts.h"
#include "query/ranges.h"

/* As ng_contexts, of occurrences [first, first + n) of ranges: that of number first + i is as long
 * as its range says (ng_ranges_at), and its text ng_range_text's. Cost and errors are those of
 * ng_contexts, called once for each range that holds some of them. */
int ng_ranges_contexts(const struct ng_index *index, const struct ng_ranges *ranges, uint64_t first,
		       size_t n, uint32_t context_bytes, const ng_cancel *cancel,
		       struct ng_context *ret_contexts, uint8_t *ret_text, size_t *ret_n);
