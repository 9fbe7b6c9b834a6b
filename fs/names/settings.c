/* SPDX-License-Identifier: Apache-2.0 */
#include "names/settings.h"

#include "query/scope.h"

#include <xxhash.h>

enum key {
	KEY_ATLEAST,
	KEY_CASE,
	KEY_CONTEXT,
	KEY_DOCS,
	KEY_ESCAPE,
	KEY_FIRST,
	KEY_FORM,
	KEY_KEEP,
	KEY_MAX,
	KEY_MIN,
	KEY_NEAR,
	KEY_ORDER,
	KEY_PAGE,
	KEY_SCAN,
	KEY_SEED,
	KEY_SPACE,
	KEY_WORD,
	KEYS
};

/* A key takes a number in [min, max], if max isn't 0, or one of these words, whose place in the
 * list is the number. */
static const struct {
	const char *name;
	uint64_t min, max;
	const char *words[3];
} keys[KEYS] = {
	[KEY_ATLEAST] = {"atleast", 2, UINT64_MAX, {NULL}},
	[KEY_CASE] = {"case", 0, 0, {"exact", "fold"}},
	[KEY_CONTEXT] = {"context", 0, NG_SETTINGS_CONTEXT_MAX, {NULL}},
	[KEY_DOCS] = {"docs", 0, NG_SETTINGS_DOCS_MAX, {NULL}},
	[KEY_ESCAPE] = {"escape", 0, 0, {"none", "percent"}},
	[KEY_FIRST] = {"first", 1, NG_SETTINGS_FIRST_MAX, {NULL}},
	[KEY_FORM] = {"form", 0, 0, {"exact", "fold"}},
	[KEY_KEEP] = {"keep", 0, 0, {"all", "first"}},
	[KEY_MAX] = {"max", 1, UINT64_MAX, {NULL}},
	[KEY_MIN] = {"min", 1, NG_SETTINGS_MIN_MAX, {NULL}},
	[KEY_NEAR] = {"near", 0, NG_SCOPE_NEAR_MAX, {NULL}},
	[KEY_ORDER] = {"order", 0, 0, {"index", "random"}},
	[KEY_PAGE] = {"page", 1, NG_SETTINGS_PAGE_MAX, {NULL}},
	[KEY_SCAN] = {"scan", 1, NG_SETTINGS_SCAN_MAX, {"all"}},
	[KEY_SEED] = {"seed", 0, UINT64_MAX, {NULL}},
	[KEY_SPACE] = {"space", 0, 0, {"exact", "fold"}},
	[KEY_WORD] = {"word", 0, 0, {"no", "yes"}},
};

static bool is_text(const char *text, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(text, want, len) == 0;
}

static int parse_number(const char *text, size_t len, uint64_t min, uint64_t max,
			uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' ||
		    __builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (unsigned)(text[i] - '0'), &number))
			return -ENOENT;
	}
	if (len == 0 || number < min || number > max)
		return -ENOENT;
	*ret_number = number;
	return 0;
}

static int parse_value(enum key key, const char *text, size_t len, uint64_t *ret_value)
{
	for (unsigned i = 0; keys[key].words[i]; i++) {
		if (is_text(text, len, keys[key].words[i])) {
			*ret_value = i;
			return 0;
		}
	}
	if (!keys[key].max)
		return -ENOENT;
	return parse_number(text, len, keys[key].min, keys[key].max, ret_value);
}

/* key=value, of a key that has no value yet. */
static int parse_setting(const char *text, size_t len, uint64_t values[static KEYS],
			 bool given[static KEYS])
{
	const char *equals = memchr(text, '=', len);
	size_t key_len = equals ? (size_t)(equals - text) : 0;

	for (unsigned key = 0; equals && key < KEYS; key++) {
		if (!is_text(text, key_len, keys[key].name))
			continue;
		if (given[key])
			return -ENOENT;
		given[key] = true;
		return parse_value(key, equals + 1, len - key_len - 1, &values[key]);
	}
	return -ENOENT;
}

static uint64_t hash(const struct ng_settings *s)
{
	const uint64_t fields[] = {s->page_docs,     s->kwic_bytes,
				   s->match_bytes,   s->min_bytes,
				   s->random,        s->seed,
				   s->fold,          s->plain_names,
				   s->escaped_lines, s->scope ? s->scope->hash : 0,
				   s->line_bytes,    s->scan,
				   s->scan_all,      s->first,
				   s->at_least,      s->keep_first,
				   s->at_most,       s->docs,
				   s->contexts};

	return XXH3_64bits(fields, sizeof(fields));
}

/* Those that may be there several times. */
static int parse_scope(const char *text, size_t len, struct ng_scope **scope, bool *ret_is)
{
	static const struct {
		const char *key;
		enum ng_scope_list list;
	} lists[] = {{"also=", NG_SCOPE_ALSO}, {"any=", NG_SCOPE_ANY}, {"not=", NG_SCOPE_NOT}};
	static const char where[] = "where=";
	size_t key = strlen(where);

	*ret_is = true;
	if (len >= key && memcmp(text, where, key) == 0)
		return ng_scope_add_where(scope, text + key, len - key);
	for (size_t i = 0; i < ng_array_size(lists); i++) {
		key = strlen(lists[i].key);
		if (len >= key && memcmp(text, lists[i].key, key) == 0)
			return ng_scope_add(scope, lists[i].list, text + key, len - key);
	}
	*ret_is = false;
	return 0;
}

int ng_settings_parse(const char *name, const struct ng_settings *defaults,
		      struct ng_settings *ret_settings)
{
	struct ng_settings settings = *defaults;
	uint64_t values[KEYS] = {0};
	bool given[KEYS] = {false};
	ng_cleanup(ng_scope_unrefp) struct ng_scope *scope = NULL;
	int r;

	for (;;) {
		size_t len = strcspn(name, ",");
		bool is_scope;

		r = parse_scope(name, len, &scope, &is_scope);
		if (!is_scope)
			r = parse_setting(name, len, values, given);
		if (r)
			return r == -EINVAL ? -ENOENT : r;
		if (!name[len])
			break;
		name += len + 1;
	}
	if (given[KEY_CONTEXT])
		settings.kwic_bytes = settings.match_bytes = settings.line_bytes =
			(uint32_t)values[KEY_CONTEXT];
	settings.contexts = given[KEY_CONTEXT];
	if (given[KEY_MIN])
		settings.min_bytes = (uint32_t)values[KEY_MIN];
	if (given[KEY_ATLEAST])
		settings.at_least = values[KEY_ATLEAST];
	settings.at_most = values[KEY_MAX];
	if (settings.at_most && settings.at_most < settings.at_least)
		return -ENOENT;
	settings.keep_first = values[KEY_KEEP];
	if (given[KEY_DOCS])
		settings.docs = (uint32_t)values[KEY_DOCS];
	if (given[KEY_SCAN]) {
		/* No number is 0: that is the word. */
		settings.scan_all = !values[KEY_SCAN];
		if (!settings.scan_all)
			settings.scan = values[KEY_SCAN];
	}
	if (given[KEY_FIRST])
		settings.first = (uint32_t)values[KEY_FIRST];
	if (given[KEY_PAGE])
		settings.page_docs = values[KEY_PAGE];
	if (given[KEY_ESCAPE]) {
		settings.escaped_lines = values[KEY_ESCAPE];
		settings.plain_names = !settings.escaped_lines;
	}
	settings.fold =
		(values[KEY_CASE] ? NG_FOLD_CASE : 0) | (values[KEY_SPACE] ? NG_FOLD_SPACE : 0) |
		(values[KEY_FORM] ? NG_FOLD_FORM : 0) | (values[KEY_WORD] ? NG_QUERY_WORD : 0);
	if (given[KEY_NEAR] && !scope)
		return -ENOENT;
	if (scope) {
		const uint32_t near = (uint32_t)values[KEY_NEAR];

		r = ng_scope_finish(scope, given[KEY_NEAR] ? &near : NULL, settings.fold);
		if (r)
			return -ENOENT;
	}
	settings.scope = ng_steal_ptr(&scope);
	settings.random = values[KEY_ORDER];
	/* Without a random order a seed means nothing. */
	settings.seed = settings.random ? values[KEY_SEED] : 0;
	settings.hash = hash(&settings) ^ hash(defaults);
	*ret_settings = settings;
	return 0;
}
