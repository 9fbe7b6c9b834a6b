/* SPDX-License-Identifier: Apache-2.0 */
/* The documents for which conditions on the metadata hold. Thread-safe. */
#pragma once

#include "query/cache.h"
#include "query/query.h"
#include "query/where.h"

/* Set the bits of those documents in docs, which has one for each document of the index, none of
 * them set; and its count. O(documents), some steps each where a shard has a column of the field;
 * the metadata of every document is read and parsed where it hasn't. Removed documents don't
 * count. Can be cancelled. Errors as in query.h. */
int ng_where_docs(const struct ng_index *index, const struct ng_where *where,
		  const ng_cancel *cancel, struct ng_cached *docs);

/* Whether the index may have documents with every field that the conditions name; false only where
 * each shard says that none of its documents has one of them. */
int ng_where_fits(const struct ng_index *index, const struct ng_where *where, bool *ret_fits);
