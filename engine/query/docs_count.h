/* SPDX-License-Identifier: Apache-2.0 */
/* How often a string occurs in some documents, counted in their text: for who needs no places. Of a
 * document each byte costs a step, and less with a text store; to locate an occurrence costs half a
 * sampling of them, wherever it is. */
#pragma once

#include "query/cache.h"
#include "query/scope.h"

/* Whether that is less work than to locate `count` occurrences, for documents that docs has a bit
 * for, and the count of; never where the query may be spelled otherwise, or is for whole words:
 * *ret_better. O(1) where they are many; otherwise a look at each. Errors of query.h. */
int ng_docs_count_is_better(const struct ng_index *index, const struct ng_query *query,
			    const struct ng_cached *docs, uint64_t count, bool *ret_better);

/* Count the query's occurrences, whatever its scope asks, in these documents. On all threads of the
 * index; can be cancelled. Memory: 8 bytes a document. Errors of query.h. Thread-safe. */
int ng_docs_count(const struct ng_index *index, const struct ng_query *query,
		  const struct ng_cached *docs, const ng_cancel *cancel, uint64_t *ret_count);
