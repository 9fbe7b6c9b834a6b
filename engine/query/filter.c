/* SPDX-License-Identifier: Apache-2.0 */
#include "query/filter.h"

#include "query/column.h"
#include "query/index_internal.h"

/* Documents and occurrences that a thread takes at a time; occurrences are of whole words. */
#define PART_DOCS 4096u
#define PART      1024u

/* Words of survivors' bits between two counts of those before. */
#define BLOCK_WORDS 8u

/* ---- documents ---- */

/* A condition in a shard: of a column, whether each of its values fulfils it, and whether none
 * does, which is false. */
struct test {
	struct ng_column column;
	bool *holds; /* [values + 1], of NG_COLUMN_TABLE */
};

struct filtering {
	const struct ng_index *index;
	const struct ng_where *where;
	const ng_cancel *cancel;
	struct test *tests;   /* [shards][conditions] */
	uint64_t *first_part; /* [shards + 1] */
	struct ng_cached *docs;
	atomic_ullong count;
};

static void filtering_clear(struct filtering *f)
{
	for (size_t i = 0; f->tests && i < f->index->n_shards * f->where->n; i++) {
		ng_column_clear(&f->tests[i].column);
		free(f->tests[i].holds);
	}
	free(f->tests);
	free(f->first_part);
	ng_cached_unref(f->docs);
}

static int test_make(const struct ng_shard *shard, const struct ng_condition *condition,
		     struct test *test)
{
	const struct ng_facet_column *table = &test->column.table;
	int r = ng_column_open(shard, condition->field, condition->field_bytes, 0, &test->column);

	if (r < 0 || test->column.source != NG_COLUMN_TABLE)
		return r;
	test->holds = calloc(table->values + 1ull, sizeof(*test->holds));
	if (!test->holds)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->values; i++) {
		size_t len;
		const uint8_t *value = ng_facet_value(table, i, &len);

		test->holds[i] = ng_condition_holds(condition, value, len);
	}
	return 0;
}

static int tests_make(struct filtering *f)
{
	uint32_t shards = f->index->n_shards;
	int r = 0;

	f->tests = calloc(shards * f->where->n + 1, sizeof(*f->tests));
	f->first_part = calloc(shards + 1ull, sizeof(*f->first_part));
	if (!f->tests || !f->first_part)
		return -ENOMEM;
	for (uint32_t s = 0; r == 0 && s < shards; s++) {
		const struct ng_shard *shard = f->index->shards[s];

		f->first_part[s + 1] =
			f->first_part[s] + ng_div_up(shard->params.docs, (uint64_t)PART_DOCS);
		for (size_t i = 0; r == 0 && i < f->where->n; i++)
			r = test_make(shard, &f->where->conditions[i],
				      &f->tests[s * f->where->n + i]);
	}
	return r;
}

static int doc_holds(const struct filtering *f, const struct test *tests,
		     struct ng_meta_cursor *cursor, uint64_t doc, bool *ret_holds)
{
	bool read = false, bad = false;

	/* What costs less first. */
	for (size_t i = 0; i < f->where->n; i++) {
		if (tests[i].column.source == NG_COLUMN_EMPTY)
			return 0;
		if (tests[i].column.source == NG_COLUMN_TABLE) {
			uint32_t id = ng_facet_id(&tests[i].column.table, doc, &bad);

			if (bad)
				return -EUCLEAN;
			if (!tests[i].holds[id])
				return 0;
		}
	}
	for (size_t i = 0; i < f->where->n; i++) {
		const struct ng_condition *condition = &f->where->conditions[i];
		const struct ng_meta_field *field;

		if (tests[i].column.source != NG_COLUMN_METADATA)
			continue;
		if (!read) {
			int r = ng_meta_cursor_read(cursor, doc);

			if (r < 0)
				return r;
			read = true;
		}
		field = ng_meta_fields_find(&cursor->fields, condition->field,
					    condition->field_bytes);
		if (!field || !ng_condition_holds(condition, ng_meta_value(&cursor->fields, field),
						  field->value_bytes))
			return 0;
	}
	*ret_holds = true;
	return 0;
}

static int part_filter(void *userdata, uint64_t part)
{
	struct filtering *f = userdata;
	bool bad = false;
	uint32_t s = 0;
	ng_cleanup(ng_meta_cursor_clear) struct ng_meta_cursor cursor = {0};
	const struct test *tests;
	uint64_t doc, end, count = 0;
	int r = 0;

	while (part >= f->first_part[s + 1])
		s++;
	cursor.shard = f->index->shards[s];
	tests = &f->tests[s * f->where->n];
	doc = (part - f->first_part[s]) * PART_DOCS;
	end = ng_min(doc + PART_DOCS, cursor.shard->params.docs);
	for (; r == 0 && doc < end; doc++) {
		uint64_t number = f->index->first_doc[s] + doc;
		bool holds = false;

		if (doc % 64 == 0 && ng_cancelled(f->cancel))
			return -EINTR;
		if (!ng_shard_has_removed(cursor.shard, doc, &bad))
			r = doc_holds(f, tests, &cursor, doc, &holds);
		if (bad)
			r = -EUCLEAN;
		if (r < 0 || !holds)
			continue;
		/* Another shard's documents may share the word. */
		__atomic_fetch_or(&f->docs->words[number / 64], 1ull << number % 64,
				  __ATOMIC_RELAXED);
		count++;
	}
	atomic_fetch_add(&f->count, count);
	return ng_shard_result(cursor.shard, r);
}

int ng_filter_get(const struct ng_index *index, struct ng_where *where, const ng_cancel *cancel,
		  struct ng_filter *ret_filter)
{
	ng_cleanup(filtering_clear) struct filtering f = {
		.index = index, .where = where, .cancel = cancel};
	XXH128_hash_t key;
	int r;

	if (!where) {
		*ret_filter = (struct ng_filter){NULL};
		return 0;
	}
	key = (XXH128_hash_t){where->hash, 0};
	f.docs = ng_cache_get(index->cache, key);
	if (!f.docs) {
		f.docs = ng_cached_new(key, index->stats.numbers / 64 + 1);
		if (!f.docs)
			return -ENOMEM;
		r = tests_make(&f);
		if (r == 0)
			r = ng_index_run(index, f.first_part[index->n_shards], part_filter, &f);
		if (r < 0)
			return r;
		f.docs->count = atomic_load(&f.count);
		ng_cache_put(index->cache, f.docs);
	}
	ret_filter->docs = ng_steal_ptr(&f.docs);
	return 0;
}

void ng_filter_clear(struct ng_filter *filter)
{
	ng_cached_unref(filter->docs);
	filter->docs = NULL;
}

int ng_where_fits(const struct ng_index *index, const struct ng_where *where, bool *ret_fits)
{
	bool fits = true;

	for (size_t i = 0; i < where->n && fits; i++) {
		const struct ng_condition *condition = &where->conditions[i];

		fits = false;
		for (uint32_t s = 0; s < index->n_shards && !fits; s++) {
			struct ng_facet_field field;
			struct ng_facets facets;
			bool has;
			int r = ng_shard_facets(index->shards[s], &has, &facets);

			if (r == 0 && has && !facets.others)
				r = ng_facets_find(&facets, condition->field,
						   condition->field_bytes, 0, &field);
			else if (r == 0)
				r = 1;
			if (r < 0)
				return ng_shard_result(index->shards[s], r);
			fits = r > 0;
		}
	}
	*ret_fits = fits;
	return 0;
}

/* ---- occurrences ---- */

_Static_assert(PART % (64 * BLOCK_WORDS) == 0, "no two parts write to one word");

struct surviving {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const struct ng_filter *filter;
	const ng_cancel *cancel;
	struct ng_cached *bits;
};

static int part_survive(void *userdata, uint64_t part)
{
	const struct surviving *s = userdata;
	struct ng_match matches[PART];
	uint64_t first = part * PART;
	size_t n = 0;
	int r = ng_ranges_locate(s->index, s->ranges, first, PART, s->cancel, matches, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (ng_filter_has(s->filter, matches[i].doc))
			s->bits->words[(first + i) / 64] |= 1ull << (first + i) % 64;
	return r;
}

static uint64_t blocks_of(uint64_t n)
{
	return ng_div_up(n, (uint64_t)64 * BLOCK_WORDS);
}

/* Behind the bits: how many are set before each block. */
static void counts_make(struct ng_cached *bits, uint64_t n)
{
	uint64_t blocks = blocks_of(n), *before = bits->words + blocks * BLOCK_WORDS;

	for (uint64_t b = 0; b < blocks; b++) {
		before[b] = bits->count;
		for (unsigned w = 0; w < BLOCK_WORDS; w++)
			bits->count +=
				(uint64_t)__builtin_popcountll(bits->words[b * BLOCK_WORDS + w]);
	}
}

/* All that says which rows the ranges are of, and which documents these are in: not what pads
 * them. */
static XXH128_hash_t survivors_key(const struct ng_ranges *ranges, const struct ng_where *where)
{
	XXH128_hash_t key = {where->hash, UINT64_MAX}; /* a filter's own has 0 there */

	for (size_t i = 0; i < ranges->n; i++) {
		const struct ng_range *range = &ranges->list[i];
		const uint64_t part[] = {key.low64, key.high64,   range->shard, range->lo,
					 range->hi, range->bytes, range->lead};

		key = XXH3_128bits(part, sizeof(part));
	}
	return key;
}

int ng_survivors_get(const struct ng_index *index, const struct ng_ranges *ranges,
		     struct ng_where *where, const ng_cancel *cancel,
		     struct ng_survivors *ret_survivors)
{
	ng_cleanup(ng_cached_unrefp) struct ng_cached *bits = NULL;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {NULL};
	struct surviving s = {index, ranges, &filter, cancel, NULL};
	uint64_t blocks = blocks_of(ranges->count);
	XXH128_hash_t key = survivors_key(ranges, where);
	int r = ng_ranges_check(ranges, index);

	if (r < 0)
		return r;
	bits = ng_cache_get(index->cache, key);
	if (!bits) {
		r = ng_filter_get(index, where, cancel, &filter);
		bits = ng_cached_new(key, blocks * (BLOCK_WORDS + 1));
		if (r == 0 && !bits)
			r = -ENOMEM;
		s.bits = bits;
		if (r == 0)
			r = ng_index_run(index, ng_div_up(ranges->count, (uint64_t)PART),
					 part_survive, &s);
		if (r < 0)
			return r;
		counts_make(bits, ranges->count);
		ng_cache_put(index->cache, bits);
	}
	*ret_survivors = (struct ng_survivors){ng_steal_ptr(&bits), ranges->count};
	return 0;
}

void ng_survivors_clear(struct ng_survivors *survivors)
{
	ng_cached_unref(survivors->bits);
	*survivors = (struct ng_survivors){0};
}

uint64_t ng_survivors_at(const struct ng_survivors *survivors, uint64_t number)
{
	const uint64_t *words = survivors->bits->words;
	uint64_t blocks = blocks_of(survivors->n), lo = 0, hi = blocks, word, left;
	const uint64_t *before = words + blocks * BLOCK_WORDS;

	while (hi - lo > 1) {
		uint64_t middle = lo + (hi - lo) / 2;

		if (before[middle] <= number)
			lo = middle;
		else
			hi = middle;
	}
	left = number - before[lo];
	for (word = lo * BLOCK_WORDS; left >= (uint64_t)__builtin_popcountll(words[word]); word++)
		left -= (uint64_t)__builtin_popcountll(words[word]);
	for (uint64_t bits = words[word];; bits &= bits - 1)
		if (left-- == 0)
			return word * 64 + (uint64_t)__builtin_ctzll(bits);
}

/* By turns of twice as many each time. */
int ng_filter_any(const struct ng_index *index, const struct ng_ranges *ranges,
		  const struct ng_filter *filter, const ng_cancel *cancel, bool *ret_any)
{
	struct ng_match matches[PART];
	size_t want = 32, n = 0;

	if (filter->docs && filter->docs->count == 0) {
		*ret_any = false;
		return 0;
	}
	for (uint64_t first = 0; first < ranges->count; first += n) {
		int r = ng_ranges_locate(index, ranges, first, want, cancel, matches, &n);

		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++) {
			if (!ng_filter_has(filter, matches[i].doc))
				continue;
			*ret_any = true;
			return 0;
		}
		want = ng_min(2 * want, (size_t)PART);
	}
	*ret_any = false;
	return 0;
}
