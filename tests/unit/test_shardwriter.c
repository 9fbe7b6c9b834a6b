/* SPDX-License-Identifier: Apache-2.0 */
#include "shardmake.h"

#include <signal.h>
#include <sys/resource.h>
#include <xxhash.h>

/* The page sums are those of the file's bytes, computed here another way. */
static void test_page_sums(void **state)
{
	struct fixture *f = *state;

	for (size_t c = 0; c < ng_array_size(shapes); c++) {
		ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
		ng_cleanup(ng_freep) uint8_t *all = NULL;
		uint64_t bytes, checksum, begin;
		const uint8_t *sums, *at;
		size_t len, n;

		shard_make(f->path, &shapes[c], 1 << 30, &bytes, &checksum);
		all = scratch_read(f->path, &n);
		assert_non_null(all);
		assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
		assert_true(ng_shard_file_section(file, NG_SECTION_PAGE_SUMS, &sums, &len));
		/* The last entry of the table is theirs. */
		begin = ng_load64(all + n - sizeof(struct ng_shard_entry) +
				  offsetof(struct ng_shard_entry, offset));
		assert_memory_equal(all + begin, sums, len);
		assert_int_equal(len, ng_div_up(begin / 4096 - 1, 1023) * 4096);
		at = sums;
		for (uint64_t page = 1; page < begin / 4096; page++) {
			assert_int_equal(ng_load32(at),
					 XXH3_64bits_withSeed(all + page * 4096, 4096, page) &
						 UINT32_MAX);
			at += 4;
			if ((size_t)(at - sums) % 4096 == 4092)
				at += 4;
		}
		/* The last page is filled up with zeroes, and each ends with its own. */
		for (; (size_t)(at - sums) % 4096 && (size_t)(at - sums) % 4096 != 4092; at += 4)
			assert_int_equal(ng_load32(at), 0);
		for (uint64_t lo = begin; lo < begin + len; lo += 4096)
			assert_int_equal(ng_load32(all + lo + 4092),
					 XXH3_64bits_withSeed(all + lo, 4092, lo / 4096) &
						 UINT32_MAX);
		unlink(f->path);
	}
}

static void test_same_bytes(void **state)
{
	static const size_t pieces[] = {1 << 30, 1 << 20, 4096, 1000, 7};
	struct fixture *f = *state;
	uint8_t *first = NULL;
	size_t first_bytes = 0;

	for (size_t i = 0; i < ng_array_size(pieces); i++) {
		uint64_t bytes, checksum;
		uint8_t *all;
		size_t n;

		shard_make(f->path, &shapes[ng_array_size(shapes) - 1], pieces[i], &bytes,
			   &checksum);
		all = scratch_read(f->path, &n);
		assert_non_null(all);
		unlink(f->path);
		if (first) {
			assert_int_equal(n, first_bytes);
			assert_memory_equal(all, first, n);
			free(all);
		} else {
			first = all;
			first_bytes = n;
		}
	}
	free(first);
}

static void test_writer_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct ng_shard_writer *w = NULL;
	struct ng_error err;
	char sub[SCRATCH_DIR_MAX + 16];

	assert_int_equal(ng_shard_writer_new(f->path, &w, &err), 0);
	assert_int_equal(ng_shard_writer_section(w, NG_SECTION_PARAMS, &err), 0);
	assert_int_equal(ng_shard_writer_write(w, "abc", 3, &err), 0);
	assert_null(ng_shard_writer_free(w));
	assert_int_equal(access(f->path, F_OK), -1);

	/* What was there before is neither overwritten nor removed. */
	assert_int_equal(scratch_write(f->path, "old", 3), 0);
	assert_int_equal(ng_shard_writer_new(f->path, &w, &err), -EEXIST);
	assert_non_null(strstr(err.text, f->path));
	assert_int_equal(access(f->path, F_OK), 0);
	snprintf(sub, sizeof(sub), "%s/a", f->path);
	assert_int_equal(ng_shard_writer_new(sub, &w, &err), -ENOTDIR);
	assert_null(ng_shard_writer_free(NULL));
}

/* A file that may not grow, as on a full disk: the message names it, and nothing stays. */
static void test_no_room(void **state)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = NULL;
	struct fixture *f = *state;
	struct rlimit before, small;
	ng_cleanup(ng_freep) uint8_t *data = calloc(1, 3 << 20);
	struct ng_error err;

	assert_non_null(data);
	assert_int_equal(ng_shard_writer_new(f->path, &w, &err), 0);
	assert_int_equal(ng_shard_writer_section(w, NG_SECTION_PARAMS, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = (3 << 19);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ng_shard_writer_write(w, data, 3 << 20, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.text, f->path));
	assert_non_null(strstr(err.text, "524288 more bytes"));
	w = ng_shard_writer_free(w);
	assert_int_equal(access(f->path, F_OK), -1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_page_sums),
		TEST(test_same_bytes),
		TEST(test_writer_leaves_nothing),
		TEST(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
