/* SPDX-License-Identifier: Apache-2.0 */
#include "query/scope.h"
#include "names/settings.h"

#include <setjmp.h>
#include <cmocka.h>

static const struct ng_settings defaults = {.page_docs = 1000,
					    .first = 10,
					    .kwic_bytes = 40,
					    .match_bytes = 200,
					    .min_bytes = 32,
					    .line_bytes = 512,
					    .scan = 1000};

static const struct {
	const char *name;
	struct ng_settings want;
} good_names[] = {
	{"first=1000", {1000, 40,   200,   32,   false, 0, false, false, false, NULL, NULL,
			512,  1000, false, 1000, 0,     0, false, 0,     false, 0}},
	{"context=0", {1000, 0,    0,     32, false, 0, false, false, false, NULL, NULL,
		       0,    1000, false, 10, 0,     0, false, 0,     true,  0}},
	{"scan=1", {1000, 40, 200,   32, false, 0, false, false, false, NULL, NULL,
		    512,  1,  false, 10, 0,     0, false, 0,     false, 0}},
	{"scan=100000000", {1000, 40,        200,   32, false, 0, false, false, false, NULL, NULL,
			    512,  100000000, false, 10, 0,     0, false, 0,     false, 0}},
	{"scan=all", {1000, 40,   200,  32, false, 0, false, false, false, NULL, NULL,
		      512,  1000, true, 10, 0,     0, false, 0,     false, 0}},
	{"context=80", {1000, 80,   80,    32, false, 0, false, false, false, NULL, NULL,
			80,   1000, false, 10, 0,     0, false, 0,     true,  0}},
	{"context=4096", {1000, 4096, 4096,  32, false, 0, false, false, false, NULL, NULL,
			  4096, 1000, false, 10, 0,     0, false, 0,     true,  0}},
	{"page=1", {1,   40,   200,   32, false, 0, false, false, false, NULL, NULL,
		    512, 1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"page=100000", {100000, 40,   200,   32, false, 0, false, false, false, NULL, NULL,
			 512,    1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"page=0007", {7,   40,   200,   32, false, 0, false, false, false, NULL, NULL,
		       512, 1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"min=1", {1000, 40,   200,   1,  false, 0, false, false, false, NULL, NULL,
		   512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"min=1048576", {1000, 40,   200,   1048576, false, 0, false, false, false, NULL, NULL,
			 512,  1000, false, 10,      0,     0, false, 0,     false, 0}},
	{"order=random", {1000, 40,   200,   32, true, 0, false, false, false, NULL, NULL,
			  512,  1000, false, 10, 0,    0, false, 0,     false, 0}},
	{"order=index", {1000, 40,   200,   32, false, 0, false, false, false, NULL, NULL,
			 512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"seed=5", {1000, 40,   200,   32, false, 0, false, false, false, NULL, NULL,
		    512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"case=fold", {1000, 40,   200,   32, false, 0, true,  false, false, NULL, NULL,
		       512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"space=fold", {1000, 40,   200,   32, false, 0, NG_FOLD_SPACE, false, false, NULL, NULL,
			512,  1000, false, 10, 0,     0, false,         0,     false, 0}},
	{"form=fold", {1000, 40,   200,   32, false, 0, NG_FOLD_FORM, false, false, NULL, NULL,
		       512,  1000, false, 10, 0,     0, false,        0,     false, 0}},
	{"word=yes", {1000, 40,   200,   32, false, 0, NG_QUERY_WORD, false, false, NULL, NULL,
		      512,  1000, false, 10, 0,     0, false,         0,     false, 0}},
	{"word=no,form=exact,space=exact",
	 {1000, 40,   200,   32, false, 0, 0,     false, false, NULL, NULL,
	  512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"word=yes,case=fold,form=fold,space=fold",
	 {1000, 40,   200,   32, false, 0, 15,    false, false, NULL, NULL,
	  512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"seed=3,case=fold,order=random",
	 {1000, 40,   200,   32, true, 3, true,  false, false, NULL, NULL,
	  512,  1000, false, 10, 0,    0, false, 0,     false, 0}},
	{"case=exact", {1000, 40,   200,   32, false, 0, false, false, false, NULL, NULL,
			512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"seed=18446744073709551615,order=random",
	 {1000, 40,   200,   32, true, UINT64_MAX, false, false, false, NULL, NULL,
	  512,  1000, false, 10, 0,    0,          false, 0,     false, 0}},
	{"escape=none", {1000, 40,   200,   32, false, 0, false, true, false, NULL, NULL,
			 512,  1000, false, 10, 0,     0, false, 0,    false, 0}},
	{"escape=percent", {1000, 40,   200,   32, false, 0, false, false, true,  NULL, NULL,
			    512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"page=2,escape=percent,case=fold",
	 {2,   40,   200,   32, false, 0, true,  false, true,  NULL, NULL,
	  512, 1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"order=random,case=exact,min=3,page=4,context=5,seed=6",
	 {4, 5,    5,     3,  true, 6, false, false, false, NULL, NULL,
	  5, 1000, false, 10, 0,    0, false, 0,     true,  0}},
	{"atleast=2", {1000, 40,   200,   32, false, 0, false, false, false, NULL, NULL,
		       512,  1000, false, 10, 2,     0, false, 0,     false, 0}},
	{"keep=first,atleast=7,min=50",
	 {1000, 40,   200,   50, false, 0, false, false, false, NULL, NULL,
	  512,  1000, false, 10, 7,     0, true,  0,     false, 0}},
	{"keep=all", {1000, 40,   200,   32, false, 0, false, false, false, NULL, NULL,
		      512,  1000, false, 10, 0,     0, false, 0,     false, 0}},
	{"max=1", {1000, 40,   200,   32, false, 0, false, false, false, NULL, NULL,
		   512,  1000, false, 10, 0,     1, false, 0,     false, 0}},
	{"max=5,atleast=5", {1000, 40,   200,   32, false, 0, false, false, false, NULL, NULL,
			     512,  1000, false, 10, 5,     5, false, 0,     false, 0}},
	{"docs=1000,max=18446744073709551615",
	 {1000, 40,   200,   32, false, 0,          false, false, false, NULL, NULL,
	  512,  1000, false, 10, 0,     UINT64_MAX, false, 1000,  false, 0}},
};

static void test_names(void **state)
{
	for (size_t i = 0; i < ng_array_size(good_names); i++) {
		const struct ng_settings *want = &good_names[i].want;
		struct ng_settings got;

		if (ng_settings_parse(good_names[i].name, &defaults, &got) != 0)
			fail_msg("%s", good_names[i].name);
		assert_int_equal(got.page_docs, want->page_docs);
		assert_int_equal(got.kwic_bytes, want->kwic_bytes);
		assert_int_equal(got.first, want->first);
		assert_int_equal(got.match_bytes, want->match_bytes);
		assert_int_equal(got.min_bytes, want->min_bytes);
		assert_int_equal(got.random, want->random);
		assert_int_equal(got.seed, want->seed);
		assert_int_equal(got.at_least, want->at_least);
		assert_int_equal(got.at_most, want->at_most);
		assert_int_equal(got.keep_first, want->keep_first);
		assert_int_equal(got.docs, want->docs);
		assert_int_equal(got.contexts, want->contexts);
		assert_int_equal(got.line_bytes, want->line_bytes);
		assert_int_equal(got.scan, want->scan);
		assert_int_equal(got.scan_all, want->scan_all);
		assert_int_equal(got.fold, want->fold);
		assert_int_equal(got.plain_names, want->plain_names);
		assert_int_equal(got.escaped_lines, want->escaped_lines);
	}
}

static const char *const bad_names[] = {"",
					",",
					"=",
					"context",
					"context=",
					"=5",
					"context=4097",
					"context=-1",
					"context=+1",
					"context= 1",
					"context=1 ",
					"context=0x10",
					"Context=1",
					"word=fold",
					"word=1",
					"space=yes",
					"form=",
					"form=fold,form=fold",
					"context=1,",
					",context=1",
					"context=1,,min=2",
					"context=1,context=1",
					"context=1,min=2,context=2",
					"page=0",
					"scan=0",
					"scan=",
					"scan=100000001",
					"scan=al",
					"scan=all,scan=all",
					"page=100001",
					"page=99999999999999999999",
					"min=0",
					"min=1048577",
					"order=",
					"order=rand",
					"order=randomly",
					"order=Random",
					"order=0",
					"seed=18446744073709551616",
					"seed=-1",
					"atleast=1",
					"atleast=",
					"max=0",
					"max=",
					"max=1,atleast=2",
					"max=4,max=5",
					"docs=1001",
					"docs=",
					"docs=all",
					"keep=last",
					"keep=first,keep=all",
					"seed=a",
					"case=",
					"case=none",
					"case=Fold",
					"case=folded",
					"case=1",
					"case=fold,case=fold",
					"escape",
					"escape=",
					"escape=None",
					"escape=percents",
					"escape=per%63ent",
					"escape=no",
					"escape=0",
					"escapes=none",
					"escape=none,escape=percent",
					"key=1",
					"contex=1",
					"contexts=1",
					"context=1;min=2",
					"context=1=2",
					"order=index,order=random",
					"page=5%2Cmin=2",
					"context=5\n",
					"where=",
					"where=a",
					"where=:b",
					"where=a:%4",
					"where=a:b%zz",
					"where=%:b",
					"where=a:b*c",
					"where=a:**",
					"where=a:>=b*",
					"where=a:b|c*d",
					"where=a:b,",
					"where=a:b,where=c",
					"where=a:b,page=0",
					"Where=a:b",
					"also=",
					"not=",
					"any=",
					"also=%4",
					"not=%zz",
					"any=100%",
					"Also=a",
					"near=1",
					"near=1,not=a",
					"near=1,any=a",
					"near=,also=a",
					"near=-1,also=a",
					"near=1073741825,also=a",
					"near=1,near=1,also=a",
					"also=a,also=b,page=0"};

static void test_refusals(void **state)
{
	struct ng_settings got = {.page_docs = 42};

	for (size_t i = 0; i < ng_array_size(bad_names); i++) {
		if (ng_settings_parse(bad_names[i], &defaults, &got) != -ENOENT)
			fail_msg("'%s' is taken", bad_names[i]);
		assert_int_equal(got.page_docs, 42);
	}
}

static uint64_t hash_of(const char *name)
{
	struct ng_settings got;

	assert_int_equal(ng_settings_parse(name, &defaults, &got), 0);
	ng_scope_unref(got.scope);
	return got.hash;
}

/* Names for the same settings, and for others. */
static void test_hash(void **state)
{
	static const char *const same[][2] = {
		{"context=7,page=8", "page=8,context=7"},
		{"min=32,page=8", "page=08"},
		{"order=random,seed=0", "order=random"},
		{"order=index,seed=9,min=5", "min=5"},
		{"escape=none,page=8", "page=8,escape=none"},
		{"where=%61:%62", "where=a:b"},
		{"also=%61b", "also=ab"},
		{"near=07,also=a", "also=a,near=7"},
		{"any=a,not=b", "not=b,any=a"},
		{"not=%2C,page=8", "page=8,not=%2c"},
	};
	static const char *const different[] = {"context=7",
						"context=40",
						"context=200",
						"page=7",
						"min=7",
						"max=7",
						"docs=7",
						"atleast=7",
						"keep=first",
						"first=7",
						"scan=7",
						"scan=all",
						"word=yes",
						"order=random",
						"order=random,seed=7",
						"order=random,seed=40",
						"page=7,min=7",
						"case=fold",
						"case=fold,page=7",
						"escape=none",
						"escape=percent",
						"where=a:b",
						"where=a:b|c",
						"where=a:b,where=c:d",
						"where=a:b*",
						"where=a:>=b",
						"where=a:>b",
						"where=ab:",
						"where=a:,where=b:",
						"also=a",
						"also=ab",
						"also=a,also=b",
						"not=a",
						"not=a,also=b",
						"any=a",
						"any=a,any=b",
						"also=a,near=0",
						"also=a,near=1",
						"also=a,case=fold",
						"any=a,word=yes",
						"where=a:b,also=a"};

	for (size_t i = 0; i < ng_array_size(same); i++) {
		assert_int_equal(hash_of(same[i][0]), hash_of(same[i][1]));
		assert_int_not_equal(hash_of(same[i][0]), 0);
	}
	assert_int_equal(hash_of("page=1000,min=32,order=index,seed=1,case=exact"), 0);
	for (size_t i = 0; i < ng_array_size(different); i++) {
		assert_int_not_equal(hash_of(different[i]), 0);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(hash_of(different[i]), hash_of(different[k]));
	}
}

/* What a condition says. */
static void test_where(void **state)
{
	static const struct {
		const char *name, *value;
		bool holds;
	} cases[] = {
		{"where=f:a", "a", true},
		{"where=f:a", "ab", false},
		{"where=f:a", "", false},
		{"where=f:", "", true},
		{"where=f:", "a", false},
		{"where=f:a|b", "b", true},
		{"where=f:a|b", "a|b", false},
		{"where=f:a%7Cb", "a|b", true},
		{"where=f:a|", "", true},
		{"where=f:a*", "a", true},
		{"where=f:a*", "abc", true},
		{"where=f:a*", "ba", false},
		{"where=f:*", "", true},
		{"where=f:*", "x", true},
		{"where=f:%2A", "*", true},
		{"where=f:%2A", "x", false},
		{"where=f:b*|a", "a", true},
		{"where=f:x:y", "x:y", true},
		{"where=f:x=y", "x=y", true},
		{"where=f:x%2Cy", "x,y", true},
		{"where=f:%3Ca", "<a", true},
		{"where=f:>=2019", "2019-05-01", true},
		{"where=f:>=2019", "2018-12-31", false},
		{"where=f:<2019-06", "2019-05-31", true},
		{"where=f:<2019-06", "2019-06-01", false},
		{"where=f:<=2019-06", "2019-06", true},
		{"where=f:>2019-06", "2019-06", false},
		/* Numbers are no strings, */
		{"where=f:<10", "9", true},
		{"where=f:>10", "9", false},
		{"where=f:>-2", "-1", true},
		{"where=f:<-2", "-10", true},
		{"where=f:>=1.50", "1.5", true},
		{"where=f:<1e3", "999.5", true},
		{"where=f:>1e3", "999.5", false},
		{"where=f:>=-0", "0", true},
		/* however long; */
		{"where=f:>12345678901234567890123", "12345678901234567890124", true},
		{"where=f:>12345678901234567890124", "12345678901234567890123", false},
		/* and strings are no numbers. */
		{"where=f:<10", "09", true},
		{"where=f:<10", "a", false},
		{"where=f:<10", "1 ", true},
		{"where=f:>=0", "", false},
	};

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		const char *value = cases[i].value;
		struct ng_settings got;

		if (ng_settings_parse(cases[i].name, &defaults, &got) != 0)
			fail_msg("%s", cases[i].name);
		assert_non_null(got.scope);
		assert_int_equal(got.scope->where->n, 1);
		assert_int_equal(got.scope->where->conditions[0].field_bytes, 1);
		if (ng_condition_holds(&got.scope->where->conditions[0], (const uint8_t *)value,
				       strlen(value)) != cases[i].holds)
			fail_msg("%s of '%s'", cases[i].name, value);
		ng_scope_unref(got.scope);
	}
}

static void check_strings(const struct ng_strings *strings, const char *const *want)
{
	size_t n = 0;

	for (; want[n]; n++) {
		assert_true(n < strings->n);
		assert_int_equal(strings->list[n].len, strlen(want[n]));
		assert_memory_equal(strings->list[n].bytes, want[n], strlen(want[n]));
	}
	assert_int_equal(strings->n, n);
}

/* What else is asked of documents and occurrences. */
static void test_strings(void **state)
{
	static const struct {
		const char *name;
		const char *also[4], *not [4], *any[4];
		bool is_near;
		uint32_t near;
		unsigned fold;
		bool limits_docs, limits;
	} cases[] = {
		{"also=a", {"a"}, {0}, {0}, false, 0, 0, true, true},
		{"also=a%2Cb%2fc%25", {"a,b/c%"}, {0}, {0}, false, 0, 0, true, true},
		{"also= a =b ", {" a =b "}, {0}, {0}, false, 0, 0, true, true},
		{"also=b,page=7,also=a,also=b", {"b", "a", "b"}, {0}, {0}, false, 0, 0, true, true},
		{"not=x,also=y,not=z", {"y"}, {"x", "z"}, {0}, false, 0, 0, true, true},
		{"any=u,any=v", {0}, {0}, {"u", "v"}, false, 0, 0, false, false},
		{"near=5,also=a", {"a"}, {0}, {0}, true, 5, 0, false, true},
		{"also=a,near=0,also=b", {"a", "b"}, {0}, {0}, true, 0, 0, false, true},
		{"near=1073741824,also=a,not=b", {"a"}, {"b"}, {0}, true, 1u << 30, 0, true, true},
		{"escape=none,also=%41", {"A"}, {0}, {0}, false, 0, 0, true, true},
		{"case=fold,word=yes,also=A",
		 {"A"},
		 {0},
		 {0},
		 false,
		 0,
		 NG_FOLD_CASE | NG_QUERY_WORD,
		 true,
		 true},
		{"any=B,space=fold", {0}, {0}, {"B"}, false, 0, NG_FOLD_SPACE, false, false},
	};

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct ng_settings got;

		if (ng_settings_parse(cases[i].name, &defaults, &got) != 0)
			fail_msg("%s", cases[i].name);
		assert_non_null(got.scope);
		assert_null(got.scope->where);
		check_strings(&got.scope->also, cases[i].also);
		check_strings(&got.scope->not, cases[i].not );
		check_strings(&got.scope->any, cases[i].any);
		assert_int_equal(got.scope->is_near, cases[i].is_near);
		assert_int_equal(got.scope->near, cases[i].near);
		assert_int_equal(got.scope->fold, cases[i].fold);
		assert_int_equal(got.fold, cases[i].fold);
		assert_int_equal(ng_scope_limits_docs(got.scope), cases[i].limits_docs);
		assert_int_equal(ng_scope_limits(got.scope), cases[i].limits);
		ng_scope_unref(got.scope);
	}
}

/* As many of a kind as there may be, and one more. */
static void test_most(void **state)
{
	for (unsigned n = NG_SCOPE_STRINGS_MAX; n <= NG_SCOPE_STRINGS_MAX + 1; n++) {
		struct ng_settings got;
		char name[200] = "not=x";

		for (unsigned i = 1; i < n; i++)
			strcat(name, ",not=x");
		assert_int_equal(ng_settings_parse(name, &defaults, &got),
				 n > NG_SCOPE_STRINGS_MAX ? -ENOENT : 0);
		if (n <= NG_SCOPE_STRINGS_MAX)
			ng_scope_unref(got.scope);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),   cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_hash),    cmocka_unit_test(test_where),
		cmocka_unit_test(test_strings), cmocka_unit_test(test_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
