/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a document's metadata, as facets and filters see them: names and scalar values out
 * of the JSON object that an index keeps.
 *
 * They are the members of the object itself (path, line ...) and those of its member "metadata",
 * the document's own, which come before an outer one of the same name. Of a name that stands twice
 * in an object the last one counts. A value is a string, decoded; a number, as it is written; or
 * true or false. null, arrays and objects are no values: such a field is as if it weren't there.
 *
 * Two more fields follow from "path", if there is one and they are no fields already: "dir", what
 * stands before the last slash ("." where there is none, "/" for the root), and "ext", what stands
 * behind the last dot of the rest, unless that is its first byte. */
#pragma once

#include "base/buf.h"

struct ng_meta_field {
	size_t name_at, name_bytes;   /* in text */
	size_t value_at, value_bytes; /* in text */
	uint32_t order;               /* of precedence; its own */
	bool scalar;                  /* false: no value; its own */
};

/* Zero it before the first use; it is used again for document after document. list and text are
 * good until then. */
struct ng_meta_fields {
	struct ng_meta_field *list; /* by name, ascending as bytes; each name once, all scalar */
	size_t n, cap;
	struct ng_buf text;
};

void ng_meta_fields_clear(struct ng_meta_fields *fields);

/* Find the fields of json[0..len-1]. O(len), and O(n log n) of the members. -EUCLEAN: it is no JSON
 * object; -ENOMEM. fields may hold anything then. */
int ng_meta_fields_read(struct ng_meta_fields *fields, const uint8_t *json, size_t len);

/* The same of the members of the object itself alone: what the source says of a document, whatever
 * its own fields are called. Without dir and ext; O(len), and less than the other takes. */
int ng_meta_fields_read_outer(struct ng_meta_fields *fields, const uint8_t *json, size_t len);

/* The field of that name, or NULL. */
const struct ng_meta_field *ng_meta_fields_find(const struct ng_meta_fields *fields,
						const void *name, size_t len);

static inline const uint8_t *ng_meta_name(const struct ng_meta_fields *fields,
					  const struct ng_meta_field *field)
{
	return fields->text.data + field->name_at;
}

static inline const uint8_t *ng_meta_value(const struct ng_meta_fields *fields,
					   const struct ng_meta_field *field)
{
	return fields->text.data + field->value_at;
}

/* Bytes of the first `characters` characters of a value; 0 characters: of all of it. */
size_t ng_meta_prefix(const uint8_t *value, size_t len, uint32_t characters);

/* Byte strings in order: as memcmp has it, and a beginning before what it begins. */
int ng_bytes_compare(const void *a, size_t a_len, const void *b, size_t b_len);
