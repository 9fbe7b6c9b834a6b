/* SPDX-License-Identifier: Apache-2.0 */
#include "questions.h"

#include <xxhash.h>

#include "query/batch.h"
#include "query/contexts.h"
#include "query/df.h"
#include "query/doclist.h"
#include "query/facet.h"
#include "query/fold.h"
#include "query/index_internal.h"
#include "query/next.h"
#include "query/trace.h"

/* Of frequent patterns, only so many occurrences are asked for. */
#define OCCURRENCES   6u
#define CONTEXTS      6u
#define CONTEXT_BYTES 25u
/* Where all of them are needed, not of patterns with more. */
#define COUNT_MAX 40u
/* Of a document's text, from the store and from the BWT. */
#define READ_BYTES 100u
#define PEEK_BYTES 40u

/* ---- making ---- */

static struct question_pattern *pattern_add(struct questions *q, const void *bytes, size_t len)
{
	struct question_pattern *p = &q->patterns[q->n++];

	assert_true(q->n <= QUESTION_PATTERNS && len >= 1);
	p->len = ng_min(len, sizeof(p->bytes));
	memcpy(p->bytes, bytes, p->len);
	return p;
}

static void patterns_of_text(struct questions *q, uint64_t *rng)
{
	static const size_t lengths[] = {1, 1, 2, 3, 8, 20, 60, 128};
	const struct naive *c = q->corpus;
	uint64_t counts[256] = {0}, rarest = 0;
	struct question_pattern *p;
	const uint8_t *at;
	size_t len;

	for (size_t i = 0; i < ng_array_size(lengths); i++) {
		at = naive_substring(c, rng, lengths[i], &len);
		pattern_add(q, at, len);
	}
	/* Not there, by the byte that is looked for first or the one that is looked for last. */
	at = naive_substring(c, rng, 12, &len);
	p = pattern_add(q, at, len);
	p->bytes[p->len - 1] ^= 1;
	at = naive_substring(c, rng, 12, &len);
	p = pattern_add(q, at, len);
	p->bytes[0] ^= 0x80;
	/* Where a document ends, and not across it. */
	pattern_add(q, c->text + c->n - ng_min(c->n, (uint64_t)6), ng_min(c->n, (uint64_t)5));
	pattern_add(q, c->text + c->ends[0] - ng_min(c->ends[0], (uint64_t)4), 8);
	for (uint64_t i = 0; i < c->n; i++)
		counts[c->text[i]]++;
	for (uint64_t i = 0; i < c->n; i++)
		if (counts[c->text[i]] < counts[c->text[rarest]])
			rarest = i;
	pattern_add(q, c->text + rarest, 1);
	pattern_add(q, c->text + rarest, ng_min(c->n - rarest, (uint64_t)9));
}

static void text_add(struct questions *q, const void *bytes, size_t len)
{
	len = ng_min(len, sizeof(q->text) - q->text_len);
	memcpy(q->text + q->text_len, bytes, len);
	q->text_len += len;
}

void questions_make(const struct naive *corpus, uint64_t *rng, struct questions *ret_questions)
{
	static const char *const fixed[] = {"the", "TH", "zqzq", "\xff\xfe", "k"};
	struct questions *q = ret_questions;

	*q = (struct questions){.corpus = corpus};
	if (corpus->n > corpus->docs)
		patterns_of_text(q, rng);
	for (size_t i = 0; i < ng_array_size(fixed); i++)
		pattern_add(q, fixed[i], strlen(fixed[i]));
	pattern_add(q, "", 1);
	for (size_t i = 0; i < q->n; i++) {
		q->patterns[i].count =
			naive_find(corpus, q->patterns[i].bytes, q->patterns[i].len, NULL);
		text_add(q, q->patterns[i].bytes, q->patterns[i].len);
		text_add(q, "~#", i % 3);
	}
	q->n_docs = ng_min(corpus->docs, (uint64_t)QUESTION_DOCS);
	for (size_t i = 0; i < q->n_docs; i++)
		q->docs[i] = i * corpus->docs / q->n_docs;
	q->docs[q->n_docs++] = corpus->docs; /* there is none */
}

/* ---- asking ---- */

static void add(uint64_t *sum, const void *data, size_t bytes)
{
	*sum = XXH3_64bits_withSeed(data, bytes, *sum);
}

static void add_number(uint64_t *sum, uint64_t number)
{
	add(sum, &number, sizeof(number));
}

static void put(struct answers *a, const char *question, size_t number, int r, uint64_t sum)
{
	assert_true(a->n < ANSWERS_MAX);
	a->of[a->n++] = (struct answer){question, number, r, r < 0 ? 0 : sum};
}

static void add_next(uint64_t *sum, const struct ng_next *next)
{
	add_number(sum, next->count);
	add_number(sum, next->kind);
	add(sum, next->bytes, next->n_bytes);
}

/* What stands behind occurrences, or before them. */
static void ask_beside(const struct ng_index *index, const struct ng_ranges *ranges, bool behind,
		       size_t number, struct answers *a)
{
	ng_cleanup(ng_freep) struct ng_next *list = NULL;
	uint64_t sum = 0;
	size_t n = 0;
	int r = (behind ? ng_next : ng_prev)(index, ranges, NULL, &list, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		add_next(&sum, &list[i]);
	put(a, behind ? "next" : "prev", number, r, sum);
}

static void ask_doclist(const struct ng_index *index, const struct ng_ranges *ranges, size_t number,
			struct answers *a)
{
	ng_cleanup(ng_doclist_freep) struct ng_doclist *list = NULL;
	uint64_t docs[7], sum = 0;
	bool more = true;
	size_t n = 0;
	int r = ng_doclist_new(index, ranges, &list);

	while (r == 0 && more) {
		r = ng_doclist_next(list, ng_array_size(docs), NULL, docs, &n, &more);
		if (r == 0)
			add(&sum, docs, n * sizeof(*docs));
	}
	put(a, "doclist", number, r, sum);
}

static void ask_locate(const struct ng_index *index, const struct ng_ranges *ranges, size_t number,
		       struct answers *a)
{
	struct ng_match matches[OCCURRENCES];
	uint64_t starts[2] = {0, ranges->count - ng_min(ranges->count, (uint64_t)OCCURRENCES)};
	uint64_t sum = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ng_array_size(starts); i++) {
		size_t n = 0;

		r = ng_ranges_locate(index, ranges, starts[i], OCCURRENCES, NULL, matches, &n);
		if (r == 0)
			add(&sum, matches, n * sizeof(*matches));
	}
	put(a, "locate", number, r, sum);
}

static void ask_contexts(const struct ng_index *index, const struct ng_ranges *ranges,
			 size_t number, struct answers *a)
{
	struct ng_context contexts[CONTEXTS];
	uint8_t text[CONTEXTS * 2 * CONTEXT_BYTES];
	uint64_t numbers[CONTEXTS] = {0}, sum = 0;
	size_t n = (size_t)ng_min(ranges->count, (uint64_t)CONTEXTS);
	int r;

	for (size_t i = 0; i < n; i++)
		numbers[i] = i * ranges->count / n;
	r = ng_contexts_at(index, ranges, n, numbers, CONTEXT_BYTES, NULL, contexts, text);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const uint8_t *middle = text + (2 * i + 1) * CONTEXT_BYTES;

		add(&sum, &contexts[i], sizeof(contexts[i]));
		add(&sum, middle - contexts[i].before, contexts[i].before + contexts[i].after);
	}
	put(a, "contexts", number, r, sum);
}

static void ask_range_text(const struct ng_index *index, const struct ng_ranges *ranges,
			   size_t number, struct answers *a)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	uint64_t sum = 0;
	int r = ng_range_text(index, &ranges->list[ranges->n - 1], NULL, &buf);

	if (r == 0)
		add(&sum, buf.data, buf.len);
	put(a, "range text", number, r, sum);
}

/* All that can be asked of a pattern's occurrences. */
static void ask_ranges(const struct ng_index *index, const struct ng_ranges *ranges, size_t number,
		       struct answers *a)
{
	uint64_t docs = 0;
	int r;

	if (number % 3 == 0)
		ask_beside(index, ranges, true, number, a);
	if (number % 3 == 1)
		ask_beside(index, ranges, false, number, a);
	ask_locate(index, ranges, number, a);
	ask_contexts(index, ranges, number, a);
	if (ranges->n > 0)
		ask_range_text(index, ranges, number, a);
	if (ranges->count > COUNT_MAX || number % 2)
		return;
	r = ng_df(index, ranges, NULL, &docs);
	put(a, "df", number, r, docs);
	ask_doclist(index, ranges, number, a);
}

/* ignoring case, or exactly. */
static void ask_pattern(const struct questions *q, const struct ng_index *index, size_t i,
			bool ignoring, struct answers *a)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	const struct question_pattern *p = &q->patterns[i];
	uint64_t sum = 0;
	int r = (ignoring ? ng_fold_find : ng_ranges_find)(index, p->bytes, p->len, NULL, &ranges);

	if (r == 0)
		add_number(&sum, ranges.count);
	for (size_t k = 0; r == 0 && k < ranges.n; k++) {
		add_number(&sum, ranges.list[k].shard);
		add_number(&sum, ranges.list[k].lo);
		add_number(&sum, ranges.list[k].hi);
		add_number(&sum, ranges.list[k].bytes);
	}
	put(a, ignoring ? "fold" : "find", i, r, sum);
	if (r == 0)
		ask_ranges(index, &ranges, i, a);
}

static void ask_end(const struct questions *q, const struct ng_index *index, size_t i,
		    struct answers *a)
{
	const struct question_pattern *p = &q->patterns[i];
	uint64_t sum = 0;
	int r = 0;

	for (uint32_t s = 0; r == 0 && s < index->n_shards; s++) {
		struct ng_interval rows = {0, 0};
		size_t len = 0;

		r = ng_shard_find_end(index->shards[s], p->bytes, p->len, NULL, &rows, &len);
		add_number(&sum, len);
		if (len > 0)
			add(&sum, &rows, sizeof(rows));
	}
	put(a, "longest end", i, r, sum);
}

static void ask_batch(const struct questions *q, const struct ng_index *index, struct answers *a)
{
	ng_cleanup(ng_freep) struct ng_interval *found = NULL;
	struct ng_pattern patterns[QUESTION_PATTERNS];
	uint64_t counts[QUESTION_PATTERNS], sum = 0;
	int r;

	for (size_t i = 0; i < q->n; i++)
		patterns[i] = (struct ng_pattern){q->patterns[i].bytes, q->patterns[i].len};
	r = ng_batch_count(index, q->n, patterns, NULL, counts);
	if (r == 0)
		add(&sum, counts, q->n * sizeof(*counts));
	put(a, "batch count", 0, r, sum);

	found = calloc(q->n * index->n_shards + 1, sizeof(*found));
	assert_non_null(found);
	r = ng_batch_find(index, q->n, patterns, NULL, found);
	sum = 0;
	if (r == 0)
		add(&sum, found, q->n * index->n_shards * sizeof(*found));
	put(a, "batch find", 0, r, sum);
}

static void ask_trace(const struct questions *q, const struct ng_index *index, struct answers *a)
{
	static const struct ng_trace_options options[] = {
		{4, 1, UINT64_MAX, false, 0},
		{4, 2, 40, true, 0},
		{6, 1, UINT64_MAX, false, NG_FOLD_CASE},
		{6, 3, UINT64_MAX, true, NG_FOLD_CASE | NG_FOLD_SPACE | NG_FOLD_FORM},
	};

	for (size_t i = 0; i < ng_array_size(options); i++) {
		ng_cleanup(ng_trace_freep) struct ng_trace *trace = NULL;
		struct ng_maximal stretch;
		uint64_t sum = 0;
		int r = ng_trace_new(index, q->text, q->text_len, &options[i], &trace);

		while (r == 0 && (r = ng_trace_next(trace, NULL, &stretch)) == 1) {
			add_number(&sum, stretch.begin);
			add_number(&sum, stretch.end);
			add_number(&sum, stretch.count);
			add(&sum, stretch.ranges->list,
			    stretch.ranges->n * sizeof(*stretch.ranges->list));
			r = 0;
		}
		put(a, "trace", i, r, sum);
	}
}

static void ask_read(const struct ng_index *index, uint64_t doc, uint64_t offset, size_t len,
		     bool peek, struct answers *a)
{
	uint8_t buf[READ_BYTES];
	uint64_t sum = 0;
	size_t n = 0;
	int r = (peek ? ng_index_peek : ng_doc_read)(index, doc, offset, len, NULL, buf, &n);

	if (r == 0)
		add(&sum, buf, n);
	put(a, peek ? "peek" : "read", (size_t)doc, r, sum);
}

static void ask_doc(const struct ng_index *index, uint64_t doc, struct answers *a)
{
	ng_cleanup(ng_freep) char *json = NULL;
	uint64_t bytes = 0, sum = 0;
	size_t len = 0;
	int r = ng_doc_bytes(index, doc, &bytes);

	put(a, "size", (size_t)doc, r, bytes);
	r = ng_doc_meta_bytes(index, doc, &sum);
	put(a, "metadata size", (size_t)doc, r, sum);
	sum = 0;
	r = ng_doc_meta(index, doc, &json, &len);
	if (r == 0)
		add(&sum, json, len);
	put(a, "metadata", (size_t)doc, r, sum);
	ask_read(index, doc, 0, READ_BYTES, false, a);
	ask_read(index, doc, 11, PEEK_BYTES, true, a);
}

static void ask_places(const struct ng_index *index, struct answers *a)
{
	for (uint32_t s = 0; s < index->n_shards; s++) {
		const struct ng_shard *shard = index->shards[s];
		uint64_t sum = 0;
		int r = 0;

		for (uint64_t i = 0; r == 0 && i <= 10; i++) {
			uint64_t doc = 0, offset = 0;

			r = ng_shard_doc_at(shard, i * (shard->params.rows - 1) / 10, &doc,
					    &offset);
			add_number(&sum, doc);
			add_number(&sum, offset);
		}
		put(a, "place", s, r, sum);
	}
}

/* Of all documents by each of their fields, and by a condition. */
static void ask_facets(const struct ng_index *index, struct answers *a)
{
	ng_cleanup(ng_scope_unrefp) struct ng_scope *scope = NULL;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	static const struct ng_filter all;
	const struct ng_facet *list = NULL;
	uint64_t sum = 0;
	size_t n = 0;
	int r = ng_index_facets(index, &list, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		ng_cleanup(ng_facet_counts_clear) struct ng_facet_counts counts = {0};

		r = ng_facet_all(index, &list[i], &all, NULL, &counts);
		add(&sum, list[i].name, list[i].name_bytes);
		for (size_t k = 0; k < counts.n; k++) {
			add(&sum, counts.list[k].value, counts.list[k].bytes);
			add_number(&sum, counts.list[k].occurrences);
			add_number(&sum, counts.list[k].docs);
		}
	}
	put(a, "facets", 0, r, sum);
	assert_int_equal(ng_scope_add_where(&scope, "pad:the q*", 10), 0);
	assert_int_equal(ng_scope_finish(scope, NULL, 0), 0);
	r = ng_filter_get(index, scope, NULL, NULL, &filter);
	sum = 0;
	if (r == 0)
		add(&sum, filter.docs->words, (index->stats.docs / 64 + 1) * sizeof(uint64_t));
	put(a, "filter", 0, r, sum);
}

void questions_ask(const struct questions *questions, const struct ng_index *index,
		   struct answers *ret_answers)
{
	const struct questions *q = questions;
	struct ng_index_stats stats;
	struct answers *a = ret_answers;
	uint64_t sum = 0;

	a->n = 0;
	ng_index_stats(index, &stats);
	add(&sum, &stats, offsetof(struct ng_index_stats, shards));
	add_number(&sum, stats.shards);
	add_number(&sum, stats.sa_sampling);
	put(a, "stats", 0, 0, sum);
	for (size_t i = 0; i < q->n; i++) {
		uint64_t count = 0;
		int r = ng_count(index, q->patterns[i].bytes, q->patterns[i].len, NULL, &count);

		put(a, "count", i, r, count);
		ask_pattern(q, index, i, false, a);
		ask_end(q, index, i, a);
		if (i % 6 == 5)
			ask_pattern(q, index, i, true, a);
	}
	ask_batch(q, index, a);
	ask_trace(q, index, a);
	for (size_t i = 0; i < q->n_docs; i++)
		ask_doc(index, q->docs[i], a);
	ask_places(index, a);
	ask_facets(index, a);
}
