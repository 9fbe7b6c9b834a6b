/* SPDX-License-Identifier: Apache-2.0 */
/* Many queries at once: their backward searches are walked side by side, so that their cache misses
 * overlap, and by all threads of the index. */
#pragma once

#include "query/query.h"

/* Occurrences of each of n patterns: ret_counts[i] is what ng_count gives for patterns[i]. Any n
 * and any lengths; memory is 8 bytes a pattern, and some KB a thread. Thread-safe; ends within a
 * tenth of a second when cancelled. Returns 0, -EINVAL (a pattern of no bytes), or the errors of
 * query.h. */
int ng_batch_count(const struct ng_index *index, size_t n, const struct ng_pattern *patterns,
		   const ng_cancel *cancel, uint64_t *ret_counts);

/* The intervals of each pattern in all shards: pattern i's in shard s is
 * ret_by_shard[i * shards + s], as ng_find gives it. Cost and errors as ng_batch_count. */
int ng_batch_find(const struct ng_index *index, size_t n, const struct ng_pattern *patterns,
		  const ng_cancel *cancel, struct ng_interval *ret_by_shard);
