/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on documents' metadata: where=FIELD:VALUE of /with, compiled. Thread-safe. */
#pragma once

#include "base/base.h"

enum ng_where_op {
	NG_WHERE_IS,
	NG_WHERE_PREFIX,
	NG_WHERE_LESS,
	NG_WHERE_LESS_OR_IS,
	NG_WHERE_GREATER,
	NG_WHERE_GREATER_OR_IS,
};

/* One of the alternatives of a condition. */
struct ng_where_term {
	enum ng_where_op op;
	uint8_t *bytes;
	size_t len;
};

/* A field's value must match one of the terms. */
struct ng_condition {
	uint8_t *field;
	size_t field_bytes;
	struct ng_where_term *terms;
	size_t n;
};

/* All of them must hold. */
struct ng_where {
	atomic_uint refs;
	struct ng_condition *conditions;
	size_t n;
	uint64_t hash; /* of all of it; different ones have, as good as certainly, different ones */
};

#define NG_WHERE_CONDITIONS_MAX 16u

/* Digits of the largest exponent, without zeroes in front: what has more is no number but a string.
 * All others are compared exactly, however long they are. */
#define NG_WHERE_EXPONENT_MAX 18u

/* A condition, text[0..len-1], is FIELD:TERM or FIELD:TERM|TERM and so on. A term is
 *     VALUE    the field's value is this
 *     VALUE*   it begins with this
 *     <VALUE  <=VALUE  >VALUE  >=VALUE    it is so ordered: as numbers where both are numbers as
 *              JSON writes them, otherwise as strings of bytes
 * in which %XX stands for a byte that means nothing but itself, and so : | * < > can be written.
 *
 * Add it to *where, or make that where it is NULL; nobody else may have it yet. -EINVAL: it is no
 * condition, or one too many; -ENOMEM; *where is as it was then. */
int ng_where_add(struct ng_where **where, const char *text, size_t len);

struct ng_where *ng_where_ref(struct ng_where *where); /* NULL is fine, here and below */
void ng_where_unref(struct ng_where *where);

static inline void ng_where_unrefp(struct ng_where **where)
{
	ng_where_unref(*where);
}

bool ng_condition_holds(const struct ng_condition *condition, const uint8_t *value, size_t len);
