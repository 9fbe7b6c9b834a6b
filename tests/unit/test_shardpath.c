/* SPDX-License-Identifier: Apache-2.0 */
#include "format/shardpath.h"
#include "scratch.h"

#include <setjmp.h>
#include <sys/stat.h>

#include <cmocka.h>

static void test_names(void **state)
{
	static const char *const good[] = {
		"shard-00000.ngs",
		"a",
		"../a",
		"../../x/a",
		"x/y/a",
		"/a",
		"/data/x/a",
		".../a",
		"x/.y/..z/a",
		"a b/[c]/a",
		"\xc3\xbc/a",
		/* U+00A0: the first behind the controls */
		"\xc2\xa0/a",
	};
	static const char *const bad[] = {
		"",
		"/",
		".",
		"..",
		".a",
		"x/",
		"x/.a",
		"x/..",
		"//a",
		"x//a",
		"/x//a",
		"./a",
		"x/./a",
		"x/../a",
		"/../a",
		"../x/../a",
		"/..",
		"/./a",
		"x\n/a",
		"\x1b/a",
		"\x7f/a",
		"\xff/a",
		"x/a b",
		"x/\xc3\xbc",
		/* U+009B: ESC [ in one character; half a surrogate pair */
		"\xc2\x9b/a",
		"\xed\xa0\x80/a",
	};
	char longest[NG_SHARD_PATH_MAX + 3];

	for (size_t i = 0; i < ng_array_size(good); i++)
		if (!ng_shard_path_ok(good[i]))
			fail_msg("'%s' is refused", good[i]);
	for (size_t i = 0; i < ng_array_size(bad); i++)
		if (ng_shard_path_ok(bad[i]))
			fail_msg("'%s' is not", bad[i]);
	/* a/a/a and so on, of an odd number of bytes. */
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 ? '/' : 'a';
	longest[NG_SHARD_PATH_MAX + 2] = 0;
	assert_false(ng_shard_path_ok(longest));
	longest[NG_SHARD_PATH_MAX] = 0;
	assert_int_equal(strlen(longest), NG_SHARD_PATH_MAX);
	assert_true(ng_shard_path_ok(longest));
}

static void test_roots(void **state)
{
	static const char *const good[] = {"", "/", "/a", "/a:/b", "/a b:/c"};
	static const char *const bad[] = {"a", "/a:b", "/a:", ":/a", ":", "/a::/b"};
	struct ng_shard_paths *paths = NULL;

	for (size_t i = 0; i < ng_array_size(good); i++)
		assert_int_equal(ng_shard_roots_check(good[i], NULL), 0);
	for (size_t i = 0; i < ng_array_size(bad); i++) {
		assert_int_equal(ng_shard_roots_check(bad[i], NULL), -EINVAL);
		assert_int_equal(ng_shard_paths_new("x", bad[i], &paths, NULL), -EINVAL);
	}
	assert_int_equal(ng_shard_roots_check(NULL, NULL), 0);
}

/* What an index would open for a file; NULL: not with this error. */
static void leads_to(const char *index, const char *outside, const char *file, int error,
		     const char *want)
{
	ng_cleanup(ng_shard_paths_freep) struct ng_shard_paths *paths = NULL;
	ng_cleanup(ng_freep) char *path = NULL;
	struct ng_error err = {""};

	assert_int_equal(ng_shard_paths_new(index, outside, &paths, NULL), 0);
	assert_int_equal(ng_shard_paths_get(paths, file, &path, &err), error);
	if (error)
		assert_null(path);
	else
		assert_string_equal(path, want);
	assert_int_equal(!error, !*err.text);
}

/* home/all is the index; home/part, home/link, which leads to homeless/part, and that are there.
 * Whether a file is there isn't asked. */
static void test_reach(void **state)
{
	char dir[SCRATCH_DIR_MAX], real[PATH_MAX], roots[2 * PATH_MAX];
	char paths[5][PATH_MAX + 32], near[PATH_MAX + 64], far[PATH_MAX + 64];
	static const char *const names[] = {"home", "home/all", "home/part", "homeless",
					    "homeless/part"};
	char link[PATH_MAX + 32];

	assert_int_equal(scratch_make(dir), 0);
	assert_non_null(realpath(dir, real));
	for (size_t i = 0; i < ng_array_size(names); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", real, names[i]);
		assert_int_equal(mkdir(paths[i], 0700), 0);
	}
	snprintf(link, sizeof(link), "%s/home/link", real);
	assert_int_equal(symlink(paths[4], link), 0);
	snprintf(near, sizeof(near), "%s/a.ngs", paths[2]);
	snprintf(far, sizeof(far), "%s/a.ngs", paths[4]);

	leads_to(paths[1], NULL, "../part/a.ngs", 0, near);
	leads_to(paths[1], NULL, near, 0, near);
	leads_to("no-such-index", NULL, "a.ngs", 0, "no-such-index/a.ngs");
	leads_to(paths[1], NULL, "../gone/a.ngs", -EUCLEAN, NULL);
	leads_to(paths[1], NULL, "../../homeless/part/a.ngs", -EPERM, NULL);
	leads_to(paths[1], NULL, far, -EPERM, NULL);
	leads_to(paths[1], "", "../link/a.ngs", -EPERM, NULL);
	leads_to(paths[1], NULL, "/a.ngs", -EPERM, NULL);
	leads_to(paths[1], paths[2], far, -EPERM, NULL);
	leads_to(paths[1], "/", "/a.ngs", 0, "//a.ngs");
	snprintf(roots, sizeof(roots), "/no-such-directory:%s", paths[3]);
	leads_to(paths[1], roots, "../../homeless/part/a.ngs", 0, far);
	leads_to(paths[1], roots, "../link/a.ngs", 0, far);
	leads_to(paths[1], roots, far, 0, far);

	assert_int_equal(unlink(link), 0);
	for (size_t i = ng_array_size(names); i-- > 0;)
		assert_int_equal(rmdir(paths[i]), 0);
	assert_int_equal(scratch_remove(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
