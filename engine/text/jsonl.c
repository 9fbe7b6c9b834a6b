/* SPDX-License-Identifier: Apache-2.0 */
#include "text/jsonl.h"

#include "text/json_hints.h"
#include "text/json_string.h"

/* How many parts of the path the value at hand has behind it, when it lies beside the path. */
#define OFF_PATH SIZE_MAX

/* What the path led to: a string that stands in meta for now. */
struct found {
	const char *type; /* NULL: nothing yet */
	bool twice;       /* names on the way there stand twice in their object */
	bool in_array;
	size_t pos;      /* of the string's quote in the line */
	size_t from, to; /* of the member or element in meta */
};

/* A line on its way through the parser. */
struct parser {
	const uint8_t *line;
	size_t len, pos;
	unsigned levels; /* that may be */
	struct ng_jsonl_options options;
	struct ng_buf *text, *meta;
	const char *field_type; /* of the field with the whole name; NULL: not met yet */
	bool field_twice;
	struct found found;
	struct ng_buf name; /* scratch: a field's name, decoded */
	struct ng_error *err;
};

static int parse_value(struct parser *p, unsigned level, size_t on_path);

static void skip_space(struct parser *p)
{
	const uint8_t *line = p->line;

	while (p->pos < p->len && (line[p->pos] == ' ' || line[p->pos] == '\t' ||
				   line[p->pos] == '\r' || line[p->pos] == '\n'))
		p->pos++;
}

static bool at(const struct parser *p, uint8_t c)
{
	return p->pos < p->len && p->line[p->pos] == c;
}

static int expected(const struct parser *p, const char *what)
{
	if (p->pos >= p->len)
		return ng_fail(p->err, -EBADMSG, "the line ends where %s should be", what);
	return ng_fail(p->err, -EBADMSG, "no JSON: %s should be at byte %zu", what, p->pos + 1);
}

static const char *type_of(uint8_t c)
{
	switch (c) {
	case '"':
		return "a string";
	case '{':
		return "an object";
	case '[':
		return "an array";
	case 't':
	case 'f':
		return "true or false";
	case 'n':
		return "null";
	default:
		return "a number";
	}
}

/* Copy line[from..pos) to the metadata. */
static int copy(struct parser *p, size_t from)
{
	return ng_buf_append(p->meta, p->line + from, p->pos - from);
}

static bool is_digit(const struct parser *p)
{
	return p->pos < p->len && p->line[p->pos] >= '0' && p->line[p->pos] <= '9';
}

static int skip_digits(struct parser *p)
{
	if (!is_digit(p))
		return expected(p, "a digit");
	while (is_digit(p))
		p->pos++;
	return 0;
}

/* A number behind its sign. */
static int skip_number(struct parser *p)
{
	int r = 0;

	if (at(p, '0'))
		p->pos++;
	else
		r = skip_digits(p);
	if (r == 0 && at(p, '.')) {
		p->pos++;
		r = skip_digits(p);
	}
	if (r == 0 && (at(p, 'e') || at(p, 'E'))) {
		p->pos++;
		if (at(p, '+') || at(p, '-'))
			p->pos++;
		r = skip_digits(p);
	}
	return r;
}

static bool skip_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (p->len - p->pos < n || memcmp(p->line + p->pos, word, n) != 0)
		return false;
	p->pos += n;
	return true;
}

/* A number, or one of JSON's words or Python's. */
static int parse_plain(struct parser *p)
{
	size_t from = p->pos;
	bool minus = at(p, '-');
	int r = 0;

	p->pos += minus;
	if (is_digit(p))
		r = skip_number(p);
	else if (!skip_word(p, "Infinity") &&
		 (minus || !(skip_word(p, "true") || skip_word(p, "false") ||
			     skip_word(p, "null") || skip_word(p, "NaN"))))
		r = expected(p, minus ? "a digit" : "a value");
	return r < 0 ? r : copy(p, from);
}

/* A string; pos stands on its quote. */
static int parse_string(struct parser *p)
{
	p->pos++;
	return ng_json_string_copy(p->line, p->len, &p->pos, p->options.replace, p->meta, p->err);
}

/* The name of a field, line[from..pos) with its quotes, without escapes in p->name: where that must
 * be known. */
static int decode_name(struct parser *p, size_t from)
{
	p->name.len = 0;
	from++;
	return ng_json_string_decode(p->line, p->pos, &from, true, &p->name, p->err);
}

static bool is_name(const struct parser *p, const char *name, size_t len)
{
	return p->name.len == len && (!len || memcmp(p->name.data, name, len) == 0);
}

/* What a name or number leads to lies on the path when it is its next part. */
static size_t go_on(size_t on_path, bool is_part)
{
	return on_path != OFF_PATH && is_part ? on_path + 1 : OFF_PATH;
}

/* A value, and whether it is what the whole path leads to. from: where its member or element begins
 * in meta. */
static int parse_found(struct parser *p, unsigned level, size_t on_path, bool in_array, size_t from)
{
	bool is_end = on_path == p->options.field->n_parts;
	struct found found = {
		.twice = p->found.twice, .in_array = in_array, .pos = p->pos, .from = from};
	int r;

	if (p->pos >= p->len)
		return expected(p, "a value");
	found.type = type_of(p->line[p->pos]);
	r = parse_value(p, level, is_end ? OFF_PATH : on_path);
	found.to = p->meta->len;
	if (is_end)
		p->found = found;
	return r;
}

/* The value of the field that the argument of --text-field is, by its whole name. from: where its
 * member begins in meta. */
static int parse_field(struct parser *p, size_t from)
{
	if (p->pos >= p->len)
		return expected(p, "a value");
	p->field_twice |= p->field_type != NULL;
	p->field_type = type_of(p->line[p->pos]);
	if (!at(p, '"'))
		return parse_value(p, 2, OFF_PATH);
	p->meta->len = from;
	p->pos++;
	return ng_json_string_decode(p->line, p->len, &p->pos, p->options.replace, p->text, p->err);
}

/* "name": value, of the object on this level; *met: a name that is the next part of the path was
 * there before. */
static int parse_member(struct parser *p, unsigned level, size_t on_path, bool *met)
{
	const struct ng_field *field = p->options.field;
	size_t before = p->meta->len, from, name_at = p->pos;
	bool is_part = false, is_field = false;
	int r = 0;

	if (!at(p, '"'))
		return expected(p, "a field name in quotes");
	if (p->meta->data[before - 1] != '{')
		r = ng_buf_append(p->meta, ",", 1);
	from = p->meta->len;
	if (r == 0)
		r = parse_string(p);
	if (r == 0 && (level == 1 || on_path != OFF_PATH)) {
		r = decode_name(p, name_at);
		is_field = level == 1 && is_name(p, field->name, field->len);
		is_part = on_path != OFF_PATH && field->is_path &&
			  is_name(p, field->parts[on_path].name, field->parts[on_path].len);
	}
	if (r < 0)
		return r;
	skip_space(p);
	if (!at(p, ':'))
		return expected(p, "a colon");
	p->pos++;
	r = ng_buf_append(p->meta, ":", 1);
	if (r < 0)
		return r;
	skip_space(p);
	if (is_part) {
		p->found.twice |= *met;
		*met = true;
	}
	if (is_field)
		return parse_field(p, before);
	return parse_found(p, level + 1, go_on(on_path, is_part), false, from);
}

/* An object or array; pos stands on its bracket. */
static int parse_nested(struct parser *p, unsigned level, size_t on_path)
{
	const struct ng_field *field = p->options.field;
	bool is_object = at(p, '{'), met = false;
	const char *closing = is_object ? "}" : "]";
	int r = ng_buf_append(p->meta, p->line + p->pos++, 1);

	if (level > p->levels)
		return ng_fail(p->err, -EBADMSG, "more than %u levels", p->levels);
	skip_space(p);
	for (uint64_t i = 0; r == 0 && !(i == 0 && at(p, (uint8_t)*closing)); i++) {
		bool is_part = !is_object && on_path != OFF_PATH && field->is_path &&
			       field->parts[on_path].index == i;

		if (!is_object && i)
			r = ng_buf_append(p->meta, ",", 1);
		if (r == 0)
			r = is_object ? parse_member(p, level, on_path, &met)
				      : parse_found(p, level + 1, go_on(on_path, is_part), true,
						    p->meta->len);
		skip_space(p);
		if (r == 0 && at(p, (uint8_t)*closing))
			break;
		if (r == 0 && !at(p, ','))
			r = expected(p, is_object ? "a comma or the closing brace"
						  : "a comma or the closing bracket");
		p->pos++;
		skip_space(p);
	}
	if (r < 0)
		return r;
	p->pos++;
	return ng_buf_append(p->meta, closing, 1);
}

/* level: of an object or array that stands here, from 1. */
static int parse_value(struct parser *p, unsigned level, size_t on_path)
{
	if (p->pos >= p->len)
		return expected(p, "a value");
	if (at(p, '{') || at(p, '['))
		return parse_nested(p, level, on_path);
	return at(p, '"') ? parse_string(p) : parse_plain(p);
}

static int parse_object(struct parser *p)
{
	int r;

	skip_space(p);
	if (at(p, '[') || at(p, '"'))
		return ng_fail(p->err, -EBADMSG, "%s, not a JSON object", type_of(p->line[p->pos]));
	if (!at(p, '{'))
		return expected(p, "a JSON object");
	r = parse_nested(p, 1, 0);
	if (r < 0)
		return r;
	skip_space(p);
	return p->pos < p->len ? expected(p, "the end of the line") : 0;
}

/* Take what the path has led to out of the metadata. */
static int cut_found(struct parser *p)
{
	size_t from = p->found.from, to = p->found.to, pos = p->found.pos + 1;
	size_t left = p->found.in_array ? strlen("null") : 0;
	uint8_t *meta = p->meta->data;

	if (!p->found.in_array && meta[to] == ',')
		to++;
	else if (!p->found.in_array && meta[from - 1] == ',')
		from--;
	if (to - from < left && ng_buf_reserve(p->meta, left) < 0)
		return -ENOMEM;
	meta = p->meta->data;
	memmove(meta + from + left, meta + to, p->meta->len - to);
	memcpy(meta + from, "null", left);
	p->meta->len = p->meta->len - (to - from) + left;
	return ng_json_string_decode(p->line, p->len, &pos, p->options.replace, p->text, p->err);
}

/* The object is whole; is there a text in it? */
static int check_text(struct parser *p)
{
	const char *name = p->options.field->name;
	bool by_path = !p->field_type && p->found.type;
	const char *type = by_path ? p->found.type : p->field_type;

	if (!type)
		return ng_json_hint(p->line, p->len, name, p->err);
	if (by_path ? p->found.twice : p->field_twice)
		return ng_fail(p->err, -ENOTUNIQ, "%s \"%s\" stands here twice",
			       by_path ? "a field on the path" : "field", name);
	if (strcmp(type, "a string") != 0)
		return ng_fail(p->err, -ENOMSG, "field \"%s\" is %s, not a string", name, type);
	return by_path ? cut_found(p) : 0;
}

int ng_jsonl_parse(const uint8_t *line, size_t len, const struct ng_jsonl_options *options,
		   struct ng_buf *ret_text, struct ng_buf *ret_meta, struct ng_error *err)
{
	struct parser p = {
		.line = line,
		.len = len,
		.levels = NG_JSON_LEVELS,
		.options = *options,
		.text = ret_text,
		.meta = ret_meta,
		.err = err,
	};
	int r;

	ret_text->len = 0;
	r = parse_object(&p);
	if (r == 0)
		r = check_text(&p);
	ng_buf_free(&p.name);
	return r;
}

int ng_json_is_object(const uint8_t *json, size_t len)
{
	struct ng_field_part part = {.name = "", .index = NG_FIELD_NO_INDEX};
	const struct ng_field none = {.name = "", .len = SIZE_MAX, .parts = &part, .n_parts = 1};
	struct ng_buf meta = NG_BUF_INIT, text = NG_BUF_INIT;
	struct parser p = {
		.line = json,
		.len = len,
		.levels = NG_JSON_LEVELS + 1,
		.options = {.field = &none},
		.text = &text,
		.meta = &meta,
	};
	int r = memchr(json, '\n', len) ? -EBADMSG : parse_object(&p);

	ng_buf_free(&p.name);
	ng_buf_free(&meta);
	ng_buf_free(&text);
	return r == -ENOMEM ? r : r == 0;
}
