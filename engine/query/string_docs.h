/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that hold a string. Functions are thread-safe, work on all threads of the index and
 * may be cancelled; errors as in find.h. */
#pragma once

#include "query/cache.h"
#include "query/find.h"

/* A bit for each document of the index, and how many are set, for a query without a scope. Locates
 * each occurrence the first time; kept as long as there is room. The caller drops it. */
int ng_string_docs(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, struct ng_cached **ret_docs);

/* Whether that is kept. */
bool ng_string_docs_known(const struct ng_index *index, const struct ng_query *query);

/* Some documents, ascending. */
struct ng_some_docs {
	uint64_t *list;
	size_t n;
	uint64_t longest; /* bytes of the longest one */
	uint64_t *of;     /* the document of each occurrence; NULL: they are many */
};

/* Occurrences whose documents are kept, at most: of 8 bytes each. */
#define NG_SOME_DOCS_OF (1u << 20)

/* The documents of a list of ranges' occurrences, of those that docs has (NULL: all). Locates each
 * of these. The caller clears them. */
int ng_some_docs_find(const struct ng_index *index, const struct ng_ranges *ranges,
		      const struct ng_cached *docs, const ng_cancel *cancel,
		      struct ng_some_docs *ret_docs);
void ng_some_docs_clear(struct ng_some_docs *docs);

/* How many bytes of some documents are read, about, to know which of them hold a string that occurs
 * `count` times in all: a document that holds it is read only as far as that. */
int ng_some_docs_bytes(const struct ng_index *index, const struct ng_some_docs *some,
		       uint64_t count, uint64_t *ret_bytes);

/* Set the bits, and the count, of those of some documents that hold a query without a scope, in a
 * block that has none set: by reading them (see docs_hold.h and ng_query_doc_reads). */
int ng_some_docs_hold(const struct ng_index *index, const struct ng_some_docs *some,
		      const struct ng_query *query, const ng_cancel *cancel,
		      struct ng_cached *docs);
