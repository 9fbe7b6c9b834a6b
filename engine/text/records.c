/* SPDX-License-Identifier: Apache-2.0 */
#include "text/reader_internal.h"

#include "text/detect.h"

void ng_reader_why(const struct ng_reader *reader, const char *why, struct ng_error *ret)
{
	const struct ng_objects *objects = &reader->objects;

	switch (reader->format) {
	case NG_SOURCE_JSONL:
	case NG_SOURCE_LINES:
		ng_fail(ret, 0, "%s:%llu: %s", reader->label,
			(unsigned long long)reader->lines.number, why);
		break;
	case NG_SOURCE_JSON:
		ng_fail(ret, 0, "%s:%llu: object %llu: %s", reader->label,
			(unsigned long long)objects->line, (unsigned long long)objects->number,
			why);
		break;
	case NG_SOURCE_CSV:
	case NG_SOURCE_TSV:
		ng_fail(ret, 0, "%s:%llu: %s", reader->label,
			(unsigned long long)ng_csv_line(reader->csv), why);
		break;
	case NG_SOURCE_TAR:
	case NG_SOURCE_ZIP:
	case NG_SOURCE_7Z:
		ng_fail(ret, 0, "%s: %s", reader->member, why);
		break;
	default:
		ng_fail(ret, 0, "%s: %s", reader->label, why);
	}
}

/* JSON cannot be followed any more, or the file cannot be read. */
static int broken(const struct ng_reader *reader, int code, const struct ng_error *why,
		  struct ng_error *err)
{
	if (code == -EPROTO)
		return ng_fail(err, -EBADMSG, "%s:%s", reader->label, why->text);
	return *why->text ? ng_fail(err, code, "%s", why->text) : code;
}

/* The line or object is larger than memory; its pieces go past. */
static int reject_long(struct ng_reader *reader, uint64_t max, struct ng_error *err)
{
	bool is_object = reader->format == NG_SOURCE_JSON;
	FILE *file = reader->options->skip_bad;
	struct ng_error why, full, bad = {0};
	const uint8_t *data;
	size_t len;
	int r, written;

	ng_fail(&why, 0, "%s of more than %llu bytes, which is all that --memory allows",
		is_object ? "an object" : "a line", (unsigned long long)max);
	ng_reader_why(reader, why.text, &full);
	if (!file)
		return ng_fail(err, -EBADMSG, "%s", full.text);
	reader->stats->bad_docs++;
	ng_reject_begin(file, full.text);
	while ((r = is_object ? ng_objects_rest(&reader->objects, &data, &len, &bad)
			      : ng_lines_rest(&reader->lines, &data, &len, &bad)) > 0)
		ng_reject_piece(file, data, len);
	written = ng_reject_end(file, err);
	return r < 0 ? broken(reader, r, &bad, err) : written;
}

/* A line of JSONL is no object: perhaps it is a part of JSON that goes over several lines, or an
 * array. */
static const char *advice(const uint8_t *line, size_t len)
{
	struct ng_json_scan scan = {0};
	size_t used;

	while (len && ng_is_blank(line, 1)) {
		line++;
		len--;
	}
	if (len && (*line == '[' || (*line == '{' && ng_json_scan(&scan, line, len, &used) == 0 &&
				     !scan.in_string)))
		return " (--format=json reads arrays, and objects that go over several lines)";
	return "";
}

/* Read an object into text and meta, where number, under this name, stands already: 1 with the
 * document, 0 when it was rejected. */
static int take_object(struct ng_reader *reader, const char *name, uint64_t number,
		       const uint8_t *object, size_t len, struct ng_source_doc *ret_doc,
		       struct ng_error *err)
{
	const struct ng_jsonl_options json = {.field = &reader->field,
					      .replace = reader->options->replace_bad_unicode};
	struct ng_error why = {0}, advised;
	int r;

	ng_reader_trim(&reader->text, 0);
	ng_reader_trim(&reader->meta, reader->meta_keep);
	r = ng_buf_printf(&reader->meta, ",\"%s\":%llu,\"metadata\":", name,
			  (unsigned long long)number);
	if (r == 0)
		r = ng_jsonl_parse(object, len, &json, &reader->text, &reader->meta, &why);
	if (r == 0)
		return ng_reader_give(reader, reader->text.data, reader->text.len, ret_doc);
	if (r == -ENOMEM)
		return r;
	ng_fail(&advised, 0, "%s%s", why.text,
		reader->format == NG_SOURCE_JSONL && r == -EBADMSG ? advice(object, len) : "");
	return ng_reader_reject(reader, advised.text, err);
}

int ng_reader_next_jsonl(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			 struct ng_error *err)
{
	for (;;) {
		const uint8_t *json;
		size_t len;
		int r = ng_lines_next(&reader->lines, &reader->record, &reader->record_bytes, err);

		if (r == -EFBIG) {
			r = reject_long(reader, reader->lines.max_bytes, err);
			if (r < 0)
				return r;
			continue;
		}
		if (r <= 0)
			return r;
		json = reader->record;
		len = reader->record_bytes;
		/* Editors on Windows put this before the first line, which may come to be another
		 * one where files are joined. */
		if (len >= 3 && memcmp(json, "\xef\xbb\xbf", 3) == 0) {
			json += 3;
			len -= 3;
		}
		if (ng_is_blank(json, len)) {
			reader->stats->blank_lines++;
			continue;
		}
		r = take_object(reader, "line", reader->lines.number, json, len, ret_doc, err);
		if (r != 0)
			return r;
	}
}

int ng_reader_next_json(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			struct ng_error *err)
{
	for (;;) {
		struct ng_error why = {0};
		int r = ng_objects_next(&reader->objects, &reader->record, &reader->record_bytes,
					&why);

		if (r == -EFBIG) {
			r = reject_long(reader, reader->objects.max_bytes, err);
			if (r < 0)
				return r;
			continue;
		}
		if (r < 0)
			return broken(reader, r, &why, err);
		if (r == 0)
			return 0;
		r = take_object(reader, "item", reader->objects.number, reader->record,
				reader->record_bytes, ret_doc, err);
		if (r != 0)
			return r;
	}
}

int ng_reader_next_line(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			struct ng_error *err)
{
	int r;

	while ((r = ng_lines_next(&reader->lines, &reader->record, &reader->record_bytes, err)) ==
	       -EFBIG) {
		r = reject_long(reader, reader->lines.max_bytes, err);
		if (r < 0)
			return r;
	}
	if (r <= 0)
		return r;
	reader->meta.len = reader->meta_keep;
	r = ng_buf_printf(&reader->meta, ",\"line\":%llu",
			  (unsigned long long)reader->lines.number);
	return r < 0 ? r : ng_reader_give(reader, reader->record, reader->record_bytes, ret_doc);
}
