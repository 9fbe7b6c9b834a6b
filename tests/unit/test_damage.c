/* SPDX-License-Identifier: Apache-2.0 */
/* Shards whose contents were changed: an answer or an error, but no crash, no access out of bounds
 * and no endless loop, whatever the bytes. Their sums are made right, as a stranger would, so that
 * nothing but the reader's own care is in the way. */
#include "forge.h"
#include "indexmake.h"
#include "query/batch.h"
#include "query/df.h"
#include "query/fold.h"
#include "query/facet.h"
#include "query/index_internal.h"
#include "query/next.h"
#include "query/trace.h"

#define ROUNDS 200u

/* Everything that can be asked of a shard. What it answers doesn't matter. */
static void ask(const struct ng_shard *shard, const struct naive *c, uint64_t *rng)
{
	uint8_t buf[600];

	for (unsigned i = 0; i < 6; i++) {
		struct ng_interval rows;
		struct ng_match matches[8];
		uint64_t doc, begin, bytes;
		bool bad = false;
		size_t len, n;
		const uint8_t *pat = naive_substring(c, rng, i % 2 ? 3 : 40, &len);

		if (ng_shard_find(shard, pat, len, NULL, &rows) == 0) {
			assert_true(rows.lo <= rows.hi && rows.hi <= shard->params.rows);
			n = ng_min(rows.hi - rows.lo, (uint64_t)ng_array_size(matches));
			if (ng_shard_locate(shard, rows.lo, n, NULL, matches) == 0)
				for (size_t k = 0; k < n; k++)
					assert_true(matches[k].doc < shard->params.docs);
		}
		doc = scratch_random(rng) % shard->params.docs;
		if (ng_shard_doc_extent(shard, doc, &begin, &bytes) == 0)
			ng_shard_extract(shard, doc, bytes / 3,
					 ng_min(bytes - bytes / 3, (uint64_t)sizeof(buf)), NULL,
					 buf);
		begin = ng_ef_get(&shard->meta_starts, doc, &bad);
		ng_frames_read(shard->meta, begin, ng_min(sizeof(buf), (size_t)100), buf);
		if (shard->text)
			ng_frames_read(shard->text, begin, ng_min(sizeof(buf), (size_t)100), buf);
	}
}

/* The same of an index that has this shard only. */
static void ask_index(struct ng_shard *shard, const struct naive *c, uint64_t *rng)
{
	uint64_t first_doc[2] = {0, shard->params.docs}, counts[2], docs;
	struct ng_index index = {.n_shards = 1, .shards = &shard, .first_doc = first_doc};
	struct ng_trace *trace = NULL;
	struct ng_maximal stretch;
	struct ng_trace_options options = {.min_bytes = 4, .at_most = UINT64_MAX};
	size_t len, n;

	index.stats.docs = shard->params.docs;
	assert_int_equal(ng_pool_new(1, &index.pool), 0);
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *pat = naive_substring(c, rng, i % 2 ? 3 : 300, &len);
		struct ng_pattern patterns[2] = {{pat, len}, {pat, 1}};
		struct ng_next *list = NULL;

		ng_batch_count(&index, 2, patterns, NULL, counts);
		for (unsigned fold = 0; fold < 2; fold++) {
			ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;

			if ((fold ? ng_fold_find : ng_ranges_find)(&index, pat, len, NULL,
								   &ranges) < 0)
				continue;
			assert_int_equal(ng_ranges_check(&ranges, &index), 0);
			if (ng_next(&index, &ranges, NULL, &list, &n) == 0)
				free(list);
			if (ng_prev(&index, &ranges, NULL, &list, &n) == 0)
				free(list);
			if (ranges.count < 3000 && ng_df(&index, &ranges, NULL, &docs) == 0)
				assert_true(docs <= shard->params.docs);
		}
		options.at_least = 1 + i / 2;
		options.folds = i % 2 ? NG_FOLD_CASE | NG_FOLD_FORM : 0;
		assert_int_equal(ng_trace_new(&index, pat, len, &options, &trace), 0);
		while (ng_trace_next(trace, NULL, &stretch) == 1)
			assert_true(stretch.begin + 4 <= stretch.end && stretch.end <= len);
		ng_trace_free(trace);
	}
	ng_pool_free(index.pool);
}

/* Change some bytes of one section, or a stretch of it. */
static void damage(uint8_t *file, const struct ng_shard_entry *entry, uint64_t *rng)
{
	uint64_t at;

	if (entry->bytes == 0)
		return;
	if (scratch_random(rng) % 4 == 0) {
		at = scratch_random(rng) % entry->bytes;
		for (uint64_t i = at; i < ng_min(at + 300, entry->bytes); i++)
			file[entry->offset + i] = (uint8_t)scratch_random(rng);
		return;
	}
	for (unsigned k = scratch_random(rng) % 8 + 1; k > 0; k--) {
		at = scratch_random(rng) % entry->bytes;
		file[entry->offset + at] ^= (uint8_t)(1u << scratch_random(rng) % 8);
	}
}

static void check(const struct naive *c, const struct ng_build_options *options, uint64_t *rng)
{
	struct made_index made;
	ng_cleanup(ng_freep) uint8_t *sound = NULL;
	unsigned opened = 0;
	const unsigned rounds = scratch_rounds(ROUNDS);
	struct forged f;

	made_index_new(c, options, &made);
	forged_read(&made, &f);
	sound = malloc(f.bytes);
	assert_non_null(sound);
	memcpy(sound, f.data, f.bytes);
	for (unsigned round = 0; round < rounds; round++) {
		const struct ng_shard_entry *entry;
		struct ng_shard *shard;

		memcpy(f.data, sound, f.bytes);
		/* Every second time the BWT's cells. The page sums are made anew. */
		do
			entry = forged_entry(&f, (uint32_t)(scratch_random(rng) %
							    (forged_header(&f)->n_sections - 1)));
		while (round % 2 && entry->type != NG_SECTION_BWT_CELLS);
		damage(f.data, entry, rng);
		forged_sum(&f);
		forged_write(&f);
		if (ng_shard_open(f.path, &shard, NULL) < 0)
			continue;
		opened++;
		for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
			assert_int_equal(ng_bwt_use_kernel(shard->bwt, *kernel), 0);
			ask(shard, c, rng);
			ask_index(shard, c, rng);
		}
		ng_shard_close(shard);
	}
	assert_in_range(opened, rounds / 2, rounds);
	free(f.data);
	made_index_free(&made);
}

static void test_damaged_sections(void **state)
{
	static const struct ng_build_options options[] = {
		{.threads = 1, .sa_sampling = 5},
		{.threads = 1, .text_store = true},
	};
	static uint8_t text[200000];
	uint64_t rng = naive_seed();
	struct naive c = {.name = "prose"};

	naive_words(&rng, text, sizeof(text));
	for (size_t at = 0; at < sizeof(text); at += 5000)
		naive_add(&c, text + at, 5000);
	for (size_t i = 0; i < ng_array_size(options); i++)
		check(&c, &options[i], &rng);
	naive_clear(&c);
}

/* Of all documents by each of their fields. */
static int facets_sum(const struct ng_index *index, uint64_t *sum)
{
	static const struct ng_filter all;
	const struct ng_facet *list = NULL;
	size_t n = 0;
	int r = ng_index_facets(index, &list, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		ng_cleanup(ng_facet_counts_clear) struct ng_facet_counts counts = {0};

		r = ng_facet_all(index, &list[i], &all, NULL, &counts);
		*sum = XXH3_64bits_withSeed(list[i].name, list[i].name_bytes, *sum);
		for (size_t k = 0; k < counts.n; k++) {
			const struct ng_facet_count *count = &counts.list[k];

			*sum = XXH3_64bits_withSeed(count->value, count->bytes,
						    *sum + count->occurrences + count->docs);
		}
	}
	return r;
}

/* What there is to ask of a shard, as one sum; an error, or the sum of the answers. */
static int answers(const struct ng_index *index, const struct naive *c, uint64_t seed,
		   uint64_t *ret_sum)
{
	const struct ng_shard *shard = index->shards[0];
	uint64_t rng = seed, sum = 0;
	uint8_t buf[600];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < 8; i++) {
		ng_cleanup(ng_freep) char *json = NULL;
		uint64_t doc = scratch_random(&rng) % index->stats.docs;
		struct ng_match matches[8] = {{0}};
		struct ng_interval rows = {0, 0};
		size_t len, n = 0;
		const uint8_t *pat = naive_substring(c, &rng, i % 2 ? 3 : 40, &len);

		memset(buf, 0, sizeof(buf));
		r = ng_shard_find(shard, pat, len, NULL, &rows);
		if (r == 0)
			r = ng_shard_locate(shard, rows.lo, ng_min(rows.hi - rows.lo, (uint64_t)8),
					    NULL, matches);
		sum = XXH3_64bits_withSeed(&rows, sizeof(rows), sum);
		sum = XXH3_64bits_withSeed(matches, sizeof(matches), sum);
		if (r == 0)
			r = ng_doc_meta(index, doc, &json, &len);
		if (r == 0)
			sum = XXH3_64bits_withSeed(json, len, sum);
		if (r == 0)
			r = (i % 2 ? ng_doc_read : ng_index_peek)(index, doc, 100, sizeof(buf),
								  NULL, buf, &n);
		sum = XXH3_64bits_withSeed(buf, sizeof(buf), sum);
	}
	if (r == 0)
		r = facets_sum(index, &sum);
	*ret_sum = sum;
	return r;
}

/* More than a shard has; their types are numbers far apart. */
#define SECTIONS_MAX 64u

/* Whatever bit of a shard's tables has changed, an answer is what it was, or there is none. */
static void test_never_wrong(void **state)
{
	static const struct ng_build_options options = {
		.threads = 1, .sa_sampling = 8, .text_store = true};
	static uint8_t text[200000];
	uint64_t rng = naive_seed(), refused[SECTIONS_MAX] = {0};
	struct naive c = {.name = "prose"};
	struct made_index made;
	struct forged f;

	naive_words(&rng, text, sizeof(text));
	for (size_t at = 0; at < sizeof(text); at += 500)
		naive_add(&c, text + at, 500);
	made_index_new(&c, &options, &made);
	forged_read(&made, &f);
	for (unsigned round = 0; round < scratch_rounds(600); round++) {
		uint32_t n = forged_header(&f)->n_sections, section = (uint32_t)round % n;
		const struct ng_shard_entry *e = forged_entry(&f, section);
		uint64_t seed = scratch_random(&rng), bit, sum, sound;
		struct ng_index *index = NULL;
		struct ng_error where;
		int r;

		if (e->bytes == 0)
			continue;
		assert_int_equal(ng_index_open(made.path, 1, &index, NULL), 0);
		assert_int_equal(answers(index, &c, seed, &sound), 0);
		assert_false(ng_index_take_damage(index, &where));
		ng_index_close(index);

		bit = e->offset * 8 + scratch_random(&rng) % (e->bytes * 8);
		f.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		forged_write(&f);
		f.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		r = ng_index_open(made.path, 1, &index, NULL);
		if (r == 0) {
			r = answers(index, &c, seed, &sum);
			if (r == 0 ? sum != sound : r != -EUCLEAN)
				fail_msg("section %s, bit %ju: %d", ng_section_name(e->type),
					 (uintmax_t)bit, r);
			if (r < 0) {
				assert_true(ng_index_take_damage(index, &where));
				assert_non_null(strstr(where.text, ng_section_name(e->type)));
			}
			assert_false(ng_index_take_damage(index, &where));
			ng_index_close(index);
		}
		assert_true(r == 0 || r == -EUCLEAN);
		assert_true(section < SECTIONS_MAX);
		refused[section] += r < 0;
		forged_write(&f);
	}
	for (uint32_t i = 0; i < forged_header(&f)->n_sections; i++)
		if (!refused[i])
			fail_msg("no bit of %s was missed",
				 ng_section_name(forged_entry(&f, i)->type));
	free(f.data);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_sections),
		cmocka_unit_test(test_never_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
