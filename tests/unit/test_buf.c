/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

static void test_append(void **state)
{
	static const size_t lens[] = {0, 1, 63, 64, 65, 1000, 0, 100000, 3};
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	size_t total = 0;
	uint8_t data[100000];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < ng_array_size(lens); i++) {
		assert_int_equal(ng_buf_append(&buf, data, lens[i]), 0);
		assert_int_equal(ng_buf_zero(&buf, lens[i]), 0);
	}
	for (size_t i = 0; i < ng_array_size(lens); i++) {
		if (lens[i])
			assert_memory_equal(buf.data + total, data, lens[i]);
		total += lens[i];
		for (size_t k = 0; k < lens[i]; k++)
			assert_int_equal(buf.data[total + k], 0);
		total += lens[i];
	}
	assert_int_equal(buf.len, total);
	assert_true(buf.cap >= buf.len);
}

/* n appends of a byte move the data O(log n) times. */
static void test_growth_is_geometric(void **state)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	size_t cap = 0;
	unsigned moves = 0;

	for (int i = 0; i < 1000000; i++) {
		assert_int_equal(ng_buf_append(&buf, "x", 1), 0);
		moves += buf.cap != cap;
		cap = buf.cap;
	}
	assert_in_range(moves, 1, 40);
	assert_true(buf.cap <= 2 * buf.len);
}

static void test_printf(void **state)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	char expected[400];

	assert_int_equal(ng_buf_printf(&buf, "%s", ""), 0);
	assert_int_equal(buf.len, 0);
	assert_int_equal(ng_buf_printf(&buf, "%d-", 17), 0);
	assert_int_equal(ng_buf_printf(&buf, "%0300d", 4), 0);
	assert_int_equal(snprintf(expected, sizeof(expected), "17-%0300d", 4), buf.len);
	assert_memory_equal(buf.data, expected, buf.len);
}

static void test_too_large(void **state)
{
	static const size_t extras[] = {SIZE_MAX, SIZE_MAX - 2, SIZE_MAX / 2 + 1};
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;

	assert_int_equal(ng_buf_append(&buf, "abc", 3), 0);
	for (size_t i = 0; i < ng_array_size(extras); i++) {
		assert_int_equal(ng_buf_reserve(&buf, extras[i]), -ENOMEM);
		assert_int_equal(ng_buf_zero(&buf, extras[i]), -ENOMEM);
		assert_int_equal(buf.len, 3);
		assert_memory_equal(buf.data, "abc", 3);
	}
}

static void test_free_and_reuse(void **state)
{
	struct ng_buf buf = NG_BUF_INIT;

	ng_buf_free(&buf);
	assert_int_equal(ng_buf_append(&buf, "abc", 3), 0);
	ng_buf_free(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf.cap, 0);
	assert_int_equal(ng_buf_append(&buf, "d", 1), 0);
	ng_buf_free(&buf);
}

static void test_fail(void **state)
{
	struct ng_error err;
	char text[3 * sizeof(err.text)];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(ng_fail(NULL, -EIO, "%s", text), -EIO);
	assert_int_equal(ng_fail(&err, -ENOENT, "file %s:%d", "a", 7), -ENOENT);
	assert_string_equal(err.text, "file a:7");
	assert_int_equal(ng_fail(&err, -EINVAL, "%s", text), -EINVAL);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),         cmocka_unit_test(test_growth_is_geometric),
		cmocka_unit_test(test_printf),         cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_free_and_reuse), cmocka_unit_test(test_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
