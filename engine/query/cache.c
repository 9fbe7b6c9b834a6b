/* SPDX-License-Identifier: Apache-2.0 */
#include "query/cache.h"

#include <pthread.h>

struct ng_cache {
	pthread_mutex_t lock;
	struct ng_cached *newest;
	size_t bytes, max_bytes;
};

int ng_cache_new(size_t max_bytes, struct ng_cache **ret_cache)
{
	struct ng_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	pthread_mutex_init(&cache->lock, NULL);
	cache->max_bytes = max_bytes;
	*ret_cache = cache;
	return 0;
}

struct ng_cache *ng_cache_free(struct ng_cache *cache)
{
	if (!cache)
		return NULL;
	while (cache->newest) {
		struct ng_cached *block = cache->newest;

		cache->newest = block->next;
		ng_cached_unref(block);
	}
	pthread_mutex_destroy(&cache->lock);
	free(cache);
	return NULL;
}

struct ng_cached *ng_cached_new(XXH128_hash_t key, uint64_t n_words)
{
	struct ng_cached *block = NULL;
	size_t bytes;

	if (!__builtin_mul_overflow(n_words, sizeof(block->words[0]), &bytes) &&
	    !__builtin_add_overflow(bytes, sizeof(*block), &bytes))
		block = calloc(1, bytes);
	if (!block)
		return NULL;
	atomic_init(&block->refs, 1);
	block->key = key;
	block->bytes = bytes;
	return block;
}

void ng_cached_unref(struct ng_cached *block)
{
	if (block && atomic_fetch_sub(&block->refs, 1) == 1)
		free(block);
}

/* Take the block of a key out of the list; NULL: there is none. */
static struct ng_cached *take(struct ng_cache *cache, XXH128_hash_t key)
{
	for (struct ng_cached **at = &cache->newest; *at; at = &(*at)->next) {
		struct ng_cached *block = *at;

		if (!XXH128_isEqual(block->key, key))
			continue;
		*at = block->next;
		cache->bytes -= block->bytes;
		return block;
	}
	return NULL;
}

static void put_newest(struct ng_cache *cache, struct ng_cached *block)
{
	block->next = cache->newest;
	cache->newest = block;
	cache->bytes += block->bytes;
}

struct ng_cached *ng_cache_get(struct ng_cache *cache, XXH128_hash_t key)
{
	struct ng_cached *block;

	pthread_mutex_lock(&cache->lock);
	block = take(cache, key);
	if (block) {
		put_newest(cache, block);
		atomic_fetch_add(&block->refs, 1);
	}
	pthread_mutex_unlock(&cache->lock);
	return block;
}

void ng_cache_put(struct ng_cache *cache, struct ng_cached *block)
{
	struct ng_cached *gone = NULL, **at;
	size_t bytes = 0, n = 0;

	if (block->bytes > cache->max_bytes)
		return;
	pthread_mutex_lock(&cache->lock);
	/* Another thread may have made the same. */
	gone = take(cache, block->key);
	if (gone)
		gone->next = NULL;
	put_newest(cache, block);
	atomic_fetch_add(&block->refs, 1);
	for (at = &cache->newest;
	     *at && bytes + (*at)->bytes <= cache->max_bytes && n < NG_CACHE_BLOCKS_MAX;
	     at = &(*at)->next, n++)
		bytes += (*at)->bytes;
	while (*at) {
		struct ng_cached *old = *at;

		*at = old->next;
		cache->bytes -= old->bytes;
		old->next = gone;
		gone = old;
	}
	pthread_mutex_unlock(&cache->lock);
	while (gone) {
		struct ng_cached *old = gone;

		gone = old->next;
		ng_cached_unref(old);
	}
}
