/* SPDX-License-Identifier: Apache-2.0 */
#include "indexmake.h"

#include <fcntl.h>
#include <sys/stat.h>

/* What is asked of each corpus: with and without a text store, sparse and dense samples, one shard
 * and several. */
static const struct ng_build_options configs[] = {
	{.threads = 1},
	{.threads = 2, .sa_sampling = 4, .text_store = true},
	{.threads = 3, .sa_sampling = 1024, .shard_bytes = 700},
	{.threads = 2, .shard_bytes = 1, .text_store = true},
	{.threads = 1, .sa_sampling = 7},
};

struct asked {
	const struct naive *c;
	const struct ng_index *index;
	struct ng_index_stats stats;
	struct ng_interval *by_shard;
	uint64_t rng;
	uint64_t steps; /* of rank that may still be spent on locating */
	bool everything;
};

/* Fewer questions of all but one index of a corpus, and of long texts, which are scanned slowly. */
static unsigned sparser(const struct asked *a)
{
	return a->c->n > 100000 ? 16 : a->everything ? 1 : 4;
}

#define LOCATE_STEPS UINT64_C(60000)
#define READ_STEPS   UINT64_C(60000)
#define WHOLE_BYTES  UINT64_C(400000) /* of a document that is read whole without a text store */

static uint64_t count(struct asked *a, const uint8_t *pat, size_t len)
{
	uint64_t n = UINT64_MAX;

	assert_int_equal(ng_count(a->index, pat, len, NULL, &n), 0);
	return n;
}

static void check_count(struct asked *a, const uint8_t *pat, size_t len)
{
	uint64_t want = naive_find(a->c, pat, len, NULL), got = count(a, pat, len);

	if (got != want)
		fail_msg("%s, %u shards: %zu bytes from %02x on occur %ju times, not %ju",
			 a->c->name, a->stats.shards, len, pat[0], (uintmax_t)want, (uintmax_t)got);
}

static int compare_matches(const void *pa, const void *pb)
{
	const struct ng_match *a = pa, *b = pb;

	if (a->doc != b->doc)
		return a->doc < b->doc ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* All occurrences at once are the naive ones; any slice of them is a slice. */
static void check_locate(struct asked *a, const uint8_t *pat, size_t len)
{
	ng_cleanup(ng_freep) uint64_t *want = NULL;
	ng_cleanup(ng_freep) struct ng_match *all = NULL, *slice = NULL;
	uint64_t n = naive_find(a->c, pat, len, &want), rows = 0;
	uint64_t steps = n * ng_min((uint64_t)a->stats.sa_sampling, a->c->n);
	size_t got = 0;

	if (steps > a->steps)
		return;
	a->steps -= steps;

	assert_int_equal(ng_find(a->index, pat, len, NULL, a->by_shard), 0);
	for (uint32_t s = 0; s < a->stats.shards; s++)
		rows += a->by_shard[s].hi - a->by_shard[s].lo;
	assert_int_equal(rows, n);
	all = calloc(n + 7, sizeof(*all));
	slice = calloc(n + 7, sizeof(*slice));
	assert_non_null(all);
	assert_non_null(slice);
	assert_int_equal(ng_locate(a->index, a->by_shard, 0, n + 7, NULL, all, &got), 0);
	assert_int_equal(got, n);
	for (unsigned k = 0; k < 3; k++) {
		uint64_t first = scratch_random(&a->rng) % (n + 2);
		size_t most = scratch_random(&a->rng) % (n + 7);
		uint64_t there = first < n ? n - first : 0;

		assert_int_equal(ng_locate(a->index, a->by_shard, first, most, NULL, slice, &got),
				 0);
		assert_int_equal(got, ng_min((uint64_t)most, there));
		if (got)
			assert_memory_equal(slice, all + first, got * sizeof(*slice));
	}
	qsort(all, n, sizeof(*all), compare_matches);
	for (uint64_t i = 0; i < n; i++)
		if (all[i].doc >= a->c->docs ||
		    naive_begin(a->c, all[i].doc) + all[i].offset != want[i])
			fail_msg("%s: occurrence %ju is not at %ju of document %ju", a->c->name,
				 (uintmax_t)i, (uintmax_t)all[i].offset, (uintmax_t)all[i].doc);
}

/* Every substring of short texts; of others, up to 4 bytes from everywhere. */
static void check_substrings(struct asked *a)
{
	size_t longest = a->c->n < 150 ? SIZE_MAX : a->c->n < 1200 ? 4 : 2;

	for (uint64_t at = 0; at < a->c->n; at++) {
		uint64_t rest = a->c->ends[naive_doc_of(a->c, at)] - at;

		for (size_t len = 1; len <= ng_min(rest, longest); len++)
			check_count(a, a->c->text + at, len);
	}
}

/* Patterns that mostly don't occur: every byte, bytes in pairs, substrings with a byte changed,
 * and what stands around the border of two documents. */
static void check_absent(struct asked *a)
{
	uint8_t pat[64];

	for (unsigned byte = 0; byte < 256; byte += sparser(a)) {
		pat[0] = (uint8_t)byte;
		pat[1] = (uint8_t)scratch_random(&a->rng);
		check_count(a, pat, 1);
		check_count(a, pat, 2);
	}
	for (uint64_t doc = 0; doc + 1 < ng_min(a->c->docs, (uint64_t)50); doc++) {
		uint64_t before = ng_min(naive_bytes(a->c, doc), 4u);
		uint64_t after = ng_min(naive_bytes(a->c, doc + 1), 4u);

		memcpy(pat, a->c->text + a->c->ends[doc] - before, before);
		memcpy(pat + before, a->c->text + a->c->ends[doc] + 1, after);
		if (before + after)
			check_count(a, pat, before + after);
		/* And with the separator as it is written, which no document need hold. */
		check_count(a, a->c->text + a->c->ends[doc] - before, before + 1 + after);
	}
	for (unsigned i = 0; i < 200 / sparser(a) && a->c->n > a->c->docs; i++) {
		size_t len;
		const uint8_t *at = naive_substring(a->c, &a->rng, sizeof(pat), &len);

		memcpy(pat, at, len);
		pat[scratch_random(&a->rng) % len] = (uint8_t)scratch_random(&a->rng);
		check_count(a, pat, len);
	}
}

static void check_random(struct asked *a, unsigned n, size_t longest, unsigned n_locate)
{
	for (unsigned i = 0; i < n && a->c->n > a->c->docs; i++) {
		size_t len;
		const uint8_t *at = naive_substring(a->c, &a->rng, longest, &len);

		check_count(a, at, len);
		if (i < n_locate)
			check_locate(a, at, len);
	}
}

static void check_range(struct asked *a, uint64_t doc, uint64_t offset, size_t len)
{
	uint64_t begin = naive_begin(a->c, doc), bytes = naive_bytes(a->c, doc);
	size_t want = offset < bytes ? (size_t)ng_min((uint64_t)len, bytes - offset) : 0, got = 42;
	ng_cleanup(ng_freep) uint8_t *buf = malloc(want + 1); /* no room for more */

	assert_non_null(buf);
	buf[want] = 0x5a;
	assert_int_equal(ng_doc_read(a->index, doc, offset, len, NULL, buf, &got), 0);
	assert_int_equal(got, want);
	assert_int_equal(buf[want], 0x5a);
	if (want && memcmp(buf, a->c->text + begin + offset, want) != 0)
		fail_msg("%s: document %ju, [%ju, +%zu)", a->c->name, (uintmax_t)doc,
			 (uintmax_t)offset, len);
}

static void check_document(struct asked *a, uint64_t doc)
{
	uint64_t bytes = UINT64_MAX, want = naive_bytes(a->c, doc), meta_bytes = UINT64_MAX;
	ng_cleanup(ng_freep) char *json = NULL;
	char meta[256];
	size_t json_bytes;

	assert_int_equal(ng_doc_bytes(a->index, doc, &bytes), 0);
	assert_int_equal(bytes, want);
	if (a->stats.text_store_bytes || bytes <= WHOLE_BYTES) {
		check_range(a, doc, 0, bytes);
		check_range(a, doc, bytes / 2, SIZE_MAX);
	} else {
		check_range(a, doc, 0, WHOLE_BYTES / 4);
		check_range(a, doc, bytes - WHOLE_BYTES / 4, SIZE_MAX);
	}
	check_range(a, doc, bytes, 10);
	check_range(a, doc, UINT64_MAX, 10);
	for (unsigned i = 0; i < 4 && bytes; i++)
		check_range(a, doc, scratch_random(&a->rng) % bytes,
			    scratch_random(&a->rng) % 3000);
	assert_int_equal(ng_doc_meta_bytes(a->index, doc, &meta_bytes), 0);
	assert_int_equal(meta_bytes, made_meta(doc, meta));
	assert_int_equal(ng_doc_meta(a->index, doc, &json, &json_bytes), 0);
	assert_int_equal(json_bytes, meta_bytes);
	assert_string_equal(json, meta);
}

static void check_no_document(const struct asked *a, uint64_t doc)
{
	uint64_t bytes = 42;
	size_t len = 42;
	uint8_t byte;
	char *json = NULL;

	assert_int_equal(ng_doc_bytes(a->index, doc, &bytes), -ENOENT);
	assert_int_equal(ng_doc_meta_bytes(a->index, doc, &bytes), -ENOENT);
	assert_int_equal(ng_doc_meta(a->index, doc, &json, &len), -ENOENT);
	assert_int_equal(ng_doc_read(a->index, doc, 0, 1, NULL, &byte, &len), -ENOENT);
	assert_int_equal(bytes, 42);
	assert_int_equal(len, 42);
	assert_null(json);
}

static void check_documents(struct asked *a)
{
	/* What check_document takes on average, without a text store. */
	uint64_t steps = 8 * ng_min((uint64_t)a->stats.sa_sampling / 2, a->c->n) +
			 3 * a->c->n / (a->c->docs + 1);
	uint64_t step = a->c->docs / 1200 + a->c->docs * steps / READ_STEPS + 1;

	for (uint64_t doc = 0; doc < a->c->docs; doc += step)
		check_document(a, doc);
	check_no_document(a, a->c->docs);
	check_no_document(a, UINT64_MAX);
	/* Every range of short texts. */
	for (uint64_t doc = 0; a->c->n <= 110 && doc < a->c->docs; doc++)
		for (uint64_t begin = 0; begin <= naive_bytes(a->c, doc); begin++)
			for (uint64_t end = begin; end <= naive_bytes(a->c, doc) + 1; end++)
				check_range(a, doc, begin, end - begin);
}

static void ask(const struct naive *c, const struct ng_build_options *options, bool everything)
{
	struct asked a = {.c = c, .rng = c->n, .steps = LOCATE_STEPS, .everything = everything};
	struct made_index made;
	uint64_t none = 42;

	made_index_new(c, options, &made);
	a.index = made.index;
	ng_index_stats(made.index, &a.stats);
	assert_int_equal(a.stats.docs, c->docs);
	assert_int_equal(a.stats.text_bytes, c->n - c->docs);
	assert_int_equal(a.stats.sa_sampling, options->sa_sampling ? options->sa_sampling : 112);
	assert_int_equal(a.stats.text_store_bytes > 0, options->text_store && c->docs);
	a.by_shard = calloc(a.stats.shards + 1, sizeof(*a.by_shard));
	assert_non_null(a.by_shard);
	assert_int_equal(ng_count(a.index, c->text, 0, NULL, &none), -EINVAL);
	assert_int_equal(none, 42);
	if (everything)
		check_substrings(&a);
	check_absent(&a);
	check_random(&a, 200 / sparser(&a), 30, 40);
	check_random(&a, 60 / sparser(&a), 3000, 30);
	check_documents(&a);
	free(a.by_shard);
	made_index_free(&made);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		for (size_t k = 0; k < ng_array_size(configs); k++) {
			/* A shard a document: not hundreds of them. */
			if (configs[k].shard_bytes != 1 || c.docs <= 70)
				ask(&c, &configs[k], k == i % ng_array_size(configs));
		}
		naive_clear(&c);
	}
}

static void test_large(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_LARGE, i, &c); i++) {
		struct ng_build_options options = configs[i % 2];

		ask(&c, &options, false);
		options = configs[2];
		options.shard_bytes = c.n / 4;
		if (c.docs > 1)
			ask(&c, &options, false);
		naive_clear(&c);
	}
	for (size_t i = 0; naive_make(NAIVE_HUGE, i, &c); i++) {
		ask(&c, &configs[i % 2], false);
		naive_clear(&c);
	}
}

/* A flag that is up already ends each call, and nothing is given. */
static void test_cancel(void **state)
{
	struct ng_build_options options = {.threads = 2};
	ng_cleanup(ng_freep) uint8_t *text = malloc(100000);
	struct naive c = {.name = "prose"};
	ng_cancel cancel = true;
	uint64_t rng = naive_seed(), n = 42;
	struct ng_match match = {42, 42};
	struct made_index made;
	uint8_t buf[4096];
	size_t len = 42;

	assert_non_null(text);
	naive_words(&rng, text, 100000);
	naive_add(&c, text, 100000);
	for (unsigned shards = 1; shards <= 4; shards++) {
		struct ng_interval rows[4], found[4];

		options.shard_bytes = shards == 1 ? 0 : 100001;
		if (shards > 1)
			naive_add(&c, text, 100000);
		made_index_new(&c, &options, &made);
		memset(rows, 42, sizeof(rows));
		memcpy(found, rows, sizeof(rows));
		assert_int_equal(ng_find(made.index, text, 1000, &cancel, found), -EINTR);
		assert_memory_equal(found, rows, sizeof(rows));
		assert_int_equal(ng_count(made.index, text, 1000, &cancel, &n), -EINTR);
		assert_int_equal(ng_find(made.index, text, 10, NULL, rows), 0);
		assert_int_equal(ng_locate(made.index, rows, 0, 1, &cancel, &match, &len), -EINTR);
		assert_int_equal(ng_doc_read(made.index, 0, 0, sizeof(buf), &cancel, buf, &len),
				 -EINTR);
		assert_int_equal(n, 42);
		assert_int_equal(len, 42);
		/* Intervals that are none of this index. */
		rows[0] = (struct ng_interval){0, UINT64_MAX};
		assert_int_equal(ng_locate(made.index, rows, 0, 1, NULL, &match, &len), -EINVAL);
		rows[0] = (struct ng_interval){2, 1};
		assert_int_equal(ng_locate(made.index, rows, 0, 1, NULL, &match, &len), -EINVAL);
		assert_int_equal(len, 42);
		made_index_free(&made);
	}
	naive_clear(&c);
}

/* A file that was touched changes what is said of its documents, and of the index, and no other's.
 */
static void test_changed(void **state)
{
	struct ng_build_options options = {.threads = 1, .shard_bytes = 1};
	struct naive c = {.name = "changed"};
	char path[sizeof(((struct made_index *)NULL)->path) + 32];
	struct made_index made;

	for (unsigned i = 0; i < 3; i++)
		naive_add(&c, "some text", 9);
	made_index_new(&c, &options, &made);
	for (uint64_t doc = 0; doc < 4; doc++)
		assert_false(ng_index_doc_changed(made.index, doc));
	assert_false(ng_index_changed(made.index));
	snprintf(path, sizeof(path), "%s/shard-00001.ngs", made.path);
	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[2]){{1, 2}, {3, 4}}, 0), 0);
	assert_true(ng_index_changed(made.index));
	for (uint64_t doc = 0; doc < 4; doc++)
		assert_int_equal(ng_index_doc_changed(made.index, doc), doc == 1);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
