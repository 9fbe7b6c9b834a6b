/* SPDX-License-Identifier: Apache-2.0 */
#include "framemake.h"

#include <pthread.h>

static void check_reads(const struct ng_frames *frames, const uint8_t *data, size_t len,
			uint64_t seed, unsigned n_reads)
{
	ng_cleanup(ng_freep) uint8_t *buf = malloc(len + 1);
	uint64_t rng = seed;

	assert_non_null(buf);
	assert_int_equal(ng_frames_raw_bytes(frames), len);
	assert_int_equal(ng_frames_read(frames, 0, len, buf), 0);
	assert_memory_equal(buf, data, len);
	assert_int_equal(ng_frames_read(frames, len, 0, buf), 0);
	assert_int_equal(ng_frames_read(frames, len, 1, buf), -EINVAL);
	assert_int_equal(ng_frames_read(frames, len + 1, 0, buf), -EINVAL);
	assert_int_equal(ng_frames_read(frames, 0, len + 1, buf), -EINVAL);
	assert_int_equal(ng_frames_read(frames, 1, SIZE_MAX, buf), -EINVAL);
	assert_int_equal(ng_frames_read(frames, UINT64_MAX, 2, buf), -EINVAL);
	for (unsigned i = 0; i < n_reads; i++) {
		uint64_t offset = scratch_random(&rng) % (len + 1);
		size_t max = scratch_random(&rng) % 8 ? 300 : 100000;
		size_t n = scratch_random(&rng) % (ng_min(max, len - offset) + 1);

		buf[n] = 0xa5;
		if (ng_frames_read(frames, offset, n, buf) || memcmp(buf, data + offset, n) ||
		    buf[n] != 0xa5)
			fail_msg("seed %llu: read %zu at %llu", (unsigned long long)seed, n,
				 (unsigned long long)offset);
	}
}

static void test_round_trip(void **state)
{
	static const struct {
		size_t len;
		enum kind kind;
		bool dict;
	} cases[] = {
		{0, TEXT, false},
		{1, TEXT, false},
		{NG_FRAME_BYTES - 1, TEXT, false},
		{NG_FRAME_BYTES, NOISE, false},
		{NG_FRAME_BYTES + 1, NOISE, false},
		{2 * NG_FRAME_BYTES, ZEROES, false},
		{100000, TEXT, false},
		{1000000, TEXT, true},
		{1000000, NOISE, false},
		{1000000, RECORDS, false},
		{1000000, ZEROES, false},
		{NG_FRAMES_TRAIN_BYTES, TEXT, true},
		{NG_FRAMES_TRAIN_BYTES + 1, TEXT, true},
		{2 * NG_FRAMES_TRAIN_BYTES + 100000, TEXT, true},
	};
	struct fixture *f = *state;

	for (size_t c = 0; c < ng_array_size(cases); c++) {
		ng_cleanup(ng_freep) uint8_t *data = make_data(cases[c].len, cases[c].kind);
		struct opened o;

		write_shard(f, data, cases[c].len, 1 << 30, 3, 2);
		open_shard(f, &o);
		check_reads(o.frames, data, cases[c].len, c, 500);
		if ((dict_bytes(&o) > 0) != cases[c].dict)
			fail_msg("case %zu: dictionary of %zu bytes", c, dict_bytes(&o));
		close_shard(&o);
	}
}

struct reader {
	pthread_t thread;
	const struct ng_frames *frames;
	const uint8_t *data;
	size_t len;
	uint64_t seed;
	bool ok;
};

static void *read_around(void *arg)
{
	struct reader *r = arg;
	uint8_t buf[40000];
	uint64_t rng = r->seed;

	r->ok = true;
	for (int i = 0; i < 2000; i++) {
		size_t n = scratch_random(&rng) % (i % 10 ? 500 : sizeof(buf));
		uint64_t offset = scratch_random(&rng) % (r->len - n);

		r->ok &= !ng_frames_read(r->frames, offset, n, buf) &&
			 !memcmp(buf, r->data + offset, n);
	}
	return NULL;
}

/* More threads than the pool keeps decoders, from the first read on. */
static void test_threads(void **state)
{
	const size_t len = 1 << 20;
	ng_cleanup(ng_freep) uint8_t *data = make_data(len, TEXT);
	struct reader readers[9];
	struct opened o;

	write_shard(*state, data, len, 1 << 30, 3, 1);
	open_shard(*state, &o);
	assert_true(dict_bytes(&o) > 0);
	for (size_t i = 0; i < ng_array_size(readers); i++) {
		readers[i] =
			(struct reader){.frames = o.frames, .data = data, .len = len, .seed = i};
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_around, &readers[i]),
				 0);
	}
	for (size_t i = 0; i < ng_array_size(readers); i++)
		pthread_join(readers[i].thread, NULL);
	for (size_t i = 0; i < ng_array_size(readers); i++)
		assert_true(readers[i].ok);
	close_shard(&o);
}

/* Damaged bytes: an error or wrong bytes, but no access out of bounds, and no damage to the next
 * read of a sound frame by the same decoder. */
static void test_damaged(void **state)
{
	const size_t len = 400000;
	ng_cleanup(ng_freep) uint8_t *raw = make_data(len, TEXT);
	ng_cleanup(ng_freep) uint8_t *buf = malloc(len);
	unsigned failed = 0;
	struct opened o;

	assert_non_null(buf);
	write_shard(*state, raw, len, 1 << 30, 3, 1);
	open_shard(*state, &o);
	for (uint64_t seed = 0; seed < 1500; seed++) {
		/* Exactly as large as the sections, for sanitizers. */
		ng_cleanup(ng_freep) uint8_t *data = malloc(o.data_bytes);
		ng_cleanup(ng_freep) uint8_t *directory = malloc(o.directory_bytes);
		ng_cleanup(ng_frames_freep) struct ng_frames *frames = NULL;
		uint64_t rng = seed;
		bool in_data = seed % 3 == 0;

		assert_non_null(data);
		assert_non_null(directory);
		memcpy(data, o.data, o.data_bytes);
		memcpy(directory, o.directory, o.directory_bytes);
		for (uint64_t k = scratch_random(&rng) % 4 + 1; k; k--) {
			size_t n = in_data         ? o.data_bytes
				   : seed % 3 == 1 ? o.directory_bytes
						   : sizeof(struct ng_frames_header);
			size_t at = scratch_random(&rng) % n;

			(in_data ? data : directory)[at] = (uint8_t)scratch_random(&rng);
		}
		if (ng_frames_open(NULL, data, o.data_bytes, directory, o.directory_bytes,
				   &frames)) {
			failed++;
			continue;
		}
		for (uint64_t at = 0; at < ng_min(len, ng_frames_raw_bytes(frames)); at += 10000) {
			size_t n = ng_min((size_t)100, ng_frames_raw_bytes(frames) - at);
			int r = ng_frames_read(frames, at, n, buf);

			failed += r != 0;
			assert_true(r == 0 || r == -EUCLEAN || r == -ENOMEM);
		}
	}
	assert_true(failed > 500);
	close_shard(&o);
}

static void test_error_then_sound(void **state)
{
	const size_t len = 100000;
	ng_cleanup(ng_freep) uint8_t *raw = make_data(len, TEXT);
	ng_cleanup(ng_freep) uint8_t *data = NULL;
	ng_cleanup(ng_frames_freep) struct ng_frames *frames = NULL;
	struct opened o;
	uint8_t buf[100];

	write_shard(*state, raw, len, 1 << 30, 3, 1);
	open_shard(*state, &o);
	data = malloc(o.data_bytes);
	assert_non_null(data);
	memcpy(data, o.data, o.data_bytes);
	data[0] ^= 0xff; /* the first frame's magic */
	assert_int_equal(
		ng_frames_open(NULL, data, o.data_bytes, o.directory, o.directory_bytes, &frames),
		0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ng_frames_read(frames, 50, 100, buf), -EUCLEAN);
		assert_int_equal(ng_frames_read(frames, 50000 + i, 100, buf), 0);
		assert_memory_equal(buf, raw + 50000 + i, 100);
	}
	close_shard(&o);
}

static void test_truncated_sections(void **state)
{
	const size_t len = 400000;
	ng_cleanup(ng_freep) uint8_t *raw = make_data(len, TEXT);
	struct ng_frames *untouched = (void *)raw;
	struct opened o;

	write_shard(*state, raw, len, 1 << 30, 3, 1);
	open_shard(*state, &o);
	for (size_t n = 0; n < o.directory_bytes; n++)
		assert_int_equal(
			ng_frames_open(NULL, o.data, o.data_bytes, o.directory, n, &untouched),
			-EUCLEAN);
	assert_int_equal(ng_frames_open(NULL, o.data, o.data_bytes - 1, o.directory,
					o.directory_bytes, &untouched),
			 -EUCLEAN);
	assert_ptr_equal(untouched, raw);
	close_shard(&o);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_threads),
		TEST(test_damaged),
		TEST(test_error_then_sound),
		TEST(test_truncated_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
