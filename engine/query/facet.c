/* SPDX-License-Identifier: Apache-2.0 */
#include "query/facet.h"

#include <pthread.h>

#include "query/column.h"
#include "query/docset.h"
#include "query/facet_tally.h"
#include "query/index_internal.h"

/* Occurrences and documents that a thread takes at a time. */
#define PART      1024u
#define PART_DOCS 4096u

/* What has been counted in a shard that has a column, by the number of the value. */
struct shard_counts {
	struct ng_column column;
	struct {
		uint64_t occurrences, docs;
	} * by_id; /* [values + 1] */
};

struct counting {
	const struct ng_index *index;
	const struct ng_facet *facet;
	const struct ng_ranges *ranges;
	const struct ng_filter *filter;
	const ng_cancel *cancel;
	uint64_t *first_part; /* [shards + 1], of documents */
	struct shard_counts *shards;
	pthread_mutex_t lock; /* of all below; taken a few times a part */
	struct ng_docset seen;
	struct ng_facet_tally tally;
};

static int counting_begin(struct counting *c, const struct ng_index *index,
			  const struct ng_facet *facet)
{
	int r = 0;

	pthread_mutex_init(&c->lock, NULL);
	c->index = index;
	c->facet = facet;
	c->seen = ng_docset_make(index->stats.numbers);
	c->shards = calloc(index->n_shards + 1ull, sizeof(*c->shards));
	c->first_part = calloc(index->n_shards + 1ull, sizeof(*c->first_part));
	if (!c->shards || !c->first_part)
		return -ENOMEM;
	for (uint32_t s = 0; r == 0 && s < index->n_shards; s++) {
		struct shard_counts *counts = &c->shards[s];

		c->first_part[s + 1] = c->first_part[s] + ng_div_up(index->shards[s]->params.docs,
								    (uint64_t)PART_DOCS);
		r = ng_column_open(index->shards[s], facet->name, facet->name_bytes, facet->prefix,
				   &counts->column);
		if (r < 0 || counts->column.source == NG_COLUMN_METADATA)
			continue;
		counts->by_id = calloc(counts->column.table.values + 1ull, sizeof(*counts->by_id));
		if (!counts->by_id)
			r = -ENOMEM;
	}
	return r;
}

static void counting_clear(struct counting *c)
{
	for (uint32_t s = 0; c->shards && s < c->index->n_shards; s++) {
		ng_column_clear(&c->shards[s].column);
		free(c->shards[s].by_id);
	}
	free(c->shards);
	free(c->first_part);
	ng_docset_clear(&c->seen);
	ng_facet_tally_clear(&c->tally);
	pthread_mutex_destroy(&c->lock);
}

/* What the columns have, by value. */
static int columns_collect(struct counting *c)
{
	int r = 0;

	for (uint32_t s = 0; s < c->index->n_shards; s++) {
		const struct shard_counts *counts = &c->shards[s];
		const struct ng_facet_column *table = &counts->column.table;

		for (uint32_t i = 0; r == 0 && counts->by_id && i <= table->values; i++) {
			size_t bytes = 0;
			const uint8_t *value =
				i < table->values ? ng_facet_value(table, i, &bytes) : NULL;

			if (counts->by_id[i].docs)
				r = ng_facet_tally_add(&c->tally, value, bytes,
						       counts->by_id[i].occurrences,
						       counts->by_id[i].docs);
		}
	}
	return r;
}

/* After the counting, which came to r. */
static int counting_end(struct counting *c, int r, struct ng_facet_counts *ret_counts)
{
	if (r == 0)
		r = columns_collect(c);
	if (r == 0)
		r = ng_facet_tally_give(&c->tally, ret_counts);
	counting_clear(c);
	return r;
}

/* Documents of a shard, by their numbers there, ascending, and how often each is meant. */
struct some_docs {
	uint32_t shard;
	size_t n;
	const uint64_t *docs;
	const uint64_t *occurrences;
	bool once; /* none of them is ever given again */
};

/* With the lock held: whether a document is a new one. */
static int doc_see(struct counting *c, const struct some_docs *some, size_t i, uint64_t *ret_new)
{
	uint64_t before = c->seen.n;
	int r = 0;

	if (!some->once)
		r = ng_docset_add(&c->seen, c->index->first_doc[some->shard] + some->docs[i]);
	*ret_new = some->once ? 1 : c->seen.n - before;
	return r;
}

static int docs_add_by_id(struct counting *c, const struct some_docs *some)
{
	struct shard_counts *counts = &c->shards[some->shard];
	bool bad = false;
	int r = 0;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; r == 0 && i < some->n; i++) {
		uint32_t id = 0;
		uint64_t is_new;

		if (counts->column.source == NG_COLUMN_TABLE)
			id = ng_facet_id(&counts->column.table, some->docs[i], &bad);
		r = doc_see(c, some, i, &is_new);
		counts->by_id[id].occurrences += some->occurrences[i];
		counts->by_id[id].docs += is_new;
	}
	pthread_mutex_unlock(&c->lock);
	return bad ? -EUCLEAN : r;
}

static int docs_add_by_metadata(struct counting *c, const struct some_docs *some)
{
	ng_cleanup(ng_meta_cursor_clear) struct ng_meta_cursor cursor = {
		.shard = c->index->shards[some->shard]};
	int r = 0;

	for (size_t i = 0; r == 0 && i < some->n; i++) {
		const struct ng_meta_field *field;
		const uint8_t *value = NULL;
		size_t bytes = 0;
		uint64_t is_new;

		if (ng_cancelled(c->cancel))
			return -EINTR;
		r = ng_meta_cursor_read(&cursor, some->docs[i]);
		if (r < 0)
			return r;
		field = ng_meta_fields_find(&cursor.fields, c->facet->name, c->facet->name_bytes);
		if (field) {
			value = ng_meta_value(&cursor.fields, field);
			bytes = ng_meta_prefix(value, field->value_bytes, c->facet->prefix);
		}
		pthread_mutex_lock(&c->lock);
		r = doc_see(c, some, i, &is_new);
		if (r == 0)
			r = ng_facet_tally_add(&c->tally, value, bytes, some->occurrences[i],
					       is_new);
		pthread_mutex_unlock(&c->lock);
	}
	return r;
}

static int docs_add(struct counting *c, const struct some_docs *some)
{
	int r = c->shards[some->shard].by_id ? docs_add_by_id(c, some)
					     : docs_add_by_metadata(c, some);

	return ng_shard_result(c->index->shards[some->shard], r);
}

static int compare_docs(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* Occurrences of one part, as documents. */
static int part_count(void *userdata, uint64_t part)
{
	struct counting *c = userdata;
	struct ng_match matches[PART];
	uint64_t docs[PART], occurrences[PART];
	uint32_t s = 0;
	size_t n = 0, kept = 0;
	int r = ng_filter_locate(c->index, c->ranges, c->filter, part * PART, PART, c->cancel,
				 matches, NULL, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		docs[kept++] = matches[i].doc;
	if (r == 0)
		qsort(docs, kept, sizeof(*docs), compare_docs);
	for (size_t i = 0; r == 0 && i < kept;) {
		struct some_docs some = {.docs = docs, .occurrences = occurrences};

		while (docs[i] >= c->index->first_doc[s + 1])
			s++;
		some.shard = s;
		/* What is read is behind what is written. */
		for (; i < kept && docs[i] < c->index->first_doc[s + 1]; i++) {
			uint64_t doc = docs[i] - c->index->first_doc[s];

			if (some.n && docs[some.n - 1] == doc) {
				occurrences[some.n - 1]++;
				continue;
			}
			docs[some.n] = doc;
			occurrences[some.n++] = 1;
		}
		r = docs_add(c, &some);
	}
	return r;
}

int ng_facet_count(const struct ng_index *index, const struct ng_facet *facet,
		   const struct ng_ranges *ranges, const struct ng_filter *filter,
		   const ng_cancel *cancel, struct ng_facet_counts *ret_counts)
{
	struct counting c = {.ranges = ranges, .filter = filter, .cancel = cancel};
	int r = ng_ranges_check(ranges, index);

	if (r < 0)
		return r;
	r = counting_begin(&c, index, facet);
	if (r == 0)
		r = ng_index_run(index, ng_div_up(ng_filter_most(filter, ranges), (uint64_t)PART),
				 part_count, &c);
	return counting_end(&c, r, ret_counts);
}

int ng_facet_bounds(const struct ng_index *index, const struct ng_facet *facet,
		    uint64_t *ret_values, uint64_t *ret_bytes)
{
	uint64_t values = 0, bytes = 0;

	for (uint32_t s = 0; s < index->n_shards; s++) {
		const struct ng_shard *shard = index->shards[s];
		struct ng_facet_field field = {0};
		struct ng_facets facets;
		bool has;
		int r = ng_shard_facets(shard, &has, &facets);

		if (r == 0 && has)
			r = ng_facets_find(&facets, facet->name, facet->name_bytes, facet->prefix,
					   &field);
		r = ng_shard_result(shard, ng_min(r, 0));
		if (r < 0)
			return r;
		values += field.has_column ? field.values : shard->params.docs;
		bytes += field.has_column ? field.table_bytes : ng_frames_raw_bytes(shard->meta);
	}
	*ret_values = values;
	*ret_bytes = bytes;
	return 0;
}

/* Documents of one part, as often as they have bytes. */
static int part_all(void *userdata, uint64_t part)
{
	struct counting *c = userdata;
	uint64_t docs[PART_DOCS], bytes[PART_DOCS], begin, doc, end;
	struct some_docs some = {.docs = docs, .occurrences = bytes, .once = true};
	const struct ng_shard *shard;
	bool bad = false;
	int r = ng_cancelled(c->cancel) ? -EINTR : 0;

	while (part >= c->first_part[some.shard + 1])
		some.shard++;
	shard = c->index->shards[some.shard];
	doc = (part - c->first_part[some.shard]) * PART_DOCS;
	end = ng_min(doc + PART_DOCS, shard->params.docs);
	for (; r == 0 && doc < end; doc++) {
		if (!ng_filter_has(c->filter, c->index->first_doc[some.shard] + doc) ||
		    ng_shard_has_removed(shard, doc, &bad))
			continue;
		docs[some.n] = doc;
		r = ng_shard_doc_extent(shard, doc, &begin, &bytes[some.n++]);
	}
	if (r == 0 && bad)
		r = ng_shard_damaged(shard);
	return r < 0 ? r : docs_add(c, &some);
}

int ng_facet_all(const struct ng_index *index, const struct ng_facet *facet,
		 const struct ng_filter *filter, const ng_cancel *cancel,
		 struct ng_facet_counts *ret_counts)
{
	struct counting c = {.filter = filter, .cancel = cancel};
	int r = counting_begin(&c, index, facet);

	if (r == 0)
		r = ng_index_run(index, c.first_part[index->n_shards], part_all, &c);
	return counting_end(&c, r, ret_counts);
}
