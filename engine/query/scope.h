/* SPDX-License-Identifier: Apache-2.0 */
/* A query, how it is meant, and which of its occurrences count. Thread-safe, save where something
 * is added. */
#pragma once

#include "query/folding.h"
#include "query/query.h"
#include "query/where.h"

/* Beside NG_FOLD_*: only occurrences that are whole words, see word_find.h. */
#define NG_QUERY_WORD 8u

#define NG_SCOPE_STRINGS_MAX 16u
#define NG_SCOPE_NEAR_MAX    (1u << 30)

struct ng_strings {
	struct ng_pattern list[NG_SCOPE_STRINGS_MAX]; /* their bytes are the scope's */
	size_t n;
};

/* What is asked of a document or an occurrence beside the query. Where anything is folded, or whole
 * words are asked for, all strings here are meant as the query is. */
struct ng_scope {
	atomic_uint refs;
	struct ng_where *where;       /* conditions on the document's metadata; NULL: none */
	struct ng_strings also, not ; /* that the document holds, each of them; or none of them */
	struct ng_strings any;        /* whose occurrences count as the query's own do */
	bool is_near;  /* an occurrence counts if each of `also` has one at most `near` bytes */
	uint32_t near; /* away: between their nearest ends; 0 where they touch or overlap */
	unsigned fold; /* NG_FOLD_* and NG_QUERY_WORD */
	uint64_t hash; /* of all of it; different ones have, as good as certainly, different ones */
	uint64_t docs_hash; /* the same of what is asked of a document */
};

enum ng_scope_list {
	NG_SCOPE_ALSO,
	NG_SCOPE_NOT,
	NG_SCOPE_ANY,
};

/* Add to *scope, or make that where it is NULL; nobody else may have it yet: a condition on the
 * metadata, see ng_where_add; or a string, text[0..len-1] with %XX for a byte, to one of the lists.
 * -EINVAL: it is none, or one too many; -ENOMEM. */
int ng_scope_add_where(struct ng_scope **scope, const char *text, size_t len);
int ng_scope_add(struct ng_scope **scope, enum ng_scope_list list, const char *text, size_t len);

/* The last that is done to it, which has been made. near: NULL, or how many bytes; then there must
 * be something in `also`, or -EINVAL. */
int ng_scope_finish(struct ng_scope *scope, const uint32_t *near, unsigned fold);

struct ng_scope *ng_scope_ref(struct ng_scope *scope); /* NULL is fine, here and below */
void ng_scope_unref(struct ng_scope *scope);

static inline void ng_scope_unrefp(struct ng_scope **scope)
{
	ng_scope_unref(*scope);
}

/* Whether anything is asked of the document; of the document or the occurrence. */
static inline bool ng_scope_limits_docs(const struct ng_scope *scope)
{
	return scope && (scope->where || scope->not .n || (scope->also.n && !scope->is_near));
}

static inline bool ng_scope_limits(const struct ng_scope *scope)
{
	return scope && (scope->where || scope->not .n || scope->also.n);
}

static inline bool ng_scope_is_near(const struct ng_scope *scope)
{
	return scope && scope->is_near;
}

static inline bool ng_scope_has_any(const struct ng_scope *scope)
{
	return scope && scope->any.n;
}

struct ng_facet;

struct ng_query {
	const uint8_t *bytes;
	size_t len;
	unsigned fold;          /* NG_FOLD_*: what makes no difference, see folding.h; 0: exact;
				 * and NG_QUERY_WORD */
	struct ng_scope *scope; /* what counts; NULL: all. Borrowed */
	const struct ng_facet *facet; /* what is asked for by value, or NULL. Borrowed */
};

/* Whether its occurrences may be spelled otherwise than it is. */
static inline bool ng_query_varies(const struct ng_query *query)
{
	return query->fold & ~NG_QUERY_WORD || ng_scope_has_any(query->scope);
}

/* A string of a scope, as a query without one. */
static inline struct ng_query ng_scope_query(const struct ng_scope *scope,
					     const struct ng_pattern *string)
{
	return (struct ng_query){.bytes = string->bytes, .len = string->len, .fold = scope->fold};
}
