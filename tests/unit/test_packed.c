/* SPDX-License-Identifier: Apache-2.0 */
#include "format/packed.h"
#include "naive.h"
#include "shardmake.h"
#include "plain.h"

/* The bytes of a section that holds n numbers of up to `largest`, and 8 readable ones behind. */
static uint8_t *write_numbers(const struct fixture *f, const uint64_t *numbers, uint64_t n,
			      uint64_t largest, size_t *ret_bytes)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	struct ng_packed_writer writer;
	uint64_t bytes, checksum;
	const uint8_t *data;
	uint8_t *copy;

	unlink(f->path);
	assert_int_equal(ng_shard_writer_new(f->path, &shard, NULL), 0);
	assert_int_equal(ng_shard_writer_section(shard, NG_SECTION_SA_SAMPLES, NULL), 0);
	assert_int_equal(ng_packed_writer_begin(&writer, shard, n, largest, NULL), 0);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(ng_packed_writer_put(&writer, numbers[i], NULL), 0);
	assert_int_equal(ng_packed_writer_end(&writer, NULL), 0);
	assert_int_equal(ng_shard_writer_finish(shard, &bytes, &checksum, NULL), 0);
	assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
	assert_true(ng_shard_file_section(file, NG_SECTION_SA_SAMPLES, &data, ret_bytes));
	copy = malloc(*ret_bytes + 8);
	assert_non_null(copy);
	memcpy(copy, data, *ret_bytes);
	memset(copy + *ret_bytes, 0xff, 8);
	return copy;
}

static void check(const struct fixture *f, uint64_t n, unsigned width, uint64_t *rng)
{
	uint64_t largest = (1ull << width) - 1;
	ng_cleanup(ng_freep) uint64_t *numbers = calloc(n + 1, sizeof(*numbers));
	ng_cleanup(ng_freep) uint8_t *data = NULL;
	struct ng_packed packed;
	size_t bytes;

	assert_non_null(numbers);
	for (uint64_t i = 0; i < n; i++)
		numbers[i] = i % 3 ? scratch_random(rng) & largest : i % 2 ? largest : 0;
	data = write_numbers(f, numbers, n, largest, &bytes);
	assert_int_equal(bytes, 16 + (n * width + 7) / 8);
	assert_int_equal(ng_packed_open(NULL, data, bytes, &packed), 0);
	assert_int_equal(packed.n, n);
	assert_int_equal(packed.width, width);
	for (uint64_t i = 0; i < n; i++)
		if (plain_packed_get(&packed, i) != numbers[i])
			fail_msg("number %ju of %ju, width %u", (uintmax_t)i, (uintmax_t)n, width);
}

static void test_round_trip(void **state)
{
	static const uint64_t ns[] = {0, 1, 2, 7, 8, 9, 1000};
	uint64_t rng = naive_seed();

	for (unsigned width = 0; width <= 56; width++)
		for (size_t i = 0; i < ng_array_size(ns); i++)
			check(*state, ns[i], width, &rng);
	/* Past the writer's buffer, whose end falls between and inside of numbers. */
	for (unsigned width = 1; width <= 56; width += 5)
		check(*state, 30000, width, &rng);
}

static void test_damaged(void **state)
{
	uint64_t numbers[100] = {0};
	ng_cleanup(ng_freep) uint8_t *data = NULL;
	struct ng_packed packed = {.n = 42};
	size_t bytes;

	data = write_numbers(*state, numbers, 100, (1 << 13) - 1, &bytes);
	for (size_t cut = 0; cut < bytes; cut++)
		assert_int_equal(ng_packed_open(NULL, data, cut, &packed), -EUCLEAN);
	ng_store64(data, 101);
	assert_int_equal(ng_packed_open(NULL, data, bytes, &packed), -EUCLEAN);
	/* A product with the width that overflows. */
	ng_store64(data, (UINT64_MAX / 13) + 2);
	assert_int_equal(ng_packed_open(NULL, data, bytes, &packed), -EUCLEAN);
	ng_store64(data, UINT64_MAX);
	assert_int_equal(ng_packed_open(NULL, data, bytes, &packed), -EUCLEAN);
	ng_store64(data, 1);
	ng_store32(data + 8, 57);
	assert_int_equal(ng_packed_open(NULL, data, bytes, &packed), -EUCLEAN);
	ng_store32(data + 8, UINT32_MAX);
	assert_int_equal(ng_packed_open(NULL, data, bytes, &packed), -EUCLEAN);
	assert_int_equal(packed.n, 42);
	/* Numbers without bits take no room, however many they are. */
	ng_store64(data, UINT64_MAX);
	ng_store32(data + 8, 0);
	assert_int_equal(ng_packed_open(NULL, data, bytes, &packed), 0);
	assert_int_equal(plain_packed_get(&packed, UINT64_MAX - 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_damaged, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
