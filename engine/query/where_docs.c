/* SPDX-License-Identifier: Apache-2.0 */
#include "query/where_docs.h"

#include "query/column.h"
#include "query/index_internal.h"

/* Documents that a thread takes at a time. */
#define PART_DOCS 4096u

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

int ng_where_docs(const struct ng_index *index, const struct ng_where *where,
		  const ng_cancel *cancel, struct ng_cached *docs)
{
	ng_cleanup(filtering_clear) struct filtering f = {
		.index = index, .where = where, .cancel = cancel, .docs = docs};
	int r = tests_make(&f);

	if (r == 0)
		r = ng_index_run(index, f.first_part[index->n_shards], part_filter, &f);
	if (r == 0)
		docs->count = atomic_load(&f.count);
	return r;
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
