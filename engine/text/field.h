/* SPDX-License-Identifier: Apache-2.0 */
/* Where the text is in a JSON object: the argument of --text-field. It is the name of a field, or a
 * path: names, and numbers of an array's elements from 0, with dots between them, such as
 * messages.0.content. In a path, "\." is a dot that belongs to a name, "\\" a backslash; any other
 * backslash stands for itself. A field whose whole name is the argument goes before a path. */
#pragma once

#include "base/base.h"

#define NG_FIELD_NO_INDEX UINT64_MAX

struct ng_field_part {
	char *name; /* without escapes; it may hold any bytes but NUL */
	size_t len;
	uint64_t index; /* the name as an element's number; NG_FIELD_NO_INDEX: it is none */
};

struct ng_field {
	const char *name; /* the argument as it was given, borrowed */
	size_t len;
	struct ng_field_part *parts;
	size_t n_parts; /* at least 1 */
	bool is_path;   /* something else than the name alone: several parts, or escapes */
};

/* Any argument is a field. ret_field holds nothing to free after -ENOMEM. */
int ng_field_parse(const char *arg, struct ng_field *ret_field);

/* Free the parts; the struct is all zero afterwards. */
void ng_field_clear(struct ng_field *field);
