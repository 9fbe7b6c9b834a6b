/* SPDX-License-Identifier: Apache-2.0 */
/* How a condition orders values: numbers by what they are, everything else by its bytes. */
#include "query/where.h"

#include <setjmp.h>
#include <cmocka.h>

static bool holds(const char *term, const char *value)
{
	ng_cleanup(ng_where_unrefp) struct ng_where *where = NULL;
	char text[2 * NG_WHERE_FRACTION_MAX + 64];
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
		{"2023-09-01", "2023-10-01"}, /* no numbers */
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
}

/* As long as a fraction may be, and longer: 9 is less than 10 as a number only. */
static void test_long(void **state)
{
	char ten[NG_WHERE_FRACTION_MAX + 4], term[NG_WHERE_FRACTION_MAX + 8];

	memset(ten, '0', sizeof(ten));
	memcpy(ten, "10.", 3);
	for (size_t len = NG_WHERE_FRACTION_MAX - 1; len <= NG_WHERE_FRACTION_MAX + 1; len++) {
		char cut = ten[len];

		ten[len] = '\0';
		snprintf(term, sizeof(term), "<%s", ten);
		assert_int_equal(holds(term, "9"), len <= NG_WHERE_FRACTION_MAX);
		assert_int_equal(holds(">9", ten), len <= NG_WHERE_FRACTION_MAX);
		ten[len] = cut;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
