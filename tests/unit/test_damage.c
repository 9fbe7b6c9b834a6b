/* Shards whose contents were changed: an answer or an error, but no crash, no access out of bounds
 * and no endless loop, whatever the bytes. Opening a shard checks no section's sum. */
#include "format/shardlayout.h"
#include "indexmake.h"
#include "query/batch.h"
#include "query/df.h"
#include "query/fold.h"
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
		begin = ng_ef_get(&shard->meta_starts, doc);
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
		assert_int_equal(ng_trace_new(&index, pat, len, 4, &trace), 0);
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
		/* Mostly near a page's beginning, where the counts and places are. */
		at = scratch_random(rng) % entry->bytes;
		if (k % 2)
			at = ng_min(at / NG_PAGE_BYTES * NG_PAGE_BYTES + scratch_random(rng) % 700,
				    entry->bytes - 1);
		file[entry->offset + at] ^= (uint8_t)(1u << scratch_random(rng) % 8);
	}
}

static void check(const struct naive *c, const struct ng_build_options *options, uint64_t *rng)
{
	struct made_index made;
	char path[SCRATCH_DIR_MAX + 40];
	ng_cleanup(ng_freep) uint8_t *file = NULL, *copy = NULL;
	struct ng_shard_header header;
	struct ng_shard_entry entry;
	unsigned opened = 0;
	size_t bytes;

	made_index_new(c, options, &made);
	snprintf(path, sizeof(path), "%s/shard-00000.ngs", made.path);
	file = scratch_read(path, &bytes);
	copy = malloc(bytes);
	assert_non_null(file);
	assert_non_null(copy);
	memcpy(&header, file, sizeof(header));
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct ng_shard *shard;

		memcpy(copy, file, bytes);
		/* Every second time the BWT's blocks. */
		do {
			memcpy(&entry,
			       file + header.table_offset +
				       scratch_random(rng) % header.n_sections * sizeof(entry),
			       sizeof(entry));
		} while (round % 2 && entry.type != NG_SECTION_BWT_BLOCKS);
		damage(copy, &entry, rng);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(scratch_write(path, copy, bytes), 0);
		if (ng_shard_open(path, &shard, NULL) < 0)
			continue;
		opened++;
		for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
			assert_int_equal(ng_bwt_use_kernel(shard->bwt, *kernel), 0);
			ask(shard, c, rng);
			ask_index(shard, c, rng);
		}
		ng_shard_close(shard);
	}
	assert_in_range(opened, ROUNDS / 2, ROUNDS);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
