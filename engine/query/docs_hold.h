/* SPDX-License-Identifier: Apache-2.0 */
/* Which of some documents hold a string, found by reading many of them side by side: each from its
 * beginning, a little at a time, and only as far as it takes. */
#pragma once

#include "query/cache.h"
#include "query/scope.h"

/* Documents that are read so, and the others, which are worth all threads, or cost no steps. */
struct ng_docs_hold {
	const struct ng_index *index;
	const struct ng_query *query; /* without a scope */
	bool any; /* such a string is looked for so, while nothing is waited for */
};

struct ng_docs_hold ng_docs_hold_make(const struct ng_index *index, const struct ng_query *query);

/* Whether that is for a document, which is there: not for one that is long, or in a text store.
 * Errors of query.h. */
int ng_docs_hold_takes(const struct ng_docs_hold *hold, uint64_t doc, bool *ret_takes);

/* Set the bits of those of list[0..n-1], rising numbers of documents that are there, that it is for
 * and that hold the string; *ret_taken: how many it is for. Cost: the steps of a document's bytes
 * up to the end of the sampling in which its first occurrence ends, on all threads of the index.
 * Can be cancelled. Errors of query.h. Thread-safe. */
int ng_docs_hold_read(const struct ng_docs_hold *hold, const uint64_t *list, size_t n,
		      const ng_cancel *cancel, struct ng_cached *docs, size_t *ret_taken);

/* The same, but all of the documents is read, and it is counted how often they hold the string. */
int ng_docs_hold_count(const struct ng_docs_hold *hold, const uint64_t *list, size_t n,
		       const ng_cancel *cancel, uint64_t *ret_count, size_t *ret_taken);

/* How often a text holds a string of at least a byte, overlapping or not. */
uint64_t ng_text_count(const uint8_t *text, size_t len, const uint8_t *string, size_t string_len);
