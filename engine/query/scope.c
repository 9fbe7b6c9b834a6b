/* SPDX-License-Identifier: Apache-2.0 */
#include "query/scope.h"

#include <xxhash.h>

#include "base/percent.h"

struct ng_scope *ng_scope_ref(struct ng_scope *scope)
{
	if (scope)
		atomic_fetch_add(&scope->refs, 1);
	return scope;
}

static void strings_clear(struct ng_strings *strings)
{
	while (strings->n)
		free((void *)strings->list[--strings->n].bytes);
}

void ng_scope_unref(struct ng_scope *scope)
{
	if (!scope || atomic_fetch_sub(&scope->refs, 1) != 1)
		return;
	ng_where_unref(scope->where);
	strings_clear(&scope->also);
	strings_clear(&scope->not );
	strings_clear(&scope->any);
	free(scope);
}

static int make(struct ng_scope **scope)
{
	if (*scope)
		return 0;
	*scope = calloc(1, sizeof(**scope));
	if (!*scope)
		return -ENOMEM;
	atomic_init(&(*scope)->refs, 1);
	return 0;
}

int ng_scope_add_where(struct ng_scope **scope, const char *text, size_t len)
{
	int r = make(scope);

	return r ? r : ng_where_add(&(*scope)->where, text, len);
}

static struct ng_strings *strings_of(struct ng_scope *scope, enum ng_scope_list list)
{
	switch (list) {
	case NG_SCOPE_ALSO:
		return &scope->also;
	case NG_SCOPE_NOT:
		return &scope->not ;
	default:
		return &scope->any;
	}
}

int ng_scope_add(struct ng_scope **scope, enum ng_scope_list list, const char *text, size_t len)
{
	ng_cleanup(ng_freep) uint8_t *bytes = malloc(len + 1);
	struct ng_strings *strings;
	size_t n = 0;
	int r = bytes ? make(scope) : -ENOMEM;

	if (r == 0)
		r = ng_percent_decode(text, len, bytes, &n);
	if (r < 0)
		return r;
	strings = strings_of(*scope, list);
	if (n == 0 || strings->n == NG_SCOPE_STRINGS_MAX)
		return -EINVAL;
	strings->list[strings->n++] = (struct ng_pattern){ng_steal_ptr(&bytes), n};
	return 0;
}

static uint64_t strings_hash(const struct ng_strings *strings, uint64_t seed)
{
	uint64_t hash = seed + strings->n;

	for (size_t i = 0; i < strings->n; i++)
		hash = XXH3_64bits_withSeed(strings->list[i].bytes, strings->list[i].len,
					    hash + strings->list[i].len);
	return XXH3_64bits_withSeed(&hash, sizeof(hash), seed);
}

int ng_scope_finish(struct ng_scope *scope, const uint32_t *near, unsigned fold)
{
	uint64_t where = scope->where ? scope->where->hash : 0, also, not, any;

	if (near && !scope->also.n)
		return -EINVAL;
	scope->is_near = near;
	scope->near = near ? *near : 0;
	scope->fold = fold;
	also = strings_hash(&scope->also, fold);
	not = strings_hash(&scope->not, fold);
	any = strings_hash(&scope->any, fold);
	scope->docs_hash =
		XXH3_64bits((const uint64_t[]){where, near ? 0 : also, not }, 3 * sizeof(uint64_t));
	scope->hash = XXH3_64bits(
		(const uint64_t[]){where, also, not, any, near ? 1 + (uint64_t)*near : 0},
		5 * sizeof(uint64_t));
	return 0;
}
