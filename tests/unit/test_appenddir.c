/* SPDX-License-Identifier: Apache-2.0 */
#include "build/builder.h"
#include "indexmake.h"

#include <sys/stat.h>

#define PATH_BYTES (2 * SCRATCH_DIR_MAX)

static void path_in(const char *dir, const char *name, char path[PATH_BYTES])
{
	assert_in_range(snprintf(path, PATH_BYTES, "%s/%s", dir, name), 1, PATH_BYTES - 1);
}

static bool exists(const char *dir, const char *name)
{
	char path[PATH_BYTES];

	path_in(dir, name, path);
	return access(path, F_OK) == 0;
}

static void put(const char *dir, const char *name)
{
	char path[PATH_BYTES];

	path_in(dir, name, path);
	assert_int_equal(scratch_write(path, "left", 4), 0);
}

/* Every document, and the counts of many patterns. */
static void check_answers(const struct naive *c, const char *path, uint64_t *rng)
{
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;
	struct ng_index_stats stats;
	struct ng_error err = {""};

	if (ng_index_open(path, 1, &index, &err) != 0)
		fail_msg("%s: %s", c->name, err.text);
	ng_index_stats(index, &stats);
	assert_int_equal(stats.docs, c->docs);
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		size_t bytes = naive_bytes(c, doc), got, meta_bytes;
		ng_cleanup(ng_freep) uint8_t *text = malloc(bytes + 1);
		ng_cleanup(ng_freep) char *meta = NULL;
		char want[256];

		assert_non_null(text);
		assert_int_equal(ng_doc_read(index, doc, 0, bytes + 1, NULL, text, &got), 0);
		assert_int_equal(got, bytes);
		assert_memory_equal(text, c->text + naive_begin(c, doc), bytes);
		assert_int_equal(ng_doc_meta(index, doc, &meta, &meta_bytes), 0);
		assert_int_equal(meta_bytes, made_meta(doc, want));
		assert_memory_equal(meta, want, meta_bytes);
	}
	for (unsigned i = 0; i < 100 && c->n > c->docs; i++) {
		size_t len;
		const uint8_t *pat = naive_substring(c, rng, 12, &len);
		uint64_t count;

		assert_int_equal(ng_count(index, pat, len, NULL, &count), 0);
		assert_int_equal(count, naive_find(c, pat, len, NULL));
	}
}

/* An index made in several runs answers as one that was made at once, and the shards of earlier
 * runs keep their bytes. */
static void test_answers(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8], first[PATH_BYTES];
	uint64_t rng = naive_seed();
	struct naive c;

	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		struct ng_build_options options = {.threads = 1 + i % 2,
						   .text_store = i % 3 == 0,
						   .sa_sampling = 16,
						   .shard_bytes = c.docs > 9 ? c.n / 3 + 1 : 0};
		uint64_t done = scratch_random(&rng) % (c.docs + 1);
		ng_cleanup(ng_freep) uint8_t *before = NULL;
		ng_cleanup(ng_freep) uint8_t *after = NULL;
		size_t before_bytes, after_bytes;
		struct ng_build_summary summary;

		made_build_docs(&c, 0, done, &options, path, &summary);
		assert_int_equal(summary.added_docs, done);
		path_in(path, "shard-00000.ngs", first);
		before = scratch_read(first, &before_bytes);
		/* The index knows how it is shaped; to say it again is allowed. */
		options.append = true;
		options.sa_sampling = i % 2 ? 16 : 0;
		options.text_store = false;
		while (done < c.docs) {
			uint64_t end = done + 1 + scratch_random(&rng) % (c.docs - done);

			made_build_docs(&c, done, end, &options, path, &summary);
			assert_int_equal(summary.added_docs, end - done);
			assert_int_equal(summary.docs, end);
			done = end;
		}
		assert_int_equal(summary.text_bytes, c.n - c.docs);
		check_answers(&c, path, &rng);
		after = before ? scratch_read(first, &after_bytes) : NULL;
		if (before) {
			assert_int_equal(before_bytes, after_bytes);
			assert_memory_equal(before, after, after_bytes);
		}
		assert_int_equal(scratch_remove(path), 0);
		naive_clear(&c);
	}
	assert_int_equal(scratch_remove(dir), 0);
}

/* What a killed run has left goes, what is somebody else's stays. */
static void test_left_over(void **state)
{
	static const char *const ours[] = {"shard-00001.ngs", "shard-77777.ngs",
					   "segment-00001-0-12", "text-00003", "index.json.tmp"};
	static const char *const others[] = {"notes",     "shard.ngs", "shard-1.ngs.bak",
					     "text-mine", "segment-1", "index.json.bak"};
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	struct ng_build_options options = {.threads = 1};
	struct ng_build_summary summary;
	uint64_t rng = 1;
	struct naive c;

	assert_true(naive_make(NAIVE_SMALL, 3, &c));
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	made_build(&c, &options, path, &summary);
	for (size_t i = 0; i < ng_array_size(ours); i++) {
		put(path, ours[i]);
		put(path, others[i]);
	}
	check_answers(&c, path, &rng);
	options.append = true;
	/* Without a document, too. */
	made_build_docs(&c, 0, 0, &options, path, &summary);
	assert_int_equal(summary.added_shards, 0);
	for (size_t i = 0; i < ng_array_size(ours); i++) {
		assert_false(exists(path, ours[i]));
		assert_true(exists(path, others[i]));
	}
	check_answers(&c, path, &rng);
	assert_int_equal(scratch_remove(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
}

/* Given up in the midst, after shards were written: nothing is different. */
static void test_unfinished(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	ng_cancel cancel = false;
	struct ng_build_options options = {.threads = 1, .cancel = &cancel, .shard_bytes = 100};
	struct ng_build_summary summary;
	struct ng_error err;
	uint64_t rng = 2;
	struct naive c;

	assert_true(naive_make(NAIVE_SMALL, 3, &c));
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	made_build(&c, &options, path, &summary);
	options.append = true;
	options.output = path;
	for (unsigned cancelled = 0; cancelled < 2; cancelled++) {
		struct ng_builder *builder;
		char text[60], next[32];

		memset(text, 'x', sizeof(text));
		atomic_store(&cancel, false);
		assert_int_equal(ng_builder_new(&options, &builder, &err), 0);
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(ng_builder_add(builder, (uint8_t *)text, sizeof(text),
							"{}", 2, &err),
					 0);
		snprintf(next, sizeof(next), "shard-%05u.ngs", summary.shards);
		assert_true(exists(path, next));
		if (cancelled) {
			atomic_store(&cancel, true);
			assert_int_equal(ng_builder_finish(builder, &summary, &err), -EINTR);
		}
		ng_builder_free(builder);
		assert_false(exists(path, next));
		check_answers(&c, path, &rng);
	}
	assert_int_equal(scratch_remove(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
}

static void test_refused(void **state)
{
	static const struct {
		const char *name; /* below the directory */
		struct ng_build_options options;
		int error;
		const char *says;
	} cases[] = {
		{"index", {.append = true, .force = true}, -EINVAL, "--force"},
		{"index", {.append = true, .sa_sampling = 32}, -EINVAL, "--sa-sampling=112"},
		{"index", {.append = true, .text_store = true}, -EINVAL, "--text-store"},
		{"index", {.append = true, .memory_bytes = 1}, -EINVAL, "memory"},
		{"none", {.append = true}, -ENOENT, "no index to append to"},
		{"empty", {.append = true}, -ENOENT, "not an index"},
		{"file", {.append = true}, -ENOTDIR, "not an index"},
		{"broken", {.append = true}, -EPROTO, "index.json"},
	};
	char dir[SCRATCH_DIR_MAX], path[PATH_BYTES];
	struct ng_build_options options = {.threads = 1};
	struct ng_build_summary summary;
	struct naive c;

	assert_true(naive_make(NAIVE_SMALL, 3, &c));
	assert_int_equal(scratch_make(dir), 0);
	put(dir, "file");
	path_in(dir, "empty", path);
	assert_int_equal(mkdir(path, 0777), 0);
	path_in(dir, "broken", path);
	assert_int_equal(mkdir(path, 0777), 0);
	put(path, "index.json");
	/* Of an index that cannot be read, nothing is known to be left over. */
	put(path, "shard-00009.ngs");
	path_in(dir, "index", path);
	made_build(&c, &options, path, &summary);
	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct ng_builder *builder = NULL;
		struct ng_error err = {""};

		options = cases[i].options;
		path_in(dir, cases[i].name, path);
		options.output = path;
		assert_int_equal(ng_builder_new(&options, &builder, &err), cases[i].error);
		assert_null(builder);
		if (!strstr(err.text, cases[i].says))
			fail_msg("case %zu: '%s' doesn't say '%s'", i, err.text, cases[i].says);
	}
	path_in(dir, "broken", path);
	assert_true(exists(path, "shard-00009.ngs"));
	assert_int_equal(scratch_remove(path), 0);
	path_in(dir, "empty", path);
	assert_int_equal(scratch_remove(path), 0);
	path_in(dir, "index", path);
	assert_int_equal(scratch_remove(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
}

/* One at a time, whether it appends or replaces. */
static void test_lock(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	struct ng_build_options options = {.threads = 1};
	struct ng_build_summary summary;
	struct naive c;

	assert_true(naive_make(NAIVE_SMALL, 3, &c));
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	made_build(&c, &options, path, &summary);
	for (unsigned kinds = 0; kinds < 4; kinds++) {
		struct ng_build_options one = {.output = path}, other = {.output = path};
		struct ng_builder *first = NULL, *second = NULL;
		struct ng_error err = {""};

		one.append = kinds & 1;
		one.force = !one.append;
		other.append = kinds & 2;
		other.force = !other.append;
		assert_int_equal(ng_builder_new(&one, &first, &err), 0);
		assert_int_equal(ng_builder_new(&other, &second, &err), -EBUSY);
		assert_null(second);
		assert_int_equal(ng_builder_finish(first, &summary, &err), 0);
		ng_builder_free(first);
		assert_int_equal(ng_builder_new(&other, &second, &err), 0);
		ng_builder_free(second);
	}
	assert_int_equal(scratch_remove(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
}

/* Moved away while it is added to: neither it nor what has come into its place is touched. */
static void test_moved(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8], away[SCRATCH_DIR_MAX + 8];
	struct ng_build_options options = {.threads = 1};
	struct ng_build_summary summary;
	struct ng_builder *builder;
	struct ng_error err = {""};
	uint64_t rng = 3;
	struct naive c, d;

	assert_true(naive_make(NAIVE_SMALL, 3, &c));
	assert_true(naive_make(NAIVE_SMALL, 5, &d));
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	snprintf(away, sizeof(away), "%s/away", dir);
	made_build(&c, &options, path, &summary);
	options.append = true;
	options.output = path;
	assert_int_equal(ng_builder_new(&options, &builder, &err), 0);
	assert_int_equal(ng_builder_add(builder, (const uint8_t *)"more", 4, "{}", 2, &err), 0);
	assert_int_equal(rename(path, away), 0);
	options.append = false;
	made_build(&d, &options, path, &summary);
	/* As if somebody were adding to the new one. */
	put(path, "shard-00009.ngs");
	assert_int_equal(ng_builder_finish(builder, &summary, &err), -ESTALE);
	assert_non_null(strstr(err.text, "moved"));
	ng_builder_free(builder);
	assert_true(exists(path, "shard-00009.ngs"));
	check_answers(&c, away, &rng);
	check_answers(&d, path, &rng);
	assert_int_equal(scratch_remove(away), 0);
	assert_int_equal(scratch_remove(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
	naive_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),    cmocka_unit_test(test_left_over),
		cmocka_unit_test(test_unfinished), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lock),       cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
