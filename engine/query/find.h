/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a query (scope.h): its occurrences, how many there are, whether there are
 * any. Thread-safe; every function may be cancelled. -EOVERFLOW: the query, or a string of its
 * scope, has too many spellings (the limits of fold.h); -EINVAL: it is empty; and the errors of
 * query.h. */
#pragma once

#include "query/filter.h"

/* Its occurrences and those of the scope's `any`, in all documents, whatever else the scope asks.
 * Where one place has several, it is there once, with the longest. Cost of ng_find, and of
 * ng_fold_find_by if anything is folded, and of ng_word_find of words. */
int ng_query_find(const struct ng_index *index, const struct ng_query *query,
		  const ng_cancel *cancel, struct ng_ranges *ret_ranges);

/* How many of them count. An exact count of one shard allocates nothing. Where the scope asks more,
 * it costs a locate an occurrence the first time, or less (ng_filter_count). */
int ng_query_count(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, uint64_t *ret_count);

/* How many there are in all documents: no fewer than those that count. */
int ng_query_bound(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, uint64_t *ret_count);

/* How many occurrences, of the query and of what its scope asks, have to be looked at to know which
 * count, about; as many as ng_query_bound, at least. */
int ng_query_work(const struct ng_index *index, const struct ng_query *query,
		  const ng_cancel *cancel, uint64_t *ret_count);

/* Whether there are any that count; *ret_bound as ng_query_bound. As many are located as it
 * takes. */
int ng_query_any(const struct ng_index *index, const struct ng_query *query,
		 const ng_cancel *cancel, bool *ret_any, uint64_t *ret_bound);

/* Whether a document holds occurrences that count, of which there are `count` in all documents: 1
 * or 0. Reads the document, or locates all occurrences, whichever is the less work; stops at the
 * first hit. */
int ng_query_doc_holds(const struct ng_index *index, uint64_t doc, const struct ng_query *query,
		       uint64_t count, const ng_cancel *cancel);

/* The same of a document that is there, of doc_bytes bytes, by reading it, of a query without a
 * scope. One that has to be read whole (ng_query_reads_whole) takes as much memory. */
int ng_query_doc_reads(const struct ng_index *index, uint64_t doc, uint64_t doc_bytes,
		       const struct ng_query *query, const ng_cancel *cancel);

/* Whether it can't be looked for in pieces of a document. */
static inline bool ng_query_reads_whole(const struct ng_query *query)
{
	return query->fold & (NG_FOLD_SPACE | NG_QUERY_WORD);
}

/* The longest document that is read whole. */
#define NG_QUERY_WHOLE_MAX (32u << 20)

/* Reading a byte, in steps of locating: with a text store so many bytes are one. */
#define NG_QUERY_STORE_SPEEDUP 64u
