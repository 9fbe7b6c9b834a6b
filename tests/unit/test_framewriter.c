/* SPDX-License-Identifier: Apache-2.0 */
#include "framemake.h"

#include <signal.h>
#include <sys/resource.h>
#include <zstd.h>

/* A dictionary takes less room than it saves, or there is none. */
static void test_compresses(void **state)
{
	static const struct {
		enum kind kind;
		unsigned percent; /* of what frames without a dictionary take, at most */
	} cases[] = {{TEXT, 90}, {RECORDS, 101}, {NOISE, 101}};
	const size_t len = 4 << 20;

	for (size_t c = 0; c < ng_array_size(cases); c++) {
		ng_cleanup(ng_freep) uint8_t *data = make_data(len, cases[c].kind);
		size_t alone = 0, packed;
		struct opened o;

		for (size_t i = 0; i < len; i += NG_FRAME_BYTES) {
			uint8_t out[2 * NG_FRAME_BYTES];
			size_t n = ZSTD_compress(out, sizeof(out), data + i, NG_FRAME_BYTES, 9);

			assert_false(ZSTD_isError(n));
			alone += n;
		}
		write_shard(*state, data, len, 1 << 30, 9, 2);
		open_shard(*state, &o);
		packed = o.data_bytes + o.directory_bytes;
		if (packed * 100 > alone * cases[c].percent)
			fail_msg("case %zu: %zu bytes, %zu without a dictionary", c, packed, alone);
		close_shard(&o);
	}
}

/* The bytes depend neither on threads, nor on the pieces that come in, nor on the run. */
static void test_same_bytes(void **state)
{
	static const struct {
		unsigned threads;
		size_t piece;
	} cases[] = {{1, 1 << 30}, {0, 1000}, {64, 70001}};
	static const int levels[] = {3, 19};
	const size_t len = NG_FRAMES_TRAIN_BYTES + 700000;
	ng_cleanup(ng_freep) uint8_t *data = make_data(len, TEXT);
	struct fixture *f = *state;

	for (size_t l = 0; l < ng_array_size(levels); l++) {
		/* At high levels it takes long; a batch that isn't full will do. */
		size_t use = levels[l] > 9 ? 700000 : len;
		ng_cleanup(ng_freep) uint8_t *first = NULL;
		size_t first_bytes = 0;

		for (size_t c = 0; c < ng_array_size(cases); c++) {
			ng_cleanup(ng_freep) uint8_t *all = NULL;
			size_t n;

			write_shard(f, data, use, cases[c].piece, levels[l], cases[c].threads);
			all = scratch_read(f->path, &n);
			assert_non_null(all);
			if (!first) {
				first = ng_steal_ptr(&all);
				first_bytes = n;
				continue;
			}
			if (n != first_bytes || memcmp(all, first, n))
				fail_msg("level %d, case %zu", levels[l], c);
		}
	}
}

static void test_refuses(void **state)
{
	struct fixture *f = *state;
	struct ng_frames_writer *untouched = (void *)f;
	struct ng_error err;
	char missing[SCRATCH_DIR_MAX + 16];

	snprintf(missing, sizeof(missing), "%s/missing", f->dir);
	assert_int_equal(ng_frames_writer_new(1000, 1, NG_TEMPDIR(f->dir), &untouched, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "1000"));
	assert_int_equal(ng_frames_writer_new(INT32_MIN, 1, NG_TEMPDIR(f->dir), &untouched, &err),
			 -EINVAL);
	assert_int_equal(ng_frames_writer_new(3, 1, NG_TEMPDIR(missing), &untouched, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, missing));
	assert_ptr_equal(untouched, f);
	assert_null(ng_frames_writer_free(NULL));
	assert_null(ng_frames_free(NULL));
}

/* A temporary file that may not grow, as on a full disk: the message says where. */
static void test_no_room(void **state)
{
	const size_t len = NG_FRAMES_TRAIN_BYTES;
	ng_cleanup(ng_freep) uint8_t *data = make_data(len, NOISE);
	ng_cleanup(ng_frames_writer_freep) struct ng_frames_writer *w = NULL;
	struct fixture *f = *state;
	struct rlimit before, small;
	struct ng_error err;

	assert_int_equal(ng_frames_writer_new(1, 2, NG_TEMPDIR(f->dir), &w, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1 << 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ng_frames_writer_add(w, data, len, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.text, f->dir));
	assert_non_null(strstr(err.text, "more bytes"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compresses),
		TEST(test_same_bytes),
		TEST(test_refuses),
		TEST(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
