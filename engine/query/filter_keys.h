/* SPDX-License-Identifier: Apache-2.0 */
/* What filters keep in an index's cache, by which keys. */
#pragma once

#include "query/cache.h"
#include "query/ranges.h"

/* Kinds of blocks in the cache. Documents that hold a string have an odd number there. */
enum {
	NG_KEY_WHERE = 2,
	NG_KEY_DOCS = 4,
	NG_KEY_DOCS_OF = 6,
	NG_KEY_NEAR = 8,
	NG_KEY_SURVIVORS = 10,
	NG_KEY_COUNT = 12,
};

static inline XXH128_hash_t ng_key_make(uint64_t hash, uint64_t kind)
{
	return (XXH128_hash_t){hash, kind};
}

/* All that says which rows the ranges are of: not what pads them. */
static inline XXH128_hash_t ng_key_of_ranges(uint64_t hash, uint64_t kind,
					     const struct ng_ranges *ranges)
{
	XXH128_hash_t key = ng_key_make(hash, kind);

	for (size_t i = 0; i < ranges->n; i++) {
		const struct ng_range *range = &ranges->list[i];
		const uint64_t part[] = {key.low64, key.high64,   range->shard, range->lo,
					 range->hi, range->bytes, range->lead};

		key = XXH3_128bits(part, sizeof(part));
	}
	key.high64 &= ~1ull;
	return key;
}
