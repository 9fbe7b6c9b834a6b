/* SPDX-License-Identifier: Apache-2.0 */
/* A query, and how it is meant: what the files of a mount are asked under some settings. */
#pragma once

#include "query/facet.h"
#include "query/filter.h"
#include "query/folding.h"
#include "query/ranges.h"

/* Beside NG_FOLD_*: only occurrences that are whole words, see query/word_find.h. */
#define NG_QUERY_WORD 8u

struct ng_query {
	const uint8_t *bytes;
	size_t len;
	unsigned fold; /* NG_FOLD_*: what makes no difference, see query/folding.h; 0: exact;
			* and NG_QUERY_WORD */
	struct ng_where *where;       /* documents that count; NULL: all. Borrowed */
	const struct ng_facet *facet; /* what is asked for by value, or NULL. Borrowed */
};

/* Whether its occurrences may be spelled otherwise than it is. */
static inline bool ng_query_varies(const struct ng_query *query)
{
	return query->fold & ~NG_QUERY_WORD;
}

/* Its occurrences in all documents, whatever `where` says, and how many there are in those that
 * count. Cost of ng_find, and of ng_fold_find_by if anything is folded; an exact count of one shard
 * allocates nothing. Under `where` a count costs a locate an occurrence the first time
 * (ng_survivors_get). Thread-safe. -EOVERFLOW: the query has too many spellings (ng_fold_find_by's
 * limits); -EINVAL: it is empty; and the errors of query.h. */
int ng_query_find(const struct ng_index *index, const struct ng_query *query,
		  const ng_cancel *cancel, struct ng_ranges *ret_ranges);
int ng_query_count(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, uint64_t *ret_count);

/* How many there are in all documents: no fewer than those that count. */
int ng_query_bound(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, uint64_t *ret_count);

/* Whether there are any in documents that count; *ret_bound as ng_query_bound. Under `where` as
 * many are located as it takes. */
int ng_query_any(const struct ng_index *index, const struct ng_query *query,
		 const ng_cancel *cancel, bool *ret_any, uint64_t *ret_bound);

/* Whether a document that counts holds it, which occurs count times in all documents: 1 or 0. Reads
 * the document, or locates all occurrences, whichever is the less work; stops at the first hit.
 * Errors as above. */
int ng_query_doc_holds(const struct ng_index *index, uint64_t doc, const struct ng_query *query,
		       uint64_t count, const ng_cancel *cancel);
