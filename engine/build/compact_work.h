/* SPDX-License-Identifier: Apache-2.0 */
/* How much work it is to merge shards of an index, as merge/cost.h counts it. */
#pragma once

#include "format/manifest.h"

/* Rows of a shard. */
static inline uint64_t ng_compact_rows(const struct ng_manifest_shard *shard)
{
	return shard->text_bytes + shard->docs;
}

/* Those that it will have: of a removed document the separator stays. */
static inline uint64_t ng_compact_rows_left(const struct ng_manifest_shard *shard)
{
	return ng_compact_rows(shard) - shard->removed.text_bytes;
}

/* Collecting the documents of shards [first, end), by one thread of those. */
uint64_t ng_compact_collect_work(const struct ng_manifest *manifest, size_t first, size_t end,
				 unsigned threads);

/* All of it until they are one: *ret_work. -ENOMEM. */
int ng_compact_work(const struct ng_manifest *manifest, size_t first, size_t end, unsigned threads,
		    uint64_t *ret_work);
