/* SPDX-License-Identifier: Apache-2.0 */
#include "build/meta_path.h"

#include "base/json.h"
#include "format/meta_json.h"

/* A value; at is NULL: there is none. */
typedef struct ng_meta_place value;

static int skip_value(value *at)
{
	ng_cleanup(ng_buf_free) struct ng_buf unused = NG_BUF_INIT;
	const uint8_t *from;

	ng_meta_skip_space(at);
	from = at->at;
	if (from == at->end)
		return -EUCLEAN;
	if (*from == '"')
		return ng_meta_string(at, &unused);
	if (*from == '[' || *from == '{')
		return ng_meta_skip_nested(at);
	ng_meta_skip_word(at);
	return at->at > from ? 0 : -EUCLEAN;
}

/* The member of that name, where `of` is an object. */
static int find_member(value of, const void *name, size_t len, value *ret)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	int r = 0;

	*ret = (value){NULL, NULL};
	if (!of.at || !ng_meta_take(&of, '{') || ng_meta_take(&of, '}'))
		return 0;
	do {
		text.len = 0;
		r = ng_meta_string(&of, &text);
		if (r == 0 && !ng_meta_take(&of, ':'))
			r = -EUCLEAN;
		if (r == 0 && text.len == len && (len == 0 || memcmp(text.data, name, len) == 0))
			*ret = of;
		if (r == 0)
			r = skip_value(&of);
	} while (r == 0 && ng_meta_take(&of, ','));
	return r;
}

/* The element of that number, where `of` is an array. */
static int find_element(value of, uint64_t index, value *ret)
{
	int r = 0;

	*ret = (value){NULL, NULL};
	if (!ng_meta_take(&of, '[') || ng_meta_take(&of, ']'))
		return 0;
	while (r == 0 && index > 0) {
		r = skip_value(&of);
		if (r == 0 && !ng_meta_take(&of, ','))
			return 0;
		index--;
	}
	if (r == 0)
		*ret = of;
	return r;
}

/* What the field leads to from an object. */
static int follow(value root, const struct ng_field *field, value *ret)
{
	int r = find_member(root, field->name, field->len, ret);

	if (r < 0 || ret->at)
		return r;
	*ret = root;
	for (size_t i = 0; r == 0 && ret->at && i < field->n_parts; i++) {
		const struct ng_field_part *part = &field->parts[i];
		value of = *ret;

		ng_meta_skip_space(&of);
		r = of.at < of.end && *of.at == '[' ? find_element(of, part->index, ret)
						    : find_member(of, part->name, part->len, ret);
	}
	return r;
}

/* Append a value without white space, its strings as ng_json_string has them. */
static int append_plainly(value at, struct ng_buf *buf)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	int r = 0;

	for (ng_meta_skip_space(&at); r == 0 && at.at < at.end; ng_meta_skip_space(&at)) {
		if (*at.at != '"') {
			r = ng_buf_append(buf, at.at++, 1);
			continue;
		}
		text.len = 0;
		r = ng_meta_string(&at, &text);
		if (r == 0)
			r = ng_json_string(buf, text.data, text.len);
	}
	return r;
}

static bool is_text(const uint8_t *bytes, size_t len, const char *text)
{
	return len == strlen(text) && (len == 0 || memcmp(bytes, text, len) == 0);
}

static int value_is(value at, const char *text)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	const uint8_t *from;
	int r;

	ng_meta_skip_space(&at);
	from = at.at;
	if (from < at.end && *from == '"') {
		r = ng_meta_string(&at, &buf);
		return r < 0 ? r : is_text(buf.data, buf.len, text);
	}
	r = skip_value(&at);
	if (r < 0 || is_text(from, (size_t)(at.at - from), text))
		return r < 0 ? r : 1;
	r = append_plainly((value){from, at.at}, &buf);
	return r < 0 ? r : is_text(buf.data, buf.len, text);
}

int ng_meta_path_is(const uint8_t *json, size_t len, const struct ng_field *field, const char *text)
{
	value root = {json, json + len}, own, found = {NULL, NULL};
	int r;

	ng_meta_skip_space(&root);
	if (root.at == root.end || *root.at != '{')
		return -EUCLEAN;
	r = find_member(root, "metadata", strlen("metadata"), &own);
	if (r == 0 && own.at)
		r = follow(own, field, &found);
	if (r == 0 && !found.at)
		r = follow(root, field, &found);
	if (r < 0 || !found.at)
		return r;
	return value_is(found, text);
}
