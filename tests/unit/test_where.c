/* SPDX-License-Identifier: Apache-2.0 */
/* How a condition orders values: numbers by what they are, everything else by its bytes. */
#include "query/where.h"

#include <setjmp.h>
#include <cmocka.h>

static bool holds(const char *term, const char *value)
{
	ng_cleanup(ng_where_unrefp) struct ng_where *where = NULL;
	char text[1024];
	int len = snprintf(text, sizeof(text), "f:%s", term);

	assert_true(len > 0 && (size_t)len < sizeof(text));
	assert_int_equal(ng_where_add(&where, text, (size_t)len), 0);
	assert_int_equal(where->n, 1);
	return ng_condition_holds(&where->conditions[0], (const uint8_t *)value, strlen(value));
}

static void test_order(void **state)
{
	static const struct {
		const char *less, *more;
	} pairs[] = {
		{"9", "10"},
		{"-10", "-9"},
		{"-1", "0"},
		{"0.5", "1e0"},
		{"1e2", "1e10"},
		{"-2.5e3", "-2"},
		{"99999999999999999999999999999998", "99999999999999999999999999999999"},
		{"0.1000000000000000000000001", "0.2"},
		{"0.1", "0.1000000000000000000000001"},
		{"9007199254740992.5", "9007199254740993"},
		{"36893488147419103232", "36893488147419103232.5"},
		{"-36893488147419103233.0", "-36893488147419103232"},
		{"9.99e400", "1e401"},
		{"1e5000", "2e5000"},
		{"2e5000", "1e5001"},
		{"-1e5000", "-1e4999"},
		{"0", "1e-5000"},
		{"1e-5000", "0.2e-4999"},
		{"-1e-5000", "0.0"},
		{"0.00099", "0.001"},
		{"1e-999999999999999999", "1e999999999999999999"},
		{"1e1000000000000000000", "1e9"}, /* too large, and so a string */
		{"2023-09-01", "2023-10-01"},     /* no numbers */
		{"10x", "9"},
		{"007", "07"},
	};

	for (size_t i = 0; i < ng_array_size(pairs); i++) {
		const char *ops[] = {"<", "<=", ">", ">="};

		for (size_t op = 0; op < 4; op++) {
			char term[128];

			snprintf(term, sizeof(term), "%s%s", ops[op], pairs[i].more);
			assert_int_equal(holds(term, pairs[i].less), op < 2);
			assert_int_equal(holds(term, pairs[i].more), op == 1 || op == 3);
			snprintf(term, sizeof(term), "%s%s", ops[op], pairs[i].less);
			assert_int_equal(holds(term, pairs[i].more), op >= 2);
		}
	}
	assert_true(holds("<=1.0", "1") && holds(">=1.0", "1") && !holds("<1.0", "1"));
	assert_true(holds("<=0", "-0") && holds(">=0", "-0"));
	assert_true(holds("<=0e9", "-0.00E-5") && holds(">=0e9", "-0.00E-5"));
	assert_true(holds("<=1200", "0.00120e+0006") && holds(">=0.00120e6", "1200.0"));
}

/* 9 is less than 10 as a number only, however it is written. */
static void test_long(void **state)
{
	char ten[512], term[600];

	memset(ten, '0', sizeof(ten));
	memcpy(ten, "10.", 3);
	ten[sizeof(ten) - 1] = '\0';
	snprintf(term, sizeof(term), "<%s", ten);
	assert_true(holds(term, "9") && holds(">9", ten) && !holds(term, "10"));
	ten[sizeof(ten) - 2] = '1';
	assert_true(holds(">10", ten) && holds("<10.1", ten));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
