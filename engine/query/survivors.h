/* SPDX-License-Identifier: Apache-2.0 */
/* Some of many occurrences, as bits. */
#pragma once

#include "query/cache.h"

struct ng_survivors {
	struct ng_cached *bits; /* count: how many are set */
	uint64_t n;             /* occurrences, a bit each */
};

/* A block for n bits, none of them set, that isn't in the cache. NULL: out of memory. */
struct ng_cached *ng_survivors_new(XXH128_hash_t key, uint64_t n);

/* All bits are set that are to be: count them. O(n / 64). */
void ng_survivors_count(struct ng_cached *bits, uint64_t n);

void ng_survivors_clear(struct ng_survivors *survivors);

/* Which occurrence the survivor of a number < count is. O(log(occurrences)). */
uint64_t ng_survivors_at(const struct ng_survivors *survivors, uint64_t number);

static inline bool ng_survivors_has(const struct ng_survivors *survivors, uint64_t occurrence)
{
	return survivors->bits->words[occurrence / 64] >> occurrence % 64 & 1;
}
