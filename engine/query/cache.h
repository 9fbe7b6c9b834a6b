/* SPDX-License-Identifier: Apache-2.0 */
/* What was computed and may be asked for again: blocks of memory by a key, the most recent ones,
 * within a bound. Thread-safe. */
#pragma once

#include <xxhash.h>

#include "base/base.h"

struct ng_cache;

/* A block; fields but words are the cache's own. It doesn't change once it is in the cache. */
struct ng_cached {
	atomic_uint refs;
	XXH128_hash_t key;
	size_t bytes;
	struct ng_cached *next; /* used less recently */
	uint64_t count;         /* the user's */
	uint64_t words[];
};

/* -ENOMEM. */
int ng_cache_new(size_t max_bytes, struct ng_cache **ret_cache);
struct ng_cache *ng_cache_free(struct ng_cache *cache);

/* A new block of words that are 0, which isn't in the cache; NULL: out of memory. */
struct ng_cached *ng_cached_new(XXH128_hash_t key, uint64_t n_words);

/* The block of that key, or NULL; to be given back. */
struct ng_cached *ng_cache_get(struct ng_cache *cache, XXH128_hash_t key);

/* The most blocks that are kept: to look for one takes a step each. */
#define NG_CACHE_BLOCKS_MAX 256u

/* Keep a block, which the caller goes on to hold. Others may have to go; this one does if it is
 * larger than all of the cache. */
void ng_cache_put(struct ng_cache *cache, struct ng_cached *block);

void ng_cached_unref(struct ng_cached *block); /* NULL is fine */

static inline void ng_cached_unrefp(struct ng_cached **block)
{
	ng_cached_unref(*block);
}
