/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/probes.h"

#include <setjmp.h>
#include <cmocka.h>

static void test_all(void **state)
{
	size_t n = 0;

	for (; ng_probes_name(n); n++) {
		const char *name = ng_probes_name(n);

		assert_true(ng_probes_has(name));
		/* They are looked for by halves, so out of order one would be missed. */
		if (n && strcmp(ng_probes_name(n - 1), name) >= 0)
			fail_msg("%s isn't in its place", name);
		/* What README and ngramfs(1) promise to those who escape all but letters and
		 * digits, or dots and hyphens; and the first 40 bytes are what nginx.conf of
		 * examples/web looks at. */
		if (!strpbrk(name, ".-") || strlen(name) > 40)
			fail_msg("%s has no dot nor hyphen, or is long", name);
		assert_null(strpbrk(name, "/%"));
	}
	assert_true(n > 50);
	assert_null(ng_probes_name(n));
	assert_null(ng_probes_name(SIZE_MAX));
}

/* As near to one as a query may be. */
static void test_others(void **state)
{
	for (size_t i = 0; ng_probes_name(i); i++) {
		char name[64];
		size_t len = strlen(ng_probes_name(i));

		snprintf(name, sizeof(name), "%s ", ng_probes_name(i));
		assert_false(ng_probes_has(name));
		snprintf(name, sizeof(name), " %s", ng_probes_name(i));
		assert_false(ng_probes_has(name));
		snprintf(name, sizeof(name), "%%%02x%s", ng_probes_name(i)[0],
			 ng_probes_name(i) + 1);
		assert_false(ng_probes_has(name));
		snprintf(name, sizeof(name), "%.*s", (int)len - 1, ng_probes_name(i));
		assert_false(ng_probes_has(name));
	}
	assert_false(ng_probes_has(""));
	assert_false(ng_probes_has("."));
	assert_false(ng_probes_has(".."));
	assert_false(ng_probes_has("of the"));
	assert_false(ng_probes_has("Makefile"));
	assert_false(ng_probes_has(".GITIGNORE"));
	assert_false(ng_probes_has("cargo.toml"));
	assert_false(ng_probes_has("\xff"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
