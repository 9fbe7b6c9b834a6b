/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a name below /with from a stranger. */
#include "fuzz.h"
#include "query/scope.h"
#include "names/settings.h"

static const struct ng_settings defaults = {
	.page_docs = 1000, .kwic_bytes = 40, .match_bytes = 200, .min_bytes = 32};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool same(const struct ng_settings *a, const struct ng_settings *b)
{
	return a->page_docs == b->page_docs && a->kwic_bytes == b->kwic_bytes &&
	       a->match_bytes == b->match_bytes && a->min_bytes == b->min_bytes &&
	       a->random == b->random && a->seed == b->seed && a->fold == b->fold &&
	       a->plain_names == b->plain_names && a->escaped_lines == b->escaped_lines &&
	       a->hash == b->hash;
}

/* How often a word that can only be a key stands in name. */
static unsigned times(const char *name, const char *word)
{
	unsigned n = 0;

	for (; (name = strstr(name, word)); name++)
		n++;
	return n;
}

/* Names that are taken hold keys and their values, each once, and nothing else. */
static void check_taken(const char *name, const struct ng_settings *s)
{
	static const char *const keys[] = {"case=",  "context=", "escape=", "form=",  "min=",
					   "order=", "page=",    "seed=",   "space=", "word="};
	unsigned known = 0, equals = 0, commas = 0;
	const char *context = strstr(name, "context=");

	for (const char *c = name; *c; c++) {
		equals += *c == '=';
		commas += *c == ',';
		require(strchr("abcdefghijklmnopqrstuvwxyz0123456789=,", *c));
	}
	for (size_t i = 0; i < ng_array_size(keys); i++) {
		require(times(name, keys[i]) <= 1);
		known += times(name, keys[i]);
	}
	require(known == equals && known == commas + 1);
	require(s->page_docs >= 1 && s->page_docs <= NG_SETTINGS_PAGE_MAX);
	require(s->min_bytes >= 1 && s->min_bytes <= NG_SETTINGS_MIN_MAX);
	require(s->kwic_bytes <= NG_SETTINGS_CONTEXT_MAX);
	require(context ? s->kwic_bytes == s->match_bytes
			: s->kwic_bytes == defaults.kwic_bytes &&
				  s->match_bytes == defaults.match_bytes);
	require(s->fold == ((strstr(name, "case=fold") ? NG_FOLD_CASE : 0) |
			    (strstr(name, "space=fold") ? NG_FOLD_SPACE : 0) |
			    (strstr(name, "form=fold") ? NG_FOLD_FORM : 0) |
			    (strstr(name, "word=yes") ? NG_QUERY_WORD : 0)));
	require(s->random == (strstr(name, "order=random") != NULL));
	require(s->random || s->seed == 0);
	require(s->plain_names == (strstr(name, "escape=none") != NULL));
	require(s->escaped_lines == (strstr(name, "escape=percent") != NULL));
}

/* What it is taken for, written out, is taken for the same. */
static void check_again(const struct ng_settings *s)
{
	char name[256];
	struct ng_settings again;
	int n = snprintf(name, sizeof(name),
			 "page=%llu,seed=%llu,min=%u,case=%s,space=%s,form=%s,word=%s,order=%s",
			 (unsigned long long)s->page_docs, (unsigned long long)s->seed,
			 s->min_bytes, s->fold & NG_FOLD_CASE ? "fold" : "exact",
			 s->fold & NG_FOLD_SPACE ? "fold" : "exact",
			 s->fold & NG_FOLD_FORM ? "fold" : "exact",
			 s->fold & NG_QUERY_WORD ? "yes" : "no", s->random ? "random" : "index");

	if (s->kwic_bytes == s->match_bytes)
		n += snprintf(name + n, sizeof(name) - (size_t)n, ",context=%u", s->kwic_bytes);
	if (s->plain_names || s->escaped_lines)
		snprintf(name + n, sizeof(name) - (size_t)n, ",escape=%s",
			 s->plain_names ? "none" : "percent");
	require(ng_settings_parse(name, &defaults, &again) == 0);
	require(same(s, &again));
}

static void check_strings(const struct ng_strings *strings)
{
	require(strings->n <= NG_SCOPE_STRINGS_MAX);
	for (size_t i = 0; i < strings->n; i++)
		require(strings->list[i].len > 0);
}

static void check_scope(const char *name, const struct ng_settings *s, const uint8_t *data,
			size_t size)
{
	const struct ng_scope *scope = s->scope;
	struct ng_settings again;

	require(ng_settings_parse(name, &defaults, &again) == 0 && same(s, &again));
	ng_scope_unref(again.scope);
	check_strings(&scope->also);
	check_strings(&scope->not );
	check_strings(&scope->any);
	require(scope->where || scope->also.n || scope->not .n || scope->any.n);
	require(!scope->is_near || scope->also.n);
	require(scope->near <= NG_SCOPE_NEAR_MAX && scope->fold == s->fold);
	for (size_t i = 0; scope->where && i < scope->where->n; i++)
		ng_condition_holds(&scope->where->conditions[i], data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name ng_cleanup(ng_freep) = strndup((const char *)data, size);
	struct ng_settings untouched, s;
	int r;

	memset(&untouched, 0x5a, sizeof(untouched));
	s = untouched;
	r = ng_settings_parse(name, &defaults, &s);
	if (r) {
		require(r == -ENOENT && memcmp(&s, &untouched, sizeof(s)) == 0);
		return 0;
	}
	/* These values are of any bytes; what they mean is the unit test's. */
	if (s.scope) {
		check_scope(name, &s, data, size);
		ng_scope_unref(s.scope);
		return 0;
	}
	check_taken(name, &s);
	check_again(&s);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"context=80,order=random,seed=7",
		"page=100000,min=1048576,case=fold",
		"escape=percent",
		"word=yes,space=fold,form=fold",
		"form=exact,word=no,space=exact",
		"case=exact,escape=none",
		"seed=18446744073709551615,order=index",
		"context=4097",
		"page=1,page=1",
		"where=year:>=1990,case=fold,where=lang:e%6E|d*",
		"also=a%2Cb,near=200,not=c,any=%25",
		"near=5,also=x,also=y,where=f:1,word=yes",
		"near=5",
		"also=",
		"min=0",
		"",
	};
	uint8_t *seed;

	if (number >= ng_array_size(seeds))
		return NULL;
	*ret_size = strlen(seeds[number]);
	seed = malloc(*ret_size + 1);
	if (seed)
		memcpy(seed, seeds[number], *ret_size);
	return seed;
}
