/* SPDX-License-Identifier: Apache-2.0 */
#include "format/meta_fields.h"

#include "base/utf8.h"
#include "format/meta_json.h"

/* Of several members of one name, the one that comes last in this order counts. */
#define OUTER 0u
#define INNER (1u << 31)

void ng_meta_fields_clear(struct ng_meta_fields *fields)
{
	free(fields->list);
	ng_buf_free(&fields->text);
	*fields = (struct ng_meta_fields){0};
}

int ng_bytes_compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
	size_t n = ng_min(a_len, b_len);
	int order = n ? memcmp(a, b, n) : 0;

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* A number, or one of JSON's words: as it stands. */
static int word_read(struct ng_meta_place *p, struct ng_meta_fields *fields,
		     struct ng_meta_field *field)
{
	const uint8_t *from = p->at;

	ng_meta_skip_word(p);
	field->value_bytes = (size_t)(p->at - from);
	field->scalar = !(field->value_bytes == 4 && memcmp(from, "null", 4) == 0);
	return field->value_bytes ? ng_buf_append(&fields->text, from, field->value_bytes)
				  : -EUCLEAN;
}

static int value_read(struct ng_meta_place *p, struct ng_meta_fields *fields,
		      struct ng_meta_field *field)
{
	int r;

	ng_meta_skip_space(p);
	field->value_at = fields->text.len;
	if (p->at == p->end)
		return -EUCLEAN;
	if (*p->at == '[' || *p->at == '{')
		return ng_meta_skip_nested(p);
	if (*p->at != '"')
		return word_read(p, fields, field);
	r = ng_meta_string(p, &fields->text);
	field->value_bytes = fields->text.len - field->value_at;
	field->scalar = true;
	return r;
}

static int field_add(struct ng_meta_fields *fields, const struct ng_meta_field *field)
{
	if (fields->n == fields->cap) {
		size_t cap = ng_max(2 * fields->cap, (size_t)16);
		struct ng_meta_field *list = reallocarray(fields->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		fields->list = list;
		fields->cap = cap;
	}
	fields->list[fields->n++] = *field;
	return 0;
}

static bool is_named(const struct ng_meta_fields *fields, const struct ng_meta_field *field,
		     const char *name)
{
	return field->name_bytes == strlen(name) &&
	       memcmp(ng_meta_name(fields, field), name, field->name_bytes) == 0;
}

/* An object's members. *inner, where that isn't NULL, is where the last member called "metadata"
 * has its object; that member is no field. */
static int object_read(struct ng_meta_place *p, struct ng_meta_fields *fields, uint32_t order,
		       struct ng_meta_place *inner)
{
	int r = ng_meta_take(p, '{') ? 0 : -EUCLEAN;

	if (r < 0 || ng_meta_take(p, '}'))
		return r;
	do {
		struct ng_meta_field field = {.name_at = fields->text.len, .order = order};
		struct ng_meta_place value;

		order++;
		r = ng_meta_string(p, &fields->text);
		field.name_bytes = fields->text.len - field.name_at;
		if (r == 0 && !ng_meta_take(p, ':'))
			r = -EUCLEAN;
		if (r < 0)
			return r;
		ng_meta_skip_space(p);
		value = *p;
		r = value_read(p, fields, &field);
		if (r == 0 && inner && *value.at == '{' && is_named(fields, &field, "metadata"))
			*inner = value;
		else if (r == 0)
			r = field_add(fields, &field);
	} while (r == 0 && ng_meta_take(p, ','));
	return r == 0 && !ng_meta_take(p, '}') ? -EUCLEAN : r;
}

static int by_name(const void *pa, const void *pb, void *userdata)
{
	const struct ng_meta_field *a = pa, *b = pb;
	const struct ng_meta_fields *fields = userdata;
	int order = ng_bytes_compare(ng_meta_name(fields, a), a->name_bytes,
				     ng_meta_name(fields, b), b->name_bytes);

	return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* In order, the last of each name, and of these the scalars. */
static void fields_sort(struct ng_meta_fields *fields)
{
	size_t kept = 0;

	if (fields->n)
		qsort_r(fields->list, fields->n, sizeof(*fields->list), by_name, fields);
	for (size_t i = 0; i < fields->n; i++) {
		const struct ng_meta_field *field = &fields->list[i], *next = field + 1;

		if (i + 1 < fields->n && field->name_bytes == next->name_bytes &&
		    memcmp(ng_meta_name(fields, field), ng_meta_name(fields, next),
			   field->name_bytes) == 0)
			continue;
		if (field->scalar)
			fields->list[kept++] = *field;
	}
	fields->n = kept;
}

static int derive(struct ng_meta_fields *fields, const char *name, size_t value_at,
		  size_t value_bytes)
{
	struct ng_meta_field field = {.name_at = fields->text.len,
				      .name_bytes = strlen(name),
				      .value_at = value_at,
				      .value_bytes = value_bytes,
				      .scalar = true};
	size_t at;
	int r;

	if (ng_meta_fields_find(fields, name, strlen(name)))
		return 0;
	r = ng_buf_append(&fields->text, name, field.name_bytes);
	if (r == 0)
		r = field_add(fields, &field);
	if (r < 0)
		return r;
	for (at = fields->n - 1; at > 0 && by_name(&fields->list[at - 1], &field, fields) > 0; at--)
		fields->list[at] = fields->list[at - 1];
	fields->list[at] = field;
	return 0;
}

/* dir and ext, out of the path. */
static int path_read(struct ng_meta_fields *fields)
{
	const struct ng_meta_field *field = ng_meta_fields_find(fields, "path", 4);
	size_t at, len, base;
	const uint8_t *path, *slash, *dot;
	int r;

	if (!field)
		return 0;
	at = field->value_at;
	len = field->value_bytes;
	path = fields->text.data + at;
	slash = len ? memrchr(path, '/', len) : NULL;
	base = slash ? (size_t)(slash - path) + 1 : 0;
	dot = len > base ? memrchr(path + base, '.', len - base) : NULL;
	/* Not where the field's text may have moved. */
	if (dot && dot > path + base && dot + 1 < path + len) {
		size_t ext = (size_t)(dot - path) + 1;

		r = derive(fields, "ext", at + ext, len - ext);
		if (r < 0)
			return r;
	}
	if (base)
		return derive(fields, "dir", at, base > 1 ? base - 1 : 1);
	r = ng_buf_append(&fields->text, ".", 1);
	return r < 0 ? r : derive(fields, "dir", fields->text.len - 1, 1);
}

/* The members of the object itself; *inner as object_read has it. */
static int outer_read(struct ng_meta_fields *fields, const uint8_t *json, size_t len,
		      struct ng_meta_place *inner)
{
	struct ng_meta_place p = {json, json + len};
	int r;

	fields->n = 0;
	fields->text.len = 0;
	/* There is always something to point into. */
	r = ng_buf_reserve(&fields->text, 1);
	if (r == 0)
		r = object_read(&p, fields, OUTER, inner);
	ng_meta_skip_space(&p);
	return r == 0 && p.at != p.end ? -EUCLEAN : r;
}

int ng_meta_fields_read(struct ng_meta_fields *fields, const uint8_t *json, size_t len)
{
	struct ng_meta_place inner = {NULL, NULL};
	int r = outer_read(fields, json, len, &inner);

	if (r == 0 && inner.at)
		r = object_read(&inner, fields, INNER, NULL);
	if (r < 0)
		return r;
	fields_sort(fields);
	return path_read(fields);
}

int ng_meta_fields_read_outer(struct ng_meta_fields *fields, const uint8_t *json, size_t len)
{
	struct ng_meta_place inner = {NULL, NULL};
	int r = outer_read(fields, json, len, &inner);

	if (r == 0)
		fields_sort(fields);
	return r;
}

const struct ng_meta_field *ng_meta_fields_find(const struct ng_meta_fields *fields,
						const void *name, size_t len)
{
	size_t lo = 0, hi = fields->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const struct ng_meta_field *field = &fields->list[middle];
		int order =
			ng_bytes_compare(ng_meta_name(fields, field), field->name_bytes, name, len);

		if (order == 0)
			return field;
		if (order < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return NULL;
}

size_t ng_meta_prefix(const uint8_t *value, size_t len, uint32_t characters)
{
	const uint8_t *p = value, *end = value + len;

	if (!characters)
		return len;
	while (characters-- && p < end)
		p += ng_utf8_piece(p, end);
	return (size_t)(p - value);
}
