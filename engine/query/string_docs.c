/* SPDX-License-Identifier: Apache-2.0 */
#include "query/string_docs.h"

#include "query/docs_hold.h"
#include "query/index_internal.h"

/* Occurrences that a thread locates at a time, at most. */
#define PART 1024u

static XXH128_hash_t docs_key(const struct ng_query *query)
{
	XXH128_hash_t key = XXH3_128bits_withSeed(query->bytes, query->len, query->fold);

	/* Those of other kinds of blocks end otherwise. */
	key.high64 |= 1;
	return key;
}

struct locating {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const ng_cancel *cancel;
	size_t part;
	struct ng_cached *docs;
	uint64_t *of; /* the document of each occurrence; NULL: nobody asks */
};

static void set_bit(struct ng_cached *docs, uint64_t doc)
{
	uint64_t bit = 1ull << doc % 64, *word = &docs->words[doc / 64];

	/* Frequent strings are in most documents many times. */
	if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
}

static int part_locate(void *userdata, uint64_t part)
{
	const struct locating *l = userdata;
	struct ng_match matches[PART];
	size_t n = 0;
	int r = ng_ranges_locate(l->index, l->ranges, part * l->part, l->part, l->cancel, matches,
				 &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		set_bit(l->docs, matches[i].doc);
		if (l->of)
			l->of[part * l->part + i] = matches[i].doc;
	}
	return r;
}

static uint64_t words_of(const struct ng_index *index)
{
	return index->stats.numbers / 64 + 1;
}

static void count_bits(const struct ng_index *index, struct ng_cached *docs)
{
	docs->count = 0;
	for (uint64_t i = 0; i < words_of(index); i++)
		docs->count += (uint64_t)__builtin_popcountll(docs->words[i]);
}

/* Set the bits of the documents that some occurrences are in. */
static int ranges_docs(const struct ng_index *index, const struct ng_ranges *ranges,
		       const ng_cancel *cancel, struct ng_cached *docs, uint64_t *of)
{
	struct locating l = {index, ranges, cancel, ng_index_part(index, PART), docs, of};
	int r = ng_index_run(index, ng_div_up(ranges->count, (uint64_t)l.part), part_locate, &l);

	if (r == 0)
		count_bits(index, docs);
	return r;
}

bool ng_string_docs_known(const struct ng_index *index, const struct ng_query *query)
{
	ng_cleanup(ng_cached_unrefp) struct ng_cached *docs =
		ng_cache_get(index->cache, docs_key(query));

	return docs;
}

int ng_string_docs(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, struct ng_cached **ret_docs)
{
	ng_cleanup(ng_cached_unrefp) struct ng_cached *docs =
		ng_cache_get(index->cache, docs_key(query));
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	int r;

	if (!docs) {
		docs = ng_cached_new(docs_key(query), words_of(index));
		if (!docs)
			return -ENOMEM;
		r = ng_query_find(index, query, cancel, &ranges);
		if (r == 0)
			r = ranges_docs(index, &ranges, cancel, docs, NULL);
		if (r)
			return r;
		ng_cache_put(index->cache, docs);
	}
	*ret_docs = ng_steal_ptr(&docs);
	return 0;
}

void ng_some_docs_clear(struct ng_some_docs *docs)
{
	free(docs->list);
	free(docs->of);
	*docs = (struct ng_some_docs){0};
}

/* The numbers that have a bit in `holders`, and in docs if that isn't NULL. */
static int list_docs(const struct ng_index *index, const struct ng_cached *holders,
		     const struct ng_cached *docs, struct ng_some_docs *some)
{
	some->list = calloc(holders->count + 1, sizeof(*some->list));
	if (!some->list)
		return -ENOMEM;
	for (uint64_t w = 0; w < words_of(index); w++) {
		uint64_t bits = holders->words[w] & (docs ? docs->words[w] : UINT64_MAX);

		for (; bits; bits &= bits - 1) {
			uint64_t doc = w * 64 + (uint64_t)__builtin_ctzll(bits), bytes;
			int r = ng_doc_bytes(index, doc, &bytes);

			/* What an occurrence is in is there. */
			if (r < 0)
				return r == -ENOENT ? -EUCLEAN : r;
			some->list[some->n++] = doc;
			some->longest = ng_max(some->longest, bytes);
		}
	}
	return 0;
}

int ng_some_docs_find(const struct ng_index *index, const struct ng_ranges *ranges,
		      const struct ng_cached *docs, const ng_cancel *cancel,
		      struct ng_some_docs *ret_docs)
{
	ng_cleanup(ng_cached_unrefp) struct ng_cached *holders =
		ng_cached_new((XXH128_hash_t){0, 0}, words_of(index));
	ng_cleanup(ng_some_docs_clear) struct ng_some_docs some = {0};
	int r = holders ? 0 : -ENOMEM;

	if (r == 0 && ranges->count <= NG_SOME_DOCS_OF) {
		some.of = calloc(ranges->count + 1, sizeof(*some.of));
		r = some.of ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = ranges_docs(index, ranges, cancel, holders, some.of);
	if (r == 0)
		r = list_docs(index, holders, docs, &some);
	if (r)
		return r;
	*ret_docs = some;
	some = (struct ng_some_docs){0};
	return 0;
}

int ng_some_docs_bytes(const struct ng_index *index, const struct ng_some_docs *some,
		       uint64_t count, uint64_t *ret_bytes)
{
	/* Until a first occurrence. They stand together, and so it is more than between two. */
	uint64_t most = 2 * (index->stats.text_bytes / ng_max(count, (uint64_t)1)), all = 0;

	for (size_t i = 0; i < some->n; i++) {
		uint64_t bytes;
		int r = ng_doc_bytes(index, some->list[i], &bytes);

		if (r < 0)
			return r;
		all += ng_min(bytes, most);
	}
	*ret_bytes = all;
	return 0;
}

/* What isn't read together with others. */
struct reading {
	const struct ng_index *index;
	const struct ng_some_docs *some;
	const struct ng_query *query;
	const struct ng_docs_hold *hold;
	const ng_cancel *cancel;
	struct ng_cached *docs;
};

static int doc_read(void *userdata, uint64_t i)
{
	const struct reading *reading = userdata;
	uint64_t doc = reading->some->list[i], bytes = 0;
	bool takes = false;
	int r = ng_cancelled(reading->cancel) ? -EINTR : ng_doc_bytes(reading->index, doc, &bytes);

	if (r == 0)
		r = ng_docs_hold_takes(reading->hold, doc, &takes);
	if (r == 0 && !takes)
		r = ng_query_doc_reads(reading->index, doc, bytes, reading->query, reading->cancel);
	if (r == 1)
		set_bit(reading->docs, doc);
	return ng_min(r, 0);
}

int ng_some_docs_hold(const struct ng_index *index, const struct ng_some_docs *some,
		      const struct ng_query *query, const ng_cancel *cancel, struct ng_cached *docs)
{
	const struct ng_docs_hold hold = ng_docs_hold_make(index, query);
	struct reading reading = {index, some, query, &hold, cancel, docs};
	size_t taken = 0;
	int r = ng_docs_hold_read(&hold, some->list, some->n, cancel, docs, &taken);

	if (r == 0 && taken < some->n)
		r = ng_index_run(index, some->n, doc_read, &reading);
	if (r == 0)
		count_bits(index, docs);
	return r;
}
