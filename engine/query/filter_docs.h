/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that count under a scope: filter.h has what else there is to it. Thread-safe. */
#pragma once

#include "query/filter.h"

/* Of a scope that asks something, a bit for each document, and how many; NULL: all, which the scope
 * may say nothing about. From the index's cache, or made and kept there; the caller's to
 * ng_cached_unref. ranges: as ng_filter_get takes them; cost and errors, too. */
int ng_filter_docs(const struct ng_index *index, const struct ng_scope *scope,
		   const struct ng_ranges *ranges, const ng_cancel *cancel,
		   struct ng_cached **ret_docs);

/* Have the cache keep which occurrences of some ranges count. */
void ng_survivors_keep(const struct ng_index *index, const struct ng_ranges *ranges,
		       struct ng_cached *bits);
