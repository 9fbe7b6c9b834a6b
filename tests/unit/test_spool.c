/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"
#include "files/spool.h"

#include <setjmp.h>
#include <cmocka.h>

#define TOTAL_BYTES (20u << 20)
#define MOVE_MAX    300000u

/* Byte number `at` of what is appended. */
static uint8_t byte_at(uint64_t at)
{
	return (uint8_t)((at * 2654435761u) >> 13);
}

/* Queues of all lengths, above and below what stays in memory, come out as they went in. */
static void test_order(void **state)
{
	struct ng_spool spool = NG_SPOOL_INIT;
	ng_cleanup(ng_freep) uint8_t *buf = malloc(MOVE_MAX);
	uint64_t rng = 5, in = 0, out = 0;

	assert_non_null(buf);
	while (out < TOTAL_BYTES) {
		uint64_t most = scratch_random(&rng) % 4 ? 3000 : MOVE_MAX;
		size_t len = scratch_random(&rng) % most, got = SIZE_MAX;

		/* For a while more comes in than goes out, then the other way round. */
		if (scratch_random(&rng) % 8 < (in >> 20 & 2 ? 6 : 3)) {
			for (size_t i = 0; i < len; i++)
				buf[i] = byte_at(in + i);
			assert_int_equal(ng_spool_append(&spool, buf, len), 0);
			in += len;
			continue;
		}
		assert_int_equal(ng_spool_take(&spool, len, buf, &got), 0);
		assert_true(got <= len && (got > 0 || len == 0 || in == out));
		for (size_t i = 0; i < got; i++)
			assert_int_equal(buf[i], byte_at(out + i));
		out += got;
		assert_true(out <= in);
	}
	assert_true(spool.front.cap <= 4 * NG_SPOOL_MEMORY_BYTES);
	ng_spool_clear(&spool);
	assert_int_equal(spool.fd, -1);
}

static void test_no_room(void **state)
{
	struct ng_spool spool = NG_SPOOL_INIT;
	ng_cleanup(ng_freep) uint8_t *buf = calloc(1, NG_SPOOL_MEMORY_BYTES);
	ng_cleanup(ng_freep) char *before = NULL;
	size_t got = 0;

	if (getenv("TMPDIR"))
		before = strdup(getenv("TMPDIR"));
	setenv("TMPDIR", "/nonesuch", 1);
	assert_int_equal(ng_spool_append(&spool, (const uint8_t *)"abc", 3), 0);
	assert_int_equal(ng_spool_append(&spool, buf, NG_SPOOL_MEMORY_BYTES), -ENOENT);
	assert_int_equal(ng_spool_take(&spool, 10, buf, &got), 0);
	assert_int_equal(got, 3);
	assert_memory_equal(buf, "abc", 3);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	ng_spool_clear(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
