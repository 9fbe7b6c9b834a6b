/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes that are joined, where only their manifests decide. */
#include "build/join.h"
#include "format/manifest.h"
#include "indexmake.h"

/* A directory with a few indexes of a shard each, and what their manifests say changed. */
struct parts {
	char dir[SCRATCH_DIR_MAX];
	char paths[3][SCRATCH_DIR_MAX + 8];
	char output[SCRATCH_DIR_MAX + 8];
};

static void parts_make(struct parts *parts)
{
	struct ng_build_options options = {.threads = 1};
	struct ng_build_summary summary;

	assert_int_equal(scratch_make(parts->dir), 0);
	snprintf(parts->output, sizeof(parts->output), "%s/all", parts->dir);
	for (unsigned i = 0; i < ng_array_size(parts->paths); i++) {
		struct naive corpus = {.name = "part"};

		naive_add(&corpus, &"abcdef"[i], 6 - i);
		snprintf(parts->paths[i], sizeof(parts->paths[i]), "%s/p%u", parts->dir, i);
		made_build(&corpus, &options, parts->paths[i], &summary);
		naive_clear(&corpus);
	}
}

static void parts_remove(struct parts *parts)
{
	for (unsigned i = 0; i < ng_array_size(parts->paths); i++)
		assert_int_equal(scratch_remove(parts->paths[i]), 0);
	assert_int_equal(scratch_remove(parts->dir), 0);
}

/* Have a part's manifest say that it is this large. */
static void forge(const char *path, uint64_t docs, uint64_t text_bytes)
{
	struct ng_manifest manifest;

	assert_int_equal(ng_manifest_read(path, &manifest, NULL), 0);
	manifest.shards[0].docs = docs;
	manifest.shards[0].text_bytes = text_bytes;
	assert_int_equal(ng_manifest_write(path, &manifest, NULL), 0);
	ng_manifest_clear(&manifest);
}

static int join(const struct parts *parts, struct ng_build_summary *ret_summary,
		struct ng_error *err)
{
	const char *paths[ng_array_size(parts->paths)];
	struct ng_join_options options = {
		.output = parts->output, .parts = paths, .n_parts = ng_array_size(paths)};

	for (unsigned i = 0; i < ng_array_size(paths); i++)
		paths[i] = parts->paths[i];
	return ng_join(&options, ret_summary, err);
}

/* No sum wraps around: the part with which there is too much is named, and nothing made. */
static void test_totals(void **state)
{
	static const struct {
		uint64_t docs[3], text_bytes[3];
		int part; /* with which it is too much; -1: none */
	} cases[] = {
		{{1, 1, 1}, {6, 5, 4}, -1},
		{{UINT64_C(1) << 44, 0, 0}, {UINT64_C(1) << 56, 0, 0}, -1},
		{{INT64_MAX - 1, 1, 0}, {INT64_MAX, 0, 0}, -1},
		{{INT64_MAX, 1, 0}, {0, 0, 0}, 1},
		{{1, INT64_MAX - 1, 1}, {0, 0, 0}, 2},
		{{1, 1, 1}, {INT64_MAX, INT64_MAX, INT64_MAX}, 1},
		{{1, 1, 1}, {1, INT64_MAX - 1, 1}, 2},
	};
	struct parts parts;

	parts_make(&parts);
	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct ng_build_summary summary = {.docs = 77};
		struct ng_error err = {""};
		struct ng_index *index = NULL;
		uint64_t docs = 0, bytes = 0;
		int r;

		for (unsigned k = 0; k < 3; k++) {
			forge(parts.paths[k], cases[i].docs[k], cases[i].text_bytes[k]);
			docs += cases[i].docs[k];
			bytes += cases[i].text_bytes[k];
		}
		r = join(&parts, &summary, &err);
		assert_int_equal(r, cases[i].part < 0 ? 0 : -EOVERFLOW);
		if (r < 0) {
			assert_non_null(strstr(err.text, parts.paths[cases[i].part]));
			assert_int_equal(summary.docs, 77);
			assert_int_equal(access(parts.output, F_OK), -1);
			continue;
		}
		assert_int_equal(summary.docs, docs);
		assert_int_equal(summary.text_bytes, bytes);
		/* Whoever opens it looks at the shards, too. */
		r = ng_index_open(parts.output, 1, &index, &err);
		assert_int_equal(r, i == 0 ? 0 : -EUCLEAN);
		if (i)
			assert_non_null(strstr(err.text, "is not the shard that"));
		ng_index_close(index);
		assert_int_equal(scratch_remove(parts.output), 0);
	}
	parts_remove(&parts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_totals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
