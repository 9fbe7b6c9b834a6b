/* SPDX-License-Identifier: Apache-2.0 */
/* Occurrences and documents by the value of a field of the metadata. Errors as in query.h. */
#pragma once

#include "query/filter.h"

/* A facet: a field, or the first `prefix` characters of its values (0: all). */
struct ng_facet {
	const uint8_t *name;
	size_t name_bytes;
	uint32_t prefix;
};

/* Facets that some shard knows of, by name, then prefix: *ret_list[0..*ret_n-1] is the index's and
 * stays. Thread-safe. */
int ng_index_facets(const struct ng_index *index, const struct ng_facet **ret_list, size_t *ret_n);

struct ng_facet_count {
	const uint8_t *value; /* in the counts' text */
	size_t bytes;
	bool none; /* documents that have no such field; otherwise they have this value */
	uint64_t occurrences, docs;
};

struct ng_facet_counts {
	struct ng_facet_count *list; /* by falling occurrences, then value; those without last */
	size_t n;
	struct ng_buf text;
};

void ng_facet_counts_clear(struct ng_facet_counts *counts);

/* Values beyond which counting gives up. */
#define NG_FACET_COUNTS_MAX (1u << 22)

/* How many of some occurrences, and in how many documents, have each value; filter may be empty.
 * Exact: every occurrence is located, by all threads of the index. Where a shard has no column of
 * the facet, the metadata of the documents found is read. -EFBIG: more than NG_FACET_COUNTS_MAX
 * values; -EINVAL: ranges that aren't this index's. Thread-safe; can be cancelled. */
int ng_facet_count(const struct ng_index *index, const struct ng_facet *facet,
		   const struct ng_ranges *ranges, const struct ng_filter *filter,
		   const ng_cancel *cancel, struct ng_facet_counts *ret_counts);

/* The same of all documents; what counts as an occurrence is each byte of text. */
int ng_facet_all(const struct ng_index *index, const struct ng_facet *facet,
		 const struct ng_filter *filter, const ng_cancel *cancel,
		 struct ng_facet_counts *ret_counts);

/* Values of a facet, and their bytes, at most: those of columns, or, where there are none, of the
 * metadata. O(shards). */
int ng_facet_bounds(const struct ng_index *index, const struct ng_facet *facet,
		    uint64_t *ret_values, uint64_t *ret_bytes);
