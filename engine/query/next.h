/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a query, and what precedes it: next-character distributions. */
#pragma once

#include "query/ranges.h"

enum ng_next_kind {
	NG_NEXT_START,     /* the document begins there: only before a query */
	NG_NEXT_END,       /* the document ends there: only behind a query */
	NG_NEXT_CHARACTER, /* a whole UTF-8 character */
	NG_NEXT_BYTE,      /* a byte that is no part of one */
};

struct ng_next {
	uint64_t count; /* occurrences of the query that have this beside them, at least 1 */
	enum ng_next_kind kind;
	uint8_t n_bytes; /* 0 for a start or an end, 1 to 4 for a character, 1 for a byte */
	uint8_t bytes[4];
};

/* What stands behind the occurrences, by falling count, ties by bytes: *ret_n entries in *ret_list,
 * which the caller frees. Their counts add up to the ranges'. A character is one that begins
 * right behind the occurrence and is valid (RFC 3629) and whole within the document; where there is
 * none, the first byte behind the occurrence is an entry of its own. A pattern that ends inside a
 * character is therefore followed by bytes. (No ranges give an empty list: *ret_n is 0, *ret_list
 * NULL.)
 *
 * Cost, for each range: a locate, and a search of its string and a byte for each byte that the
 * shard has, most of which fail after a few steps; of 64 more for each beginning of a character of
 * several bytes that occurs there; or, where the pattern is long or rare, the places of some O(log)
 * occurrences for each entry. Thread-safe. -EINVAL (ranges that aren't this index's) and the errors
 * of query.h. */
int ng_next(const struct ng_index *index, const struct ng_ranges *ranges, const ng_cancel *cancel,
	    struct ng_next **ret_list, size_t *ret_n);

/* The same for what stands before the occurrences: a character that ends right before, and is valid
 * and whole within the document, otherwise the last byte before. Cost, for each range: a step for
 * each byte that the shard has, and for each that a character of several bytes may have before its
 * last ones. */
int ng_prev(const struct ng_index *index, const struct ng_ranges *ranges, const ng_cancel *cancel,
	    struct ng_next **ret_list, size_t *ret_n);
