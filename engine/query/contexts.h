/* SPDX-License-Identifier: Apache-2.0 */
/* Occurrences with the text around them, many at once. */
#pragma once

#include "query/ranges.h"

struct ng_context {
	struct ng_match match;
	uint64_t bytes;         /* of the occurrence */
	uint64_t doc_bytes;     /* size of its document */
	uint32_t before, after; /* bytes of text on either side of the occurrence */
};

/* Occurrences [first, first + n) of ranges, in index order, with up to context_bytes of text on
 * either side, less only where the document begins or ends; n of them, or as many as there are,
 * *ret_n.
 *
 * ret_text has room for 2 * context_bytes * n bytes, and occurrence i the 2 * context_bytes of them
 * from middle(i) - context_bytes on, where middle(i) = ret_text + (2 * i + 1) * context_bytes: what
 * stands before it ends at middle(i), what comes after it begins there. The occurrence itself isn't
 * copied: it is its range's string (ng_range_text).
 *
 * Cost: for each occurrence context_bytes rank steps (sa_sampling / 2 if that is more) for its
 * place and what is before, and context_bytes + sa_sampling / 2 for what comes after, 32
 * occurrences side by side on each of the index's threads. With a text store: sa_sampling / 2 rank
 * steps, and a frame for each place, but each frame only once, so that more occurrences at once
 * cost less each. Errors as in query.h, and -EINVAL: n is 2^32 or more, or the
 * ranges aren't this index's. Thread-safe. */
int ng_contexts(const struct ng_index *index, const struct ng_ranges *ranges, uint64_t first,
		size_t n, uint32_t context_bytes, const ng_cancel *cancel,
		struct ng_context *ret_contexts, uint8_t *ret_text, size_t *ret_n);

/* The same of occurrences numbers[0..n-1] in index order: rising, and each below the count, or
 * -EINVAL. All n of them are given. */
int ng_contexts_at(const struct ng_index *index, const struct ng_ranges *ranges, size_t n,
		   const uint64_t *numbers, uint32_t context_bytes, const ng_cancel *cancel,
		   struct ng_context *ret_contexts, uint8_t *ret_text);
