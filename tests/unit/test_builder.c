/* SPDX-License-Identifier: Apache-2.0 */
#include "build/builder.h"
#include "indexmake.h"
#include "samedir.h"

#include <sys/stat.h>

static void test_threads(void **state)
{
	static const unsigned threads[] = {2, 5};
	char dir[SCRATCH_DIR_MAX], one[SCRATCH_DIR_MAX + 8], other[SCRATCH_DIR_MAX + 8];
	struct ng_build_summary summary;
	struct naive c;

	assert_int_equal(scratch_make(dir), 0);
	snprintf(one, sizeof(one), "%s/one", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		struct ng_build_options options = {.threads = 1,
						   .text_store = i % 2,
						   .shard_bytes = c.docs > 9 ? c.n / 3 + 1 : 0};

		made_build(&c, &options, one, &summary);
		for (size_t t = 0; t < ng_array_size(threads); t++) {
			options.threads = threads[t];
			made_build(&c, &options, other, &summary);
			check_same(one, other);
			assert_int_equal(scratch_remove(other), 0);
		}
		assert_int_equal(scratch_remove(one), 0);
		naive_clear(&c);
	}
	assert_int_equal(entries_in(dir), 0);
	assert_int_equal(scratch_remove(dir), 0);
}

/* An unfinished or cancelled build leaves nothing, in its place or beside it. */
static void test_unfinished(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	ng_cancel cancel = false;
	struct ng_build_options options = {.output = path, .cancel = &cancel, .shard_bytes = 100};
	struct ng_build_summary summary = {.docs = 42};
	struct ng_error err;

	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	for (unsigned cancelled = 0; cancelled < 2; cancelled++) {
		struct ng_builder *builder;
		char text[60];

		memset(text, 'x', sizeof(text));
		atomic_store(&cancel, false);
		assert_int_equal(ng_builder_new(&options, &builder, &err), 0);
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(ng_builder_add(builder, (uint8_t *)text, sizeof(text),
							"{}", 2, &err),
					 0);
		if (cancelled) {
			atomic_store(&cancel, true);
			assert_int_equal(ng_builder_finish(builder, &summary, &err), -EINTR);
			assert_int_equal(summary.docs, 42);
		}
		ng_builder_free(builder);
		assert_int_equal(entries_in(dir), 0);
	}
	assert_int_equal(scratch_remove(dir), 0);
}

static void test_output(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	struct ng_build_options options = {.output = path};
	struct ng_build_summary summary;
	struct ng_builder *builder = NULL;
	struct ng_error err = {""};
	struct naive c;
	FILE *file;

	assert_true(naive_make(NAIVE_SMALL, 0, &c));
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	made_build(&c, &options, path, &summary);
	/* An index is there: refused, or replaced. */
	assert_int_equal(ng_builder_new(&options, &builder, &err), -EEXIST);
	assert_non_null(strstr(err.text, "--force"));
	options.force = true;
	made_build(&c, &options, path, &summary);
	assert_int_equal(entries_in(dir), 1);
	assert_int_equal(scratch_remove(path), 0);
	/* Something else is there: refused whatever force says, and left alone. */
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(ng_builder_new(&options, &builder, &err), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(entries_in(dir), 1);
	assert_int_equal(unlink(path), 0);
	/* No parent; options out of range. */
	snprintf(path, sizeof(path), "%s/x/y", dir);
	assert_int_equal(ng_builder_new(&options, &builder, &err), -ENOENT);
	options.sa_sampling = 3;
	assert_int_equal(ng_builder_new(&options, &builder, &err), -EINVAL);
	options.sa_sampling = 1025;
	assert_int_equal(ng_builder_new(&options, &builder, &err), -EINVAL);
	assert_null(builder);
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
