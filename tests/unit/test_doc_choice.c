/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents are meant by numbers, and by what their metadata says. */
#include "build/doc_choice.h"

#include <setjmp.h>
#include <cmocka.h>

static void test_numbers_and_fields(void **state)
{
	static const char *const bad[] = {
		"x", "1-", "-1", "2-1", "1.5", "1 2x", "0x1", "99999999999999999999", "1--2"};
	struct ng_doc_choice choice = {0};
	struct ng_error err;

	assert_int_equal(ng_doc_choice_numbers(&choice, "f", "1,3-5 # 7\n\n9\t11\r\n", NULL), 0);
	for (uint64_t d = 0; d < 20; d++)
		assert_int_equal(ng_doc_choice_has(&choice, d),
				 d == 1 || (d >= 3 && d <= 5) || d == 9 || d == 11);
	assert_int_equal(ng_doc_choice_end(&choice), 12);
	assert_int_equal(ng_doc_choice_numbers(&choice, "f", "19,17-18,4-6,19,0", NULL), 0);
	for (uint64_t d = 0; d < 25; d++)
		assert_int_equal(ng_doc_choice_has(&choice, d), d <= 1 || (d >= 3 && d <= 6) ||
									d == 9 || d == 11 ||
									(d >= 17 && d <= 19));
	for (size_t i = 0; i < ng_array_size(bad); i++)
		assert_int_equal(ng_doc_choice_numbers(&choice, "f", bad[i], NULL), -EINVAL);
	assert_int_equal(ng_doc_choice_numbers(&choice, "f", "1\n2\nx", &err), -EINVAL);
	assert_non_null(strstr(err.text, "f:3: 'x' is neither"));
	assert_int_equal(ng_doc_choice_where(&choice, "a:b:c", NULL), 0);
	assert_int_equal(ng_doc_choice_where(&choice, "n:17", NULL), 0);
	assert_int_equal(ng_doc_choice_where(&choice, ":b", NULL), -EINVAL);
	assert_int_equal(ng_doc_choice_where(&choice, "b", NULL), -EINVAL);
	static const struct {
		const char *json;
		int meant;
	} metas[] = {{"{\"a\":\"b:c\"}", 1},
		     {"{\"a\":\"b\"}", 0},
		     {"{\"n\":17}", 1},
		     {"{\"n\":\"17\"}", 1},
		     {"{\"n\":17.0}", 0},
		     {"{}", 0},
		     {"{\"A\":\"b:c\"}", 0},
		     {"{\"metadata\":{\"n\":17}}", 1},
		     {"{\"metadata\":{\"n\":1},\"n\":17}", 0},
		     {"{\"metadata\":{\"b\":2},\"n\":17}", 1},
		     {"[1]", -EUCLEAN},
		     {"", -EUCLEAN},
		     {"{\"n\":[17]}", 0},
		     {"{\"n\":null}", 0}};
	static const struct {
		const char *json;
		int meant;
	} written[] = {{"{\"metadata\":{\"price\":0.1}}", 1},
		       {"{\"metadata\":{\"price\":1e3}}", 1},
		       {"{\"metadata\":{\"price\":1000.0}}", 0},
		       {"{\"metadata\":{\"x\":NaN,\"n\":17}}", 1},
		       {"{\"metadata\":{\"x\":18446744073709551616,\"n\":18}}", 0}};
	for (size_t i = 0; i < ng_array_size(metas); i++)
		assert_int_equal(ng_doc_choice_meant(&choice, metas[i].json, strlen(metas[i].json)),
				 metas[i].meant);
	/* Numbers as they are written, beside what not every reader of JSON takes. */
	assert_int_equal(ng_doc_choice_where(&choice, "price:0.1", NULL), 0);
	assert_int_equal(ng_doc_choice_where(&choice, "price:1e3", NULL), 0);
	for (size_t i = 0; i < ng_array_size(written); i++)
		assert_int_equal(
			ng_doc_choice_meant(&choice, written[i].json, strlen(written[i].json)),
			written[i].meant);
	ng_doc_choice_clear(&choice);
}

/* Paths, and values that are no scalars, beside what not every reader of JSON takes. */
static void test_paths(void **state)
{
	static const struct {
		const char *where, *json;
		int meant;
	} cases[] = {
		{"a.b:1.50", "{\"metadata\":{\"a\":{\"b\":1.50}}}", 1},
		{"a.b:1.5", "{\"metadata\":{\"a\":{\"b\":1.50}}}", 0},
		{"a.b:1e400", "{\"metadata\":{\"a\":{\"x\":NaN,\"b\":1e400}}}", 1},
		{"a.b:x", "{\"metadata\":{\"n\":-1e999,\"a\":{\"b\":\"\\u0078\"}}}", 1},
		{"a.b:x", "{\"metadata\":{\"n\":Infinity,\"a\":{\"b\":\"y\"}}}", 0},
		{"a.b:x", "{\"metadata\":{\"s\":\"\\udc00\",\"a\":{\"b\":\"x\"}}}", 1},
		{"a.b:\xef\xbf\xbd", "{\"metadata\":{\"a\":{\"b\":\"\\udc00\"}}}", 1},
		{"a.b:x", "{\"metadata\":{\"a\":{\"b\":\"y\",\"b\":\"x\"}}}", 1},
		{"a.b:y", "{\"metadata\":{\"a\":{\"b\":\"y\",\"b\":\"x\"}}}", 0},
		{"a.b:1", "{\"metadata\":{\"a.b\":1,\"a\":{\"b\":2}}}", 1},
		{"a.b:2", "{\"metadata\":{\"a.b\":1,\"a\":{\"b\":2}}}", 0},
		{"a.1.c:3", "{\"metadata\":{\"a\":[\"]\",{\"c\":3}]}}", 1},
		{"a.2.c:3", "{\"metadata\":{\"a\":[\"]\",{\"c\":3}]}}", 0},
		{"a.x:3", "{\"metadata\":{\"a\":[3]}}", 0},
		{"a.0:3", "{\"metadata\":{\"a\":[]}}", 0},
		{"a.0:3", "{\"metadata\":{\"a\":3}}", 0},
		{"a.0:3", "{\"metadata\":{\"a\":{\"0\":3}}}", 1},
		{"a.b:1", "{\"a\":{\"b\":1},\"metadata\":{\"a\":7}}", 1},
		{"n:null", "{\"metadata\":{\"x\":1e400,\"n\":null}}", 1},
		{"n:null", "{\"metadata\":{\"x\":1e400}}", 0},
		{"n:[1.0,\"\xc3\xa9\"]", "{\"metadata\":{\"n\":[1.0,\"\\u00e9\"]}}", 1},
		{"n:[1.0,\"\\u00e9\"]", "{\"metadata\":{\"n\":[1.0,\"\\u00e9\"]}}", 1},
		{"n:[1,\"\xc3\xa9\"]", "{\"metadata\":{\"n\":[1.0,\"\\u00e9\"]}}", 0},
		{"n:{\"a b\":\"\\\"\"}", "{\"metadata\":{\"n\":{\"a b\":\"\\u0022\"}}}", 1},
		{"n:[]", "{\"metadata\":{\"n\":[]}}", 1},
		{"a.b:1", "{\"metadata\":{\"a\":{\"b\":1", -EUCLEAN},
		{"a.b:1", "[1]", -EUCLEAN},
		{"n:null", "", -EUCLEAN},
	};

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct ng_doc_choice choice = {0};
		int meant;

		assert_int_equal(ng_doc_choice_where(&choice, cases[i].where, NULL), 0);
		meant = ng_doc_choice_meant(&choice, cases[i].json, strlen(cases[i].json));
		if (meant != cases[i].meant)
			fail_msg("%s in %s: %d", cases[i].where, cases[i].json, meant);
		ng_doc_choice_clear(&choice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_and_fields),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
