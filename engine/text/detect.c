/* SPDX-License-Identifier: Apache-2.0 */
#include "text/detect.h"

#include <strings.h>

#include "text/csv.h"
#include "text/json_scan.h"
#include "text/sniff.h"
#include "text/warc.h"

#define ARRAY_LOOK_BYTES (64u << 10) /* of an array that isn't one of objects */

static bool has_suffix(const char *name, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && strncasecmp(name + len - n, suffix, n) == 0;
}

/* The name, without what compression adds to it. */
static size_t bare_name_len(const char *name)
{
	static const char *const packed[] = {".gz",  ".bz2", ".xz",   ".zst", ".zstd",
					     ".lz4", ".lz",  ".lzma", ".Z"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ng_array_size(packed); i++)
		if (has_suffix(name, len, packed[i]))
			return len - strlen(packed[i]);
	return len;
}

bool ng_is_blank(const uint8_t *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n')
			return false;
	return true;
}

/* What was read of a file so far, and a place in it. */
struct head {
	struct ng_input *input;
	const struct ng_buf *buf;
	size_t at;
	uint64_t max_bytes; /* of buf; 0: any */
};

/* See that a byte is at the place: 1; 0 at the end of the file, or as far as may be looked. */
static int head_fill(struct head *head, struct ng_error *err)
{
	while (head->at >= head->buf->len) {
		int r;

		if (head->max_bytes && head->buf->len > head->max_bytes)
			return 0;
		r = ng_input_peek(head->input, &head->buf, err);
		if (r <= 0)
			return r;
	}
	return 1;
}

/* Go to the next byte that isn't blank; *ret_newline: over the end of a line. */
static int head_pass_blank(struct head *head, bool *ret_newline, struct ng_error *err)
{
	int r;

	*ret_newline = false;
	while ((r = head_fill(head, err)) > 0 && ng_is_blank(head->buf->data + head->at, 1))
		*ret_newline |= head->buf->data[head->at++] == '\n';
	return r;
}

static bool head_is(const struct head *head, uint8_t c)
{
	return head->at < head->buf->len && head->buf->data[head->at] == c;
}

enum object_kind {
	OBJECT_NONE, /* no JSON object */
	OBJECT_LONG, /* the beginning of one; its end is too far away to be looked for */
	OBJECT_WITHOUT,
	OBJECT_WITH_TEXT, /* or its field twice */
};

/* Look at what stands here, and go behind it; *ret_lines: it goes over several lines. why: what
 * ng_jsonl_parse says about it. */
static int head_object(struct head *head, const struct ng_jsonl_options *json,
		       enum object_kind *ret_kind, bool *ret_lines, struct ng_error *why,
		       struct ng_error *err)
{
	/* Whether it is a document is not the same as what it is. */
	const struct ng_jsonl_options lenient = {.field = json->field, .replace = true};
	struct ng_buf text ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf meta ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_json_scan scan = {.strict = true};
	size_t from = head->at, used;
	const uint8_t *data;
	int r = 1, ends = 0;

	*ret_kind = OBJECT_NONE;
	while (!ends && (r = head_fill(head, err)) > 0) {
		ends = ng_json_scan(&scan, head->buf->data + head->at, head->buf->len - head->at,
				    &used);
		head->at += used;
	}
	if (r < 0 || ends < 0)
		return r < 0 ? r : 0;
	data = head->buf->data + from;
	*ret_lines = memchr(data, '\n', head->at - from);
	if (!ends) {
		if (head->max_bytes && head->buf->len > head->max_bytes)
			*ret_kind = OBJECT_LONG;
		return 0;
	}
	r = ng_jsonl_parse(data, head->at - from, &lenient, &text, &meta, why);
	if (r == -ENOMEM)
		return r;
	if (r == 0 || r == -ENOTUNIQ)
		*ret_kind = OBJECT_WITH_TEXT;
	else if (r == -ENOMSG)
		*ret_kind = OBJECT_WITHOUT;
	return 0;
}

/* What begins at from is no JSON. Was it meant to be an object with the text? It ends on its line,
 * or the line ends in a string, and the name of the text's field stands in it as it does in JSON.
 */
static bool is_nearly_object(const struct head *head, size_t from, const struct ng_field *field)
{
	const char *name = field->parts[field->n_parts - 1].name;
	size_t name_len = field->parts[field->n_parts - 1].len, len = head->buf->len - from, used;
	const uint8_t *at = head->buf->data + from, *newline = memchr(at, '\n', len), *end;
	struct ng_json_scan scan = {0};

	len = newline ? (size_t)(newline - at) : len;
	if (ng_json_scan(&scan, at, len, &used) == 0 && newline && !scan.in_string)
		return false;
	end = at + used;
	at++; /* behind the brace, so that something stands before every name */
	while (name_len && at < end && (at = memmem(at, (size_t)(end - at), name, name_len))) {
		const uint8_t *behind = at + name_len;

		if (at[-1] == '"' && behind < end && *behind == '"') {
			do
				behind++;
			while (behind < end && ng_is_blank(behind, 1));
			if (behind < end && *behind == ':')
				return true;
		}
		at++;
	}
	return false;
}

/* The first line is an object without the text: does another object follow, on a line of its own?
 */
static int detect_next(struct head *head, const struct ng_detect_params *params,
		       struct ng_detected *found, struct ng_error *err)
{
	enum object_kind kind = OBJECT_NONE;
	bool lines = false, newline;
	int r = head_pass_blank(head, &newline, err);

	if (r > 0 && head_is(head, '{'))
		r = head_object(head, &params->json, &kind, &lines, NULL, err);
	if (r < 0)
		return r;
	found->json_text = kind == OBJECT_NONE || (lines && kind != OBJECT_LONG);
	if (!found->json_text)
		found->format = NG_SOURCE_JSONL;
	return 0;
}

/* Is that an array, in all its depth? 1, 0, or -ENOMEM. */
static int is_array(const uint8_t *data, size_t len)
{
	struct ng_buf object ng_cleanup(ng_buf_free) = NG_BUF_INIT;

	if (ng_buf_append(&object, "{\"\":", 4) < 0 || ng_buf_append(&object, data, len) < 0 ||
	    ng_buf_append(&object, "}", 1) < 0)
		return -ENOMEM;
	/* It has to be on one line. */
	for (size_t i = 0; i < object.len; i++)
		object.data[i] = object.data[i] == '\n' ? ' ' : object.data[i];
	return ng_json_is_object(object.data, object.len);
}

/* A bracket stands at from, and no object behind it: is that an array of JSON all the same, as far
 * as may be looked? Texts begin with brackets, too. */
static int detect_array(struct head *head, size_t from, struct ng_detected *found,
			struct ng_error *err)
{
	struct ng_json_scan scan = {.strict = true};
	size_t used;
	bool newline;
	int r = 1, ends = 0;

	head->at = from;
	while (!ends && head->at - from < ARRAY_LOOK_BYTES && (r = head_fill(head, err)) > 0) {
		ends = ng_json_scan(&scan, head->buf->data + head->at, head->buf->len - head->at,
				    &used);
		head->at += used;
	}
	if (r <= 0 || ends < 0)
		return ng_min(r, 0);
	if (ends) {
		size_t end = head->at;

		r = head_pass_blank(head, &newline, err);
		if (r < 0)
			return r;
		r = r > 0 ? 0 : is_array(head->buf->data + from, end - from);
		if (r <= 0)
			return r;
	}
	found->json_text = true;
	return ng_fail(&found->why, 0, "an array, but not of objects");
}

/* Leaves *found as it is where there is no JSON. */
static int detect_json(struct ng_input *input, const struct ng_detect_params *params,
		       const struct ng_buf *buf, bool named, struct ng_detected *found,
		       struct ng_error *err)
{
	struct head head = {.input = input, .buf = buf, .max_bytes = params->max_bytes};
	bool mark = buf->len >= 3 && memcmp(buf->data, "\xef\xbb\xbf", 3) == 0;
	bool in_array, lines = false, newline;
	enum object_kind kind = OBJECT_NONE;
	size_t from;
	int r;

	head.at = mark ? 3 : 0;
	r = head_pass_blank(&head, &newline, err);
	in_array = head_is(&head, '[');
	from = head.at;
	if (r > 0 && in_array) {
		head.at++;
		r = head_pass_blank(&head, &newline, err);
	}
	if (r > 0 && in_array && !head_is(&head, '{') && !named)
		return detect_array(&head, from, found, err);
	if (r <= 0 || !head_is(&head, '{'))
		return r;
	from = head.at;
	r = head_object(&head, &params->json, &kind, &lines, &found->why, err);
	if (r < 0)
		return r;
	if (kind == OBJECT_NONE) {
		if (is_nearly_object(&head, from, params->json.field))
			found->format = in_array ? NG_SOURCE_JSON : NG_SOURCE_JSONL;
		return 0;
	}
	if (!lines && !in_array && kind != OBJECT_LONG) {
		size_t at = head.at;

		r = head_pass_blank(&head, &newline, err);
		if (r < 0)
			return r;
		lines = r > 0 && !newline && head_is(&head, '{');
		head.at = at;
	}
	if (kind != OBJECT_WITHOUT || named)
		found->format = in_array || lines ? NG_SOURCE_JSON : NG_SOURCE_JSONL;
	else if (in_array || lines)
		found->json_text = true;
	else
		return detect_next(&head, params, found, err);
	return 0;
}

/* By name: most text could be CSV. */
static int detect_csv(const struct ng_detect_params *params, const struct ng_buf *head,
		      struct ng_detected *found, struct ng_error *err)
{
	size_t name_len = bare_name_len(params->path);
	bool csv = has_suffix(params->path, name_len, ".csv");
	int has = 1;

	if (!csv && !has_suffix(params->path, name_len, ".tsv"))
		return 0;
	if (params->in_tree)
		has = ng_csv_has_column(head->data, head->len, csv ? ',' : '\t', params->column);
	if (has < 0)
		return ng_fail(err, has, "%s: out of memory", params->path);
	if (has)
		*found = (struct ng_detected){.format = csv ? NG_SOURCE_CSV : NG_SOURCE_TSV};
	else
		found->csv_text = !found->binary;
	return 0;
}

/* Tell binary from text; *ret_head is what was looked at. */
static int look(struct ng_input *input, const struct ng_buf **ret_head, struct ng_detected *ret,
		struct ng_error *err)
{
	const struct ng_buf *head;
	int r;

	do {
		r = ng_input_peek(input, &head, err);
		if (r < 0)
			return r;
	} while (r > 0 && head->len < NG_SIGNATURE_HEAD_BYTES);
	*ret = (struct ng_detected){
		.format = NG_SOURCE_TEXT,
		.signature = ng_signature_of(head->data, head->len),
		.binary = ng_sniff_nul(head->data, head->len),
		.empty = !head->len,
	};
	ret->binary |= ret->signature != NULL;
	*ret_head = head;
	return 0;
}

int ng_detect_binary(struct ng_input *input, struct ng_detected *ret, struct ng_error *err)
{
	const struct ng_buf *head;

	return look(input, &head, ret, err);
}

int ng_detect(struct ng_input *input, const struct ng_detect_params *params,
	      struct ng_detected *ret, struct ng_error *err)
{
	struct ng_detected found;
	size_t name_len = bare_name_len(params->path);
	const struct ng_buf *head;
	bool named;
	int r;

	if (ng_input_is_archive(input)) {
		*ret = (struct ng_detected){.format = NG_SOURCE_TAR};
		return 0;
	}
	r = look(input, &head, &found, err);
	if (r < 0)
		return r;
	/* Whatever its name says: text in UTF-16 is no JSONL. */
	if (!found.signature && ng_warc_begins(head->data, head->len))
		found = (struct ng_detected){.format = NG_SOURCE_WARC};
	else if (!found.signature)
		r = detect_csv(params, head, &found, err);
	if (r < 0)
		return r;
	if (found.signature || found.format != NG_SOURCE_TEXT || found.csv_text) {
		*ret = found;
		return 0;
	}
	named = has_suffix(params->path, name_len, ".jsonl") ||
		has_suffix(params->path, name_len, ".ndjson");
	if (named)
		found.format = NG_SOURCE_JSONL;
	r = detect_json(input, params, head, named, &found, err);
	if (r < 0)
		return r;
	if (found.format != NG_SOURCE_TEXT || found.json_text)
		found.binary = false;
	*ret = found;
	return 0;
}
