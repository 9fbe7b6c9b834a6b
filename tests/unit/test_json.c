/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "scratch.h"

#include <jansson.h>
#include <setjmp.h>
#include <cmocka.h>

static const struct {
	const char *bytes;
	size_t len;
	const char *json;
} strings[] = {
	{"", 0, "\"\""},
	{"a\"\\/\b\n\r\t\x1f\x7f", 10, "\"a\\\"\\\\/\\u0008\\n\\r\\t\\u001f\x7f\""},
	{"\0", 1, "\"\\u0000\""},
	{"\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80\""},
	{"\xff", 1, "\"\xef\xbf\xbd\""},
	{"\xe4\xb8", 2, "\"\xef\xbf\xbd\""}, /* cut short: one for all of it */
	{"\xe4\xb8x", 3, "\"\xef\xbf\xbdx\""},
	{"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* a surrogate */
	{"\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
	{"\xf4\x90", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* beyond U+10FFFF */
	{"\x80"
	 "a",
	 2,
	 "\"\xef\xbf\xbd"
	 "a\""},
};

static void test_json_string(void **state)
{
	for (size_t i = 0; i < ng_array_size(strings); i++) {
		ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;

		assert_int_equal(
			ng_json_string(&buf, (const uint8_t *)strings[i].bytes, strings[i].len), 0);
		if (buf.len != strlen(strings[i].json) ||
		    memcmp(buf.data, strings[i].json, buf.len) != 0)
			fail_msg("string %zu: %.*s", i, (int)buf.len, (const char *)buf.data);
	}
}

/* Whatever the bytes, another's parser accepts the string. */
static void test_json_random(void **state)
{
	uint64_t seed = 8259, rng = seed;

	for (int round = 0; round < 5000; round++) {
		ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
		size_t len = scratch_random(&rng) % 24;
		uint8_t bytes[24];
		json_t *json;

		for (size_t i = 0; i < len; i++) {
			static const uint8_t leads[] = {0xc3, 0xe4, 0xed, 0xf0, 0xf4, 0x80, 0x9f};
			uint64_t chance = scratch_random(&rng);

			bytes[i] = chance & 1 ? (uint8_t)(chance >> 8)
					      : leads[(chance >> 8) % sizeof(leads)];
		}
		assert_int_equal(ng_json_string(&buf, bytes, len), 0);
		json = json_loadb((const char *)buf.data, buf.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
				  NULL);
		if (!json)
			fail_msg("seed %llu, round %d", (unsigned long long)seed, round);
		json_decref(json);
	}
}

/* Names differ only in what isn't UTF-8: one U+FFFD a byte. */
static void test_json_name(void **state)
{
	static const char *const names[][2] = {
		{"", "\"\""},
		{"a/\"\xc3\xa4\xe4\xb8\xad\n", "\"a/\\\"\xc3\xa4\xe4\xb8\xad\\n\""},
		{"\xe4\xb8x", "\"\xef\xbf\xbd\xef\xbf\xbdx\""},
		{"x\xf0\x9f\x98", "\"x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xff", "\"\xef\xbf\xbd\""},
	};

	for (size_t i = 0; i < ng_array_size(names); i++) {
		ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;

		assert_int_equal(ng_json_name(&buf, names[i][0], strlen(names[i][0])), 0);
		assert_int_equal(ng_buf_append(&buf, "", 1), 0);
		assert_string_equal((const char *)buf.data, names[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_string),
		cmocka_unit_test(test_json_random),
		cmocka_unit_test(test_json_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
