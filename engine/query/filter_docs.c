/* SPDX-License-Identifier: Apache-2.0 */
#include "query/filter_docs.h"

#include "query/filter_keys.h"
#include "query/index_internal.h"
#include "query/string_docs.h"
#include "query/where_docs.h"

/* Strings of so few occurrences are located without thinking of other ways: some milliseconds. */
#define CHEAP 2048u

static uint64_t words_of(const struct ng_index *index)
{
	return index->stats.numbers / 64 + 1;
}

/* The documents of a scope, on the way. */
struct choosing {
	const struct ng_index *index;
	const struct ng_scope *scope;
	const struct ng_ranges *ranges; /* or NULL */
	const ng_cancel *cancel;
	struct ng_cached *docs;   /* that are left; it isn't in the cache */
	struct ng_some_docs some; /* of them, those of the ranges */
	bool has_some;            /* they are known; only of them is it known then which are left */
};

static void choosing_clear(struct choosing *c)
{
	ng_cached_unref(c->docs);
	ng_some_docs_clear(&c->some);
}

static int where_get(const struct ng_index *index, const struct ng_where *where,
		     const ng_cancel *cancel, struct ng_cached **ret_docs)
{
	XXH128_hash_t key = ng_key_make(where->hash, NG_KEY_WHERE);
	ng_cleanup(ng_cached_unrefp) struct ng_cached *docs = ng_cache_get(index->cache, key);
	int r;

	if (!docs) {
		docs = ng_cached_new(key, words_of(index));
		r = docs ? ng_where_docs(index, where, cancel, docs) : -ENOMEM;
		if (r)
			return r;
		ng_cache_put(index->cache, docs);
	}
	*ret_docs = ng_steal_ptr(&docs);
	return 0;
}

/* All that haven't been removed. */
static int all_docs(const struct ng_index *index, struct ng_cached *docs)
{
	for (uint32_t s = 0; s < index->n_shards; s++) {
		const struct ng_shard *shard = index->shards[s];
		bool bad = false;

		for (uint64_t doc = 0; doc < shard->params.docs; doc++) {
			uint64_t number = index->first_doc[s] + doc;

			if (!ng_shard_has_removed(shard, doc, &bad))
				docs->words[number / 64] |= 1ull << number % 64;
		}
		if (bad)
			return ng_shard_damaged(shard);
	}
	return 0;
}

/* Those that the conditions leave. */
static int choosing_begin(struct choosing *c, XXH128_hash_t key)
{
	ng_cleanup(ng_cached_unrefp) struct ng_cached *where = NULL;
	int r = 0;

	if (c->scope->where)
		r = where_get(c->index, c->scope->where, c->cancel, &where);
	if (r)
		return r;
	c->docs = ng_cached_new(key, words_of(c->index));
	if (!c->docs)
		return -ENOMEM;
	if (!where)
		return all_docs(c->index, c->docs);
	memcpy(c->docs->words, where->words, words_of(c->index) * sizeof(*where->words));
	return 0;
}

/* Whether it takes fewer steps to read some documents than to locate count occurrences. */
static int is_better_read(const struct choosing *c, const struct ng_query *query, uint64_t count,
			  bool *ret_better)
{
	const struct ng_index_stats *stats = &c->index->stats;
	uint64_t locate = ng_max(stats->sa_sampling / 2, 1u), steps;
	int r;

	if (ng_query_reads_whole(query) && c->some.longest > NG_QUERY_WHOLE_MAX)
		return 0;
	r = ng_some_docs_bytes(c->index, &c->some, ng_query_reads_whole(query) ? 0 : count, &steps);
	if (r < 0)
		return r;
	if (stats->text_store_bytes)
		steps /= NG_QUERY_STORE_SPEEDUP;
	*ret_better = steps / locate + c->some.n < count;
	return 0;
}

/* Whether to read the documents of the ranges to know which of them hold a string. */
static int reads_some(struct choosing *c, const struct ng_query *query, bool *ret_reads)
{
	uint64_t count;
	int r;

	*ret_reads = false;
	if (!c->ranges || ng_string_docs_known(c->index, query))
		return 0;
	r = ng_query_bound(c->index, query, c->cancel, &count);
	if (r || count <= CHEAP || count <= c->ranges->count)
		return r;
	if (!c->has_some)
		r = ng_some_docs_find(c->index, c->ranges, c->docs, c->cancel, &c->some);
	if (r)
		return r;
	c->has_some = true;
	return is_better_read(c, query, count, ret_reads);
}

/* Leave those documents that hold a string, or those that don't. */
static int string_choose(struct choosing *c, const struct ng_pattern *string, bool holds,
			 bool *ret_read)
{
	const struct ng_query query = ng_scope_query(c->scope, string);
	ng_cleanup(ng_cached_unrefp) struct ng_cached *docs = NULL;
	bool reads;
	int r = reads_some(c, &query, &reads);

	if (r)
		return r;
	if (reads) {
		docs = ng_cached_new(ng_key_make(0, 0), words_of(c->index));
		r = docs ? ng_some_docs_hold(c->index, &c->some, &query, c->cancel, docs) : -ENOMEM;
	} else {
		r = ng_string_docs(c->index, &query, c->cancel, &docs);
	}
	for (uint64_t i = 0; r == 0 && i < words_of(c->index); i++)
		c->docs->words[i] &= holds ? docs->words[i] : ~docs->words[i];
	*ret_read |= reads;
	return r;
}

/* *ret_read: that is right for the documents of the ranges only. */
static int strings_choose(struct choosing *c, bool *ret_read)
{
	const struct ng_scope *scope = c->scope;
	int r = 0;

	for (size_t i = 0; r == 0 && !scope->is_near && i < scope->also.n; i++)
		r = string_choose(c, &scope->also.list[i], true, ret_read);
	for (size_t i = 0; r == 0 && i < scope->not .n; i++)
		r = string_choose(c, &scope->not .list[i], false, ret_read);
	for (uint64_t i = 0; i < words_of(c->index); i++)
		c->docs->count += (uint64_t)__builtin_popcountll(c->docs->words[i]);
	return r;
}

void ng_survivors_keep(const struct ng_index *index, const struct ng_ranges *ranges,
		       struct ng_cached *bits)
{
	ng_survivors_count(bits, ranges->count);
	ng_cache_put(index->cache, bits);
}

/* Where the occurrences of the ranges had to be located, it is known which count, and whoever asks
 * need not locate them again. */
static int survivors_tell(const struct choosing *c)
{
	struct ng_cached *bits;

	if (!c->some.of || c->scope->is_near)
		return 0;
	bits = ng_survivors_new(ng_key_of_ranges(c->scope->hash, NG_KEY_SURVIVORS, c->ranges),
				c->ranges->count);
	if (!bits)
		return -ENOMEM;
	for (uint64_t i = 0; i < c->ranges->count; i++) {
		uint64_t doc = c->some.of[i], has = c->docs->words[doc / 64] >> doc % 64 & 1;

		bits->words[i / 64] |= has << i % 64;
	}
	ng_survivors_keep(c->index, c->ranges, bits);
	ng_cached_unref(bits);
	return 0;
}

int ng_filter_docs(const struct ng_index *index, const struct ng_scope *scope,
		   const struct ng_ranges *ranges, const ng_cancel *cancel,
		   struct ng_cached **ret_docs)
{
	ng_cleanup(choosing_clear) struct choosing c = {
		.index = index, .scope = scope, .ranges = ranges, .cancel = cancel};
	XXH128_hash_t key = ng_key_make(scope->docs_hash, NG_KEY_DOCS), key_of = key;
	bool read = false;
	int r;

	if (!ng_scope_limits_docs(scope))
		return 0;
	if (ranges)
		key_of = ng_key_of_ranges(scope->docs_hash, NG_KEY_DOCS_OF, ranges);
	c.docs = ng_cache_get(index->cache, key);
	if (!c.docs && ranges)
		c.docs = ng_cache_get(index->cache, key_of);
	if (!c.docs) {
		r = choosing_begin(&c, key);
		if (r == 0)
			r = strings_choose(&c, &read);
		if (r == 0)
			r = survivors_tell(&c);
		if (r)
			return r;
		if (read)
			c.docs->key = key_of;
		ng_cache_put(index->cache, c.docs);
	}
	*ret_docs = ng_steal_ptr(&c.docs);
	return 0;
}
