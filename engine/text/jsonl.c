#include "text/jsonl.h"

#include <jansson.h>

#include "text/json_string.h"

/* A line on its way through the parser. */
struct parser {
	const uint8_t *line;
	size_t len, pos;
	const char *field;
	size_t field_len;
	struct ng_buf *name; /* scratch: a field's name, decoded */
	struct ng_buf *text, *meta;
	size_t meta_start;      /* of the object in meta */
	const char *field_type; /* NULL: not met yet */
	struct ng_error *err;
};

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_structural(uint8_t c)
{
	return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':';
}

static void skip_space(struct parser *p)
{
	while (p->pos < p->len && is_space(p->line[p->pos]))
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

/* Move over a string literal, from its opening quote to behind its closing one. */
static int skip_string(struct parser *p)
{
	for (p->pos++; p->pos < p->len; p->pos++) {
		if (p->line[p->pos] == '\\') {
			p->pos++;
		} else if (p->line[p->pos] == '"') {
			p->pos++;
			return 0;
		}
	}
	return ng_fail(p->err, -EBADMSG, "no closing quote (the line ends in a string)");
}

/* Copy a value to the metadata, up to the ',' or '}' that ends it. White space goes only where a
 * structural character stands beside it, so that what was no JSON does not become JSON. */
static int copy_value(struct parser *p)
{
	bool space = false, structural = true;
	size_t depth = 0;

	while (p->pos < p->len) {
		size_t from = p->pos;
		uint8_t c = p->line[from];
		int r = 0;

		if (is_space(c)) {
			space = true;
			p->pos++;
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}'))
			return 0;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		if (c == '"')
			r = skip_string(p);
		else
			p->pos++;
		if (r == 0 && space && !structural && !is_structural(c))
			r = ng_buf_append(p->meta, " ", 1);
		if (r == 0)
			r = ng_buf_append(p->meta, p->line + from, p->pos - from);
		if (r < 0)
			return r;
		structural = is_structural(c);
		space = false;
	}
	return expected(p, "a comma or the closing brace");
}

static const char *type_of(uint8_t c)
{
	switch (c) {
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

/* The name of a field: line[from..to) with its quotes. */
static int is_text_field(struct parser *p, size_t from, size_t to, bool *ret)
{
	size_t n = to - from - 2, pos = from + 1;
	int r;

	if (memchr(p->line + from, '\\', to - from)) {
		r = ng_json_string_decode(p->line, to, &pos, p->name, p->err);
		if (r < 0)
			return r;
		*ret = p->name->len == p->field_len &&
		       memcmp(p->name->data, p->field, p->field_len) == 0;
		return 0;
	}
	*ret = n == p->field_len && memcmp(p->line + from + 1, p->field, n) == 0;
	return 0;
}

/* "name": value */
static int parse_member(struct parser *p)
{
	size_t from = p->pos, to;
	bool is_text;
	int r;

	if (!at(p, '"'))
		return expected(p, "a field name in quotes");
	r = skip_string(p);
	if (r < 0)
		return r;
	to = p->pos;
	r = is_text_field(p, from, to, &is_text);
	if (r < 0)
		return r;
	skip_space(p);
	if (!at(p, ':'))
		return expected(p, "a colon");
	p->pos++;
	skip_space(p);
	if (p->pos >= p->len)
		return expected(p, "a value");
	if (is_text) {
		if (p->field_type)
			return ng_fail(p->err, -EBADMSG, "field \"%s\" stands here twice",
				       p->field);
		p->field_type = at(p, '"') ? "a string" : type_of(p->line[p->pos]);
	}
	if (is_text && at(p, '"')) {
		p->pos++;
		return ng_json_string_decode(p->line, p->len, &p->pos, p->text, p->err);
	}
	if (p->meta->len > p->meta_start + 1)
		r = ng_buf_append(p->meta, ",", 1);
	if (r == 0)
		r = ng_buf_append(p->meta, p->line + from, to - from);
	if (r == 0)
		r = ng_buf_append(p->meta, ":", 1);
	return r < 0 ? r : copy_value(p);
}

static int parse_object(struct parser *p)
{
	bool first = true;
	int r;

	skip_space(p);
	if (!at(p, '{'))
		return expected(p, "a JSON object");
	p->pos++;
	r = ng_buf_append(p->meta, "{", 1);
	if (r < 0)
		return r;
	for (;; first = false) {
		skip_space(p);
		if (first && at(p, '}'))
			break;
		r = parse_member(p);
		if (r < 0)
			return r;
		skip_space(p);
		if (at(p, '}'))
			break;
		if (!at(p, ','))
			return expected(p, "a comma or the closing brace");
		p->pos++;
	}
	p->pos++;
	skip_space(p);
	if (p->pos < p->len)
		return expected(p, "the end of the line");
	return ng_buf_append(p->meta, "}", 1);
}

/* Is what was copied an object, in all its depth? */
static int check_meta(const struct parser *p)
{
	const char *data = (const char *)p->meta->data + p->meta_start;
	size_t len = p->meta->len - p->meta_start;
	json_error_t e;
	json_t *json;

	if (len == 2)
		return 0;
	json = json_loadb(data, len,
			  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &e);
	if (!json && json_error_code(&e) == json_error_out_of_memory)
		return -ENOMEM;
	if (!json)
		return ng_fail(p->err, -EBADMSG, "no JSON: %s", e.text);
	json_decref(json);
	return 0;
}

int ng_jsonl_parse(const uint8_t *line, size_t len, const char *field, struct ng_buf *ret_text,
		   struct ng_buf *ret_meta, struct ng_error *err)
{
	struct ng_buf name ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct parser p = {
		.line = line,
		.len = len,
		.field = field,
		.field_len = strlen(field),
		.name = &name,
		.text = ret_text,
		.meta = ret_meta,
		.meta_start = ret_meta->len,
		.err = err,
	};
	int r;

	ret_text->len = 0;
	r = parse_object(&p);
	if (r == 0)
		r = check_meta(&p);
	if (r < 0)
		return r;
	if (!p.field_type)
		return ng_fail(err, -ENOMSG,
			       "no field \"%s\" (--text-field names the field with the text)",
			       field);
	if (strcmp(p.field_type, "a string") != 0)
		return ng_fail(err, -ENOMSG, "field \"%s\" is %s, not a string", field,
			       p.field_type);
	return 0;
}
