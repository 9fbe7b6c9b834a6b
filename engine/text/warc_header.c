/* SPDX-License-Identifier: Apache-2.0 */
#include "text/warc_header.h"

#include <strings.h>

#include "base/json.h"

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A field, without the white space around its value. NULL, or what is wrong. */
static const char *parse_field(struct ng_warc_header *header, const uint8_t *p, const uint8_t *stop)
{
	const uint8_t *colon = memchr(p, ':', (size_t)(stop - p));
	struct ng_warc_field *field = &header->fields[header->n];

	if (!colon || colon == p)
		return "a line of its header has no name";
	if (memchr(p, 0, (size_t)(colon - p)))
		return "a name in its header holds a NUL";
	if (header->n == NG_WARC_FIELDS_MAX)
		return "too many fields in its header";
	header->n++;
	*field = (struct ng_warc_field){
		.name = p,
		.name_len = (size_t)(colon - p),
		.value = colon + 1,
	};
	while (field->value < stop && is_space(*field->value))
		field->value++;
	field->value_len = (size_t)(stop - field->value);
	while (field->value_len && is_space(field->value[field->value_len - 1]))
		field->value_len--;
	return NULL;
}

const char *ng_warc_header_parse(struct ng_warc_header *header)
{
	const uint8_t *p = header->bytes.data, *end = p + header->bytes.len;

	header->n = 0;
	p = (const uint8_t *)memchr(p, '\n', header->bytes.len) + 1;
	while (p < end && *p != '\r' && *p != '\n') {
		const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));
		const char *why;

		/* A line that begins with a space goes on with the value before. */
		while (stop + 1 < end && (stop[1] == ' ' || stop[1] == '\t'))
			stop = memchr(stop + 1, '\n', (size_t)(end - stop) - 1);
		why = parse_field(header, p, stop);
		if (why)
			return why;
		p = stop + 1;
	}
	return NULL;
}

static bool is(const uint8_t *data, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp((const char *)data, word, len) == 0;
}

const struct ng_warc_field *ng_warc_header_field(const struct ng_warc_header *header,
						 const char *name)
{
	for (size_t i = 0; i < header->n; i++)
		if (is(header->fields[i].name, header->fields[i].name_len, name))
			return &header->fields[i];
	return NULL;
}

bool ng_warc_header_is(const struct ng_warc_header *header, const char *name, const char *value)
{
	const struct ng_warc_field *field = ng_warc_header_field(header, name);

	return field && is(field->value, field->value_len, value);
}

/* The next field from i on that has the same name as this one; n: there is none. */
static size_t next_same(const struct ng_warc_header *header, const struct ng_warc_field *field,
			size_t i)
{
	while (i < header->n && (header->fields[i].name_len != field->name_len ||
				 strncasecmp((const char *)header->fields[i].name,
					     (const char *)field->name, field->name_len) != 0))
		i++;
	return i;
}

static int append_field(const struct ng_warc_header *header, size_t i, struct ng_buf *ret)
{
	const struct ng_warc_field *field = &header->fields[i];
	size_t next = next_same(header, field, i + 1);
	bool several = next < header->n;
	int r = ng_json_string(ret, field->name, field->name_len);

	if (r == 0)
		r = ng_buf_printf(ret, several ? ":[" : ":");
	if (r == 0)
		r = ng_json_string(ret, field->value, field->value_len);
	for (; r == 0 && next < header->n; next = next_same(header, field, next + 1)) {
		r = ng_buf_append(ret, ",", 1);
		if (r == 0)
			r = ng_json_string(ret, header->fields[next].value,
					   header->fields[next].value_len);
	}
	return r == 0 && several ? ng_buf_append(ret, "]", 1) : r;
}

int ng_warc_header_json(const struct ng_warc_header *header, struct ng_buf *ret)
{
	int r = ng_buf_append(ret, "{", 1);

	for (size_t i = 0; r == 0 && i < header->n; i++) {
		/* Where an earlier one has the name, it stands there already. */
		if (next_same(header, &header->fields[i], 0) < i)
			continue;
		if (i)
			r = ng_buf_append(ret, ",", 1);
		if (r == 0)
			r = append_field(header, i, ret);
	}
	return r < 0 ? r : ng_buf_append(ret, "}", 1);
}
