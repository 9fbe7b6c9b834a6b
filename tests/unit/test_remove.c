/* SPDX-License-Identifier: Apache-2.0 */
/* Documents removed from an index: whatever is asked, it answers as one that was built without
 * them, and their numbers are free; before they are merged away and afterwards. */
#include "build/compact.h"
#include "build/remove.h"
#include "format/manifest.h"
#include "indexmake.h"
#include "query/batch.h"
#include "query/contexts.h"
#include "query/df.h"
#include "query/doclist.h"
#include "query/fold.h"
#include "query/next.h"
#include "query/trace.h"

#define CONTEXT     9u
#define OCCURRENCES 2000u /* more of a pattern aren't compared one by one */
#define SHARDS_AT   64u

/* An index, what is removed of it, and one of what is left, in one shard. */
struct pair {
	const struct naive *corpus;
	uint64_t docs;     /* of it, those that are in the index so far */
	bool *gone;        /* [corpus->docs] */
	uint64_t *number;  /* [corpus->docs]: of each document in the other index */
	struct naive left; /* the corpus without what is gone */
	char dir[SCRATCH_DIR_MAX];
	char path[SCRATCH_DIR_MAX + 8], other_path[SCRATCH_DIR_MAX + 8];
	struct ng_build_options options;
	struct ng_index *index, *other;
};

/* ---- making ---- */

static void index_open(const char *path, struct ng_index **ret_index)
{
	struct ng_error err = {""};

	if (ng_index_open(path, 2, ret_index, &err) != 0)
		fail_msg("%s", err.text);
}

static void left_make(struct pair *p)
{
	struct ng_build_options options = {.threads = 1,
					   .sa_sampling = p->options.sa_sampling,
					   .text_store = p->options.text_store,
					   .output = p->other_path};
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_summary summary;

	naive_clear(&p->left);
	p->left = (struct naive){.name = p->corpus->name};
	assert_int_equal(ng_builder_new(&options, &builder, NULL), 0);
	for (uint64_t d = 0; d < p->corpus->docs; d++) {
		const uint8_t *text = p->corpus->text + naive_begin(p->corpus, d);
		size_t len = naive_bytes(p->corpus, d);
		char meta[256];

		p->number[d] = p->left.docs;
		if (p->gone[d])
			continue;
		naive_add(&p->left, text, len);
		assert_int_equal(ng_builder_add(builder, text, len, meta, made_meta(d, meta), NULL),
				 0);
	}
	assert_int_equal(ng_builder_finish(builder, &summary, NULL), 0);
	ng_index_close(p->other);
	index_open(p->other_path, &p->other);
}

static void pair_new(const struct naive *corpus, const struct ng_build_options *options,
		     uint64_t docs, struct pair *p)
{
	struct ng_build_summary summary;

	*p = (struct pair){.corpus = corpus, .docs = docs, .options = *options};
	p->gone = calloc(corpus->docs + 1, sizeof(*p->gone));
	p->number = calloc(corpus->docs + 1, sizeof(*p->number));
	assert_int_equal(scratch_make(p->dir), 0);
	snprintf(p->path, sizeof(p->path), "%s/index", p->dir);
	snprintf(p->other_path, sizeof(p->other_path), "%s/other", p->dir);
	made_build_docs(corpus, 0, docs, options, p->path, &summary);
}

static void pair_close(struct pair *p)
{
	p->index = ng_index_close(p->index);
	p->other = ng_index_close(p->other);
	assert_int_equal(scratch_remove(p->other_path), 0);
}

static void pair_free(struct pair *p)
{
	assert_int_equal(scratch_remove(p->path), 0);
	assert_int_equal(scratch_remove(p->dir), 0);
	naive_clear(&p->left);
	free(p->gone);
	free(p->number);
}

/* Remove [first, end), and say so in gone. */
static void remove_docs(struct pair *p, const struct ng_doc_range *ranges, size_t n)
{
	struct ng_doc_choice choice = {.ranges = (struct ng_doc_range *)ranges, .n_ranges = n};
	struct ng_build_options options = {.output = p->path, .threads = 2};
	struct ng_remove_summary summary;
	struct ng_error err = {""};
	uint64_t docs = 0, bytes = 0, before = 0, left = 0;

	for (uint64_t d = 0; d < p->docs; d++) {
		bool meant = ng_doc_choice_has(&choice, d);

		before += meant && p->gone[d];
		docs += meant && !p->gone[d];
		bytes += meant && !p->gone[d] ? naive_bytes(p->corpus, d) : 0;
		p->gone[d] |= meant;
		left += !p->gone[d];
	}
	if (ng_remove(&options, &choice, &summary, &err) != 0)
		fail_msg("%s: %s", p->corpus->name, err.text);
	assert_int_equal(summary.docs, docs);
	assert_int_equal(summary.text_bytes, bytes);
	assert_int_equal(summary.before, before);
	assert_int_equal(summary.left_docs, left);
}

/* ---- comparing ---- */

static int by_place(const void *pa, const void *pb)
{
	const struct ng_match *a = pa, *b = pb;

	if (a->doc != b->doc)
		return a->doc < b->doc ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* All places of ranges, in the order of the text, with the other index's numbers. */
static struct ng_match *places(const struct pair *p, const struct ng_index *index,
			       const struct ng_ranges *ranges)
{
	struct ng_match *list = calloc(ranges->count + 1, sizeof(*list));
	size_t n = 0;

	assert_int_equal(ng_ranges_locate(index, ranges, 0, ranges->count, NULL, list, &n), 0);
	assert_int_equal(n, ranges->count);
	for (size_t i = 0; index == p->index && i < n; i++) {
		assert_true(list[i].doc < p->corpus->docs && !p->gone[list[i].doc]);
		list[i].doc = p->number[list[i].doc];
	}
	qsort(list, n, sizeof(*list), by_place);
	return list;
}

static void check_documents(const struct pair *p, const struct ng_ranges *ranges,
			    const struct ng_match *want)
{
	ng_cleanup(ng_doclist_freep) struct ng_doclist *list = NULL;
	ng_cleanup(ng_freep) uint64_t *docs = calloc(p->corpus->docs + 1, sizeof(*docs));
	ng_cleanup(ng_freep) bool *seen = calloc(p->corpus->docs + 1, sizeof(*seen));
	uint64_t df = 0, df_want = 0;
	bool more = true;
	size_t n = 0;

	for (uint64_t i = 0; i < ranges->count; i++) {
		df_want += i == 0 || want[i].doc != want[i - 1].doc;
		seen[want[i].doc] = true;
	}
	assert_int_equal(ng_df(p->index, ranges, NULL, &df), 0);
	assert_int_equal(df, df_want);
	assert_int_equal(ng_doclist_new(p->index, ranges, &list), 0);
	assert_int_equal(ng_doclist_next(list, p->corpus->docs, NULL, docs, &n, &more), 0);
	assert_false(more);
	assert_int_equal(n, df_want);
	for (size_t i = 0; i < n; i++)
		assert_true(!p->gone[docs[i]] && seen[p->number[docs[i]]]);
}

static void check_contexts(const struct pair *p, const struct ng_ranges *ranges)
{
	ng_cleanup(ng_freep) struct ng_context *list = calloc(ranges->count + 1, sizeof(*list));
	ng_cleanup(ng_freep) uint8_t *text = malloc(2 * CONTEXT * ranges->count + 1);
	size_t n = 0;

	assert_int_equal(
		ng_contexts(p->index, ranges, 0, ranges->count, CONTEXT, NULL, list, text, &n), 0);
	assert_int_equal(n, ranges->count);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *middle = text + (2 * i + 1) * CONTEXT, *at;
		uint64_t doc = list[i].match.doc;

		assert_false(p->gone[doc]);
		assert_int_equal(list[i].doc_bytes, naive_bytes(p->corpus, doc));
		at = p->corpus->text + naive_begin(p->corpus, doc) + list[i].match.offset;
		assert_memory_equal(middle - list[i].before, at - list[i].before, list[i].before);
		assert_memory_equal(middle, at + list[i].bytes, list[i].after);
	}
}

static void check_beside(const struct pair *p, const struct ng_ranges *mine,
			 const struct ng_ranges *others)
{
	for (unsigned behind = 0; behind < 2; behind++) {
		ng_cleanup(ng_freep) struct ng_next *got = NULL, *want = NULL;
		size_t n_got = 0, n_want = 0;

		assert_int_equal((behind ? ng_next : ng_prev)(p->index, mine, NULL, &got, &n_got),
				 0);
		assert_int_equal(
			(behind ? ng_next : ng_prev)(p->other, others, NULL, &want, &n_want), 0);
		assert_int_equal(n_got, n_want);
		for (size_t i = 0; i < n_want; i++) {
			assert_int_equal(got[i].count, want[i].count);
			assert_int_equal(got[i].kind, want[i].kind);
			assert_memory_equal(got[i].bytes, want[i].bytes, sizeof(got[i].bytes));
		}
	}
}

static void check_intervals(const struct pair *p, const uint8_t *pat, size_t len)
{
	struct ng_interval mine[SHARDS_AT], found[SHARDS_AT], others[1];
	struct ng_pattern pattern = {pat, len};
	struct ng_index_stats stats;

	ng_index_stats(p->index, &stats);
	assert_in_range(stats.shards, 1, SHARDS_AT);
	assert_int_equal(ng_find(p->index, pat, len, NULL, mine), 0);
	assert_int_equal(ng_batch_find(p->index, 1, &pattern, NULL, found), 0);
	assert_memory_equal(mine, found, stats.shards * sizeof(*mine));
	if (stats.shards > 1 || p->left.docs == 0)
		return;
	/* An index built without them has these intervals, and these places in this order; but for
	 * those of empty documents, which stay in the place of what was merged away. */
	assert_int_equal(ng_find(p->other, pat, len, NULL, others), 0);
	assert_int_equal(mine[0].lo, others[0].lo);
	assert_int_equal(mine[0].hi, others[0].hi);
}

static void check_pattern(const struct pair *p, const uint8_t *pat, size_t len)
{
	uint64_t count = 77, many = 77, want = naive_find(&p->left, pat, len, NULL);
	struct ng_pattern pattern = {pat, len};

	assert_int_equal(ng_count(p->index, pat, len, NULL, &count), 0);
	assert_int_equal(count, want);
	assert_int_equal(ng_batch_count(p->index, 1, &pattern, NULL, &many), 0);
	assert_int_equal(many, want);
	check_intervals(p, pat, len);
	for (unsigned fold = 0; fold < 2; fold++) {
		ng_cleanup(ng_ranges_clear) struct ng_ranges mine = NG_RANGES_INIT;
		ng_cleanup(ng_ranges_clear) struct ng_ranges others = NG_RANGES_INIT;
		ng_cleanup(ng_freep) struct ng_match *got = NULL, *there = NULL;

		assert_int_equal(
			(fold ? ng_fold_find : ng_ranges_find)(p->index, pat, len, NULL, &mine), 0);
		assert_int_equal(
			(fold ? ng_fold_find : ng_ranges_find)(p->other, pat, len, NULL, &others),
			0);
		assert_int_equal(mine.count, others.count);
		check_beside(p, &mine, &others);
		if (mine.count > OCCURRENCES)
			continue;
		got = places(p, p->index, &mine);
		there = places(p, p->other, &others);
		assert_memory_equal(got, there, mine.count * sizeof(*got));
		check_documents(p, &mine, there);
		check_contexts(p, &mine);
	}
}

static void check_trace_of(const struct pair *p, const uint8_t *text, size_t len,
			   const struct ng_trace_options *options)
{
	ng_cleanup(ng_trace_freep) struct ng_trace *mine = NULL, *others = NULL;

	assert_int_equal(ng_trace_new(p->index, text, len, options, &mine), 0);
	assert_int_equal(ng_trace_new(p->other, text, len, options, &others), 0);
	for (;;) {
		struct ng_maximal got = {0}, want = {0};
		int r = ng_trace_next(mine, NULL, &got);

		assert_int_equal(r, ng_trace_next(others, NULL, &want));
		if (r == 0)
			return;
		assert_int_equal(got.begin, want.begin);
		assert_int_equal(got.end, want.end);
		assert_int_equal(got.count, want.count);
	}
}

static void check_trace(const struct pair *p, const uint8_t *text, size_t len)
{
	const struct ng_trace_options options[] = {
		{2, 1, UINT64_MAX, false, 0},
		{2, 2, 9, true, 0},
		{3, 1, UINT64_MAX, false, NG_FOLD_CASE | NG_FOLD_SPACE},
		{3, 2, 9, true, NG_FOLD_CASE | NG_FOLD_FORM},
	};

	for (size_t i = 0; i < ng_array_size(options); i++)
		check_trace_of(p, text, len, &options[i]);
}

static void check_texts(const struct pair *p)
{
	struct ng_index_stats stats;

	for (uint64_t d = 0; d <= p->corpus->docs; d++) {
		bool is = d < p->corpus->docs && !p->gone[d];
		ng_cleanup(ng_freep) char *meta = NULL;
		uint64_t bytes = 0, meta_bytes;
		uint8_t buf[64];
		char want[256];
		size_t n = 0;

		assert_int_equal(ng_doc_bytes(p->index, d, &bytes), is ? 0 : -ENOENT);
		assert_int_equal(ng_doc_meta_bytes(p->index, d, &meta_bytes), is ? 0 : -ENOENT);
		assert_int_equal(ng_doc_meta(p->index, d, &meta, &n), is ? 0 : -ENOENT);
		if (is)
			assert_int_equal(n, made_meta(d, want));
		if (is)
			assert_string_equal(meta, want);
		assert_int_equal(ng_doc_read(p->index, d, 0, sizeof(buf), NULL, buf, &n),
				 is ? 0 : -ENOENT);
		if (!is)
			continue;
		assert_int_equal(bytes, naive_bytes(p->corpus, d));
		assert_memory_equal(buf, p->corpus->text + naive_begin(p->corpus, d), n);
	}
	ng_index_stats(p->index, &stats);
	assert_int_equal(stats.docs, p->left.docs);
	assert_int_equal(stats.text_bytes, p->left.n - p->left.docs);
	assert_int_equal(stats.numbers, p->corpus->docs);
	assert_int_equal(stats.removed_docs, p->corpus->docs - p->left.docs);
}

/* Everything there is to ask, of what is left, of what is gone, and of what never was. */
static void check_pair(struct pair *p, uint64_t *rng, unsigned n)
{
	static const size_t longest[] = {1, 2, 4, 12, 300};

	left_make(p);
	p->index = ng_index_close(p->index);
	index_open(p->path, &p->index);
	check_texts(p);
	for (unsigned i = 0; i < n && p->corpus->n > p->corpus->docs; i++) {
		size_t len, text_len;
		const uint8_t *pat = naive_substring(p->corpus, rng, longest[i % 5], &len);
		const uint8_t *text = naive_substring(p->corpus, rng, 400, &text_len);

		check_pattern(p, pat, len);
		if (i % 4 == 0)
			check_trace(p, text, text_len);
	}
	check_pattern(p, (const uint8_t *)"\x01 not there \x02", 13);
	pair_close(p);
}

/* ---- merging ---- */

static bool file_holds(const char *dir, const uint8_t *text, size_t len)
{
	DIR *entries = opendir(dir);
	bool holds = false;

	for (struct dirent *e; (e = readdir(entries));) {
		ng_cleanup(ng_freep) uint8_t *data = NULL;
		ng_cleanup(ng_freep) char *path = NULL;
		size_t n = 0;

		assert_true(asprintf(&path, "%s/%s", dir, e->d_name) > 0);
		data = e->d_name[0] == '.' ? NULL : scratch_read(path, &n);
		holds |= data && memmem(data, n, text, len);
	}
	closedir(entries);
	return holds;
}

/* The merged index has the bytes of one whose removed documents were empty from the beginning. */
static void check_merged(struct pair *p)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_options options = p->options;
	ng_cleanup(ng_freep) char *merged = NULL, *built = NULL;
	ng_cleanup(ng_freep) uint8_t *a = NULL, *b = NULL;
	struct ng_manifest manifest;
	struct ng_build_summary summary;
	size_t n_a, n_b;

	options.output = p->other_path;
	options.shard_bytes = 0;
	assert_int_equal(ng_builder_new(&options, &builder, NULL), 0);
	for (uint64_t d = 0; d < p->corpus->docs; d++) {
		char meta[256] = "{}";
		size_t meta_bytes = p->gone[d] ? 2 : made_meta(d, meta);

		assert_int_equal(ng_builder_add(builder,
						p->corpus->text + naive_begin(p->corpus, d),
						p->gone[d] ? 0 : naive_bytes(p->corpus, d), meta,
						meta_bytes, NULL),
				 0);
	}
	assert_int_equal(ng_builder_finish(builder, &summary, NULL), 0);
	assert_int_equal(ng_manifest_read(p->path, &manifest, NULL), 0);
	assert_int_equal(manifest.n_shards, 1);
	assert_int_equal(manifest.shards[0].removed.held, 0);
	assert_true(asprintf(&merged, "%s/%s", p->path, manifest.shards[0].file) > 0);
	assert_true(asprintf(&built, "%s/shard-00000.ngs", p->other_path) > 0);
	a = scratch_read(merged, &n_a);
	b = scratch_read(built, &n_b);
	assert_int_equal(n_a, n_b);
	assert_memory_equal(a, b, n_a);
	ng_manifest_clear(&manifest);
	assert_int_equal(scratch_remove(p->other_path), 0);
}

static void merge(struct pair *p)
{
	struct ng_build_options options = {.output = p->path, .threads = 2};
	struct ng_build_summary summary;
	struct ng_error err = {""};

	if (ng_compact(&options, &summary, &err) != 0)
		fail_msg("%s: %s", p->corpus->name, err.text);
	assert_int_equal(summary.docs, p->left.docs);
}

/* ---- the tests ---- */

/* A part of the documents, more removed later, others appended between, all merged, and removed
 * from again. */
static void check_corpus(const struct naive *c, const struct ng_build_options *options, unsigned n)
{
	uint64_t rng = naive_seed(), half = c->docs - c->docs / 3;
	struct ng_doc_range ranges[8];
	struct ng_build_options append = *options;
	struct ng_build_summary summary;
	struct pair p;

	if (c->docs < 2)
		return;
	pair_new(c, options, half, &p);
	for (size_t i = 0; i < ng_array_size(ranges); i++) {
		ranges[i].first = scratch_random(&rng) % half;
		ranges[i].end = ranges[i].first + 1;
	}
	ranges[0].end = ranges[0].first + scratch_random(&rng) % (half - ranges[0].first) + 1;
	remove_docs(&p, ranges, 3);
	append.append = true;
	append.force = false;
	made_build_docs(c, half, c->docs, &append, p.path, &summary);
	p.docs = c->docs;
	check_pair(&p, &rng, n);
	ranges[7] = (struct ng_doc_range){c->docs - 1, c->docs};
	remove_docs(&p, ranges, ng_array_size(ranges));
	check_pair(&p, &rng, n);
	merge(&p);
	check_merged(&p);
	check_pair(&p, &rng, n);
	ranges[0] = (struct ng_doc_range){0, c->docs - c->docs / 4};
	remove_docs(&p, ranges, 1);
	check_pair(&p, &rng, n);
	merge(&p);
	check_merged(&p);
	check_pair(&p, &rng, n);
	ranges[0].end = c->docs;
	remove_docs(&p, ranges, 1);
	remove_docs(&p, ranges, 1);
	check_pair(&p, &rng, n / 4 + 1);
	merge(&p);
	check_merged(&p);
	check_pair(&p, &rng, n / 4 + 1);
	pair_free(&p);
}

static void test_small(void **state)
{
	struct ng_build_options options = {.threads = 2};
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		options.sa_sampling = i % 2 ? 5 : 0;
		options.text_store = i % 3 == 1;
		options.shard_bytes = i % 2 ? c.n / 4 + 1 : 0;
		if (c.docs <= 300)
			check_corpus(&c, &options, scratch_rounds(15));
		naive_clear(&c);
	}
}

/* Words in several cases, in documents that are there more than once. */
static void test_duplicates(void **state)
{
	static const char *const words[] = {"fish ",
					    "Fish ",
					    "FISH ",
					    "red ",
					    "Red ",
					    "\xc3\xa9t\xc3\xa9 ",
					    "\xc3\x89t\xc3\xa9 "};
	struct ng_build_options options = {.threads = 2, .sa_sampling = 8};
	struct naive c = {.name = "duplicates"};
	uint64_t rng = naive_seed();

	for (unsigned d = 0; d < 90; d++) {
		char text[400] = "";

		for (unsigned k = 0; k < 20 && d % 3; k++)
			strcat(text, words[scratch_random(&rng) % ng_array_size(words)]);
		naive_add(&c, text, strlen(text));
		if (d % 4 == 0)
			naive_add(&c, text, strlen(text));
	}
	for (unsigned shards = 1; shards < 6; shards += 2) {
		options.shard_bytes = shards == 1 ? 0 : c.n / shards;
		options.text_store = shards == 3;
		check_corpus(&c, &options, scratch_rounds(40));
	}
	naive_clear(&c);
}

/* A text is in none of the files any more when it was merged away, though it was stored. */
static void test_forgotten(void **state)
{
	/* Noise, which compression leaves as it is. */
	static const uint8_t secret[] = {"\x8f\x03\xd2k\x19\xfa\x70\xe4\x5b\xc6\x2d\x91\x38"
					 "\xaf\x06\x7d\xe9\x54\xb3\x1a\xf7\x62\xcd\x40"};
	const size_t len = sizeof(secret) - 1;
	struct ng_build_options options = {.threads = 1, .text_store = true};
	struct naive c = {.name = "forgotten"};
	struct ng_doc_range range = {1, 2};
	uint64_t rng = naive_seed();
	struct ng_index *index;
	struct pair p;
	uint64_t count;

	naive_add(&c, "some text", 9);
	naive_add(&c, secret, len);
	naive_add(&c, "more of it", 10);
	pair_new(&c, &options, 3, &p);
	remove_docs(&p, &range, 1);
	assert_true(file_holds(p.path, secret, len));
	left_make(&p);
	merge(&p);
	ng_index_close(p.other);
	assert_int_equal(scratch_remove(p.other_path), 0);
	p.other = NULL;
	check_merged(&p);
	check_pair(&p, &rng, 20);
	index_open(p.path, &index);
	assert_int_equal(ng_count(index, secret, len, NULL, &count), 0);
	assert_int_equal(count, 0);
	ng_index_close(index);
	assert_false(file_holds(p.path, secret, len));
	pair_free(&p);
	naive_clear(&c);
}

/* Whatever bit of what was removed is another: the right answer, or an error. */
static void test_flips(void **state)
{
	struct ng_build_options options = {.threads = 1, .sa_sampling = 8};
	struct naive c = {.name = "flips"};
	struct ng_doc_range ranges[] = {{1, 2}, {5, 30}};
	ng_cleanup(ng_freep) uint8_t *file = NULL;
	ng_cleanup(ng_freep) char *path = NULL;
	uint64_t rng = naive_seed(), right = 0, errors = 0;
	size_t bytes;
	struct pair p;

	for (unsigned d = 0; d < 60; d++) {
		uint8_t text[150];

		naive_words(&rng, text, sizeof(text));
		naive_add(&c, text, sizeof(text));
	}
	pair_new(&c, &options, c.docs, &p);
	remove_docs(&p, ranges, ng_array_size(ranges));
	left_make(&p);
	assert_true(asprintf(&path, "%s/removed-00000.ngr", p.path) > 0);
	file = scratch_read(path, &bytes);
	assert_true(bytes > 4096);
	for (uint64_t bit = scratch_random(&rng) % 97; bit < 8 * bytes; bit += 97) {
		static const char *const patterns[] = {"e", "th", "s ", "an", "\n"};
		struct ng_index *index = NULL;
		bool failed;

		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(scratch_write(path, file, bytes), 0);
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
		failed = ng_index_open(p.path, 1, &index, NULL) != 0;
		for (size_t i = 0; !failed && i < ng_array_size(patterns); i++) {
			const uint8_t *pat = (const uint8_t *)patterns[i];
			uint64_t count = 0, n;
			int r = ng_count(index, pat, strlen(patterns[i]), NULL, &count);

			failed |= r < 0;
			if (r == 0)
				assert_int_equal(
					count, naive_find(&p.left, pat, strlen(patterns[i]), NULL));
			r = ng_doc_bytes(index, 10 * i, &n);
			if (r != 0 && r != -ENOENT)
				failed = true;
			else
				assert_int_equal(r == -ENOENT, p.gone[10 * i]);
		}
		errors += failed;
		right += !failed;
		ng_index_close(index);
	}
	printf("%ju right, %ju errors\n", (uintmax_t)right, (uintmax_t)errors);
	assert_true(right && errors);
	ng_index_close(p.other);
	assert_int_equal(scratch_remove(p.other_path), 0);
	pair_free(&p);
	naive_clear(&c);
}

static void test_refused(void **state)
{
	struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "refused"};
	struct ng_doc_range range = {2, 4};
	struct ng_doc_choice choice = {.ranges = &range, .n_ranges = 1};
	struct ng_doc_choice where = {0};
	struct ng_remove_summary summary = {.docs = 77};
	struct ng_build_options remove;
	struct ng_error err = {""};
	struct pair p;

	naive_add(&c, "a", 1);
	naive_add(&c, "b", 1);
	naive_add(&c, "c", 1);
	pair_new(&c, &options, 3, &p);
	remove = (struct ng_build_options){.output = p.path, .threads = 1};
	assert_int_equal(ng_remove(&remove, &choice, &summary, &err), -ENOENT);
	assert_non_null(strstr(err.text, "there never was a document 3"));
	assert_int_equal(ng_doc_choice_where(&where, "n:7", NULL), 0);
	assert_int_equal(ng_remove(&remove, &where, &summary, &err), -ENOENT);
	assert_int_equal(summary.docs, 77);
	ng_doc_choice_clear(&where);
	assert_int_equal(ng_doc_choice_where(&where, "n:1", NULL), 0);
	assert_int_equal(ng_remove(&remove, &where, &summary, &err), 0);
	assert_int_equal(summary.docs, 1);
	assert_int_equal(ng_remove(&remove, &where, &summary, &err), 0);
	assert_int_equal(summary.docs, 0);
	assert_int_equal(summary.before, 1);
	ng_doc_choice_clear(&where);
	remove.memory_bytes = 8;
	range = (struct ng_doc_range){0, 1};
	assert_int_equal(ng_remove(&remove, &choice, &summary, &err), -ENOMEM);
	pair_free(&p);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),   cmocka_unit_test(test_flips),
		cmocka_unit_test(test_forgotten), cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
