/* SPDX-License-Identifier: Apache-2.0 */
#include "text/reader_internal.h"

#include "base/json.h"
#include "text/detect.h"

#define KEEP_BYTES (16u << 20) /* of a buffer, between documents */

/* Metadata and escapes may make an object larger than the text in it. */
#define OBJECT_TIMES 2u

int ng_reader_new(const struct ng_source_options *options, struct ng_source_stats *stats,
		  struct ng_reader **ret_reader)
{
	struct ng_reader *reader ng_cleanup(ng_reader_freep) = calloc(1, sizeof(*reader));
	const char *field = options->text_field ? options->text_field : "text";

	if (!reader || ng_field_parse(field, &reader->field) < 0)
		return -ENOMEM;
	reader->options = options;
	reader->stats = stats;
	*ret_reader = ng_steal_ptr(&reader);
	return 0;
}

void ng_reader_stop(struct ng_reader *reader)
{
	ng_reader_end_table(reader);
	reader->input = ng_input_free(reader->input);
}

struct ng_reader *ng_reader_free(struct ng_reader *reader)
{
	if (!reader)
		return NULL;
	ng_reader_stop(reader);
	ng_field_clear(&reader->field);
	ng_buf_free(&reader->lines.carry);
	ng_buf_free(&reader->objects.carry);
	ng_buf_free(&reader->text);
	ng_buf_free(&reader->meta);
	free(reader);
	return NULL;
}

void ng_reader_trim(struct ng_buf *buf, size_t keep)
{
	uint8_t *data = buf->cap > KEEP_BYTES && keep ? realloc(buf->data, keep) : NULL;

	if (data) {
		buf->data = data;
		buf->cap = keep;
	} else if (buf->cap > KEEP_BYTES && !keep) {
		ng_buf_free(buf);
	}
	buf->len = keep;
}

/* Put what an errno alone says into words; err may hold a text from below already. */
static int explain(const struct ng_reader *reader, int code, struct ng_error *err)
{
	if (code == -ENOMEM)
		return ng_fail(err, code, "%s: out of memory", reader->label);
	return code;
}

static uint64_t object_bytes_max(const struct ng_reader *reader)
{
	uint64_t max = reader->options->max_doc_bytes;

	return max > UINT64_MAX / OBJECT_TIMES ? UINT64_MAX : max * OBJECT_TIMES;
}

/* The file is JSON, and becomes a text, which may not be what was meant. */
static int note_json_text(struct ng_reader *reader, const struct ng_error *why,
			  struct ng_error *err)
{
	char reason[sizeof(why->text) + 64];

	if (!reader->stats->json_texts)
		ng_reader_why(reader, why->text, &reader->json_text);
	reader->stats->json_texts++;
	snprintf(reason, sizeof(reason), "not passed over, but taken for a text: JSON, %s",
		 why->text);
	return ng_passed_note(&reader->stats->passed, reader->path, reason, err);
}

const char *ng_reader_json_text(const struct ng_reader *reader)
{
	return reader->json_text.text;
}

/* A file or member that is no text. */
static int pass_binary(struct ng_reader *reader, const char *path, const struct ng_detected *found,
		       struct ng_error *err)
{
	struct ng_passed *passed = &reader->stats->passed;

	return found->signature ? ng_passed_add_known(passed, path, found->signature, err)
				: ng_passed_add(passed, NG_PASSED_BINARY, path, err);
}

/* A file that was named is no text: say what it is, and what makes text of it. */
static int refuse(const struct ng_reader *reader, const struct ng_signature *signature,
		  struct ng_error *err)
{
	if (!signature)
		return ng_fail(err, -EBADMSG,
			       "%s: a binary file (a NUL in its first 8 KiB); --format text takes "
			       "it as a document",
			       reader->label);
	if (!signature->remedy)
		return ng_fail(err, -EBADMSG, "%s: %s, which cannot be read in this format",
			       reader->label, signature->name);
	return ng_fail(err, -EBADMSG, "%s: %s, which is not read; pipe it: %s", reader->label,
		       signature->name, signature->remedy);
}

/* The format was said: is the file something that cannot have it? As text any bytes will do, and
 * as lines all but those of another encoding. */
static int check_format(const struct ng_reader *reader, struct ng_error *err)
{
	struct ng_detected found;
	int r;

	if (reader->format == NG_SOURCE_TEXT || ng_input_is_archive(reader->input))
		return 0;
	r = ng_detect_binary(reader->input, &found, err);
	if (r < 0 || !found.signature)
		return r;
	if (reader->format == NG_SOURCE_LINES && strncmp(found.signature->name, "UTF-", 4) != 0)
		return 0;
	return refuse(reader, found.signature, err);
}

/* AUTO: what is this file? */
static int detect(struct ng_reader *reader, struct ng_error *err)
{
	const struct ng_detect_params params = {
		.path = reader->path,
		.json = {.field = &reader->field},
		.column = reader->field.name,
		.in_tree = reader->in_tree,
		.max_bytes = object_bytes_max(reader),
	};
	struct ng_detected found;
	int r = ng_detect(reader->input, &params, &found, err);

	if (r < 0)
		return r;
	reader->format = found.format;
	if (found.binary && !reader->in_tree)
		return refuse(reader, found.signature, err);
	if (found.binary)
		r = pass_binary(reader, reader->path, &found, err);
	if (found.csv_text) {
		reader->stats->csv_texts++;
		r = ng_passed_note(&reader->stats->passed, reader->path,
				   "not passed over, but taken for a text: CSV without the text's "
				   "column",
				   err);
	}
	if (found.json_text)
		r = note_json_text(reader, &found.why, err);
	reader->done = found.binary || (found.empty && strcmp(reader->path, "-") == 0);
	return r;
}

/* {"path":"...": what every document of this file begins with. */
static int begin_meta(struct ng_reader *reader, const char *path, size_t len)
{
	int r;

	reader->meta.len = 0;
	r = ng_buf_append(&reader->meta, "{\"path\":", 8);
	if (r == 0)
		r = ng_json_name(&reader->meta, path, len);
	reader->meta_keep = reader->meta.len;
	return r;
}

int ng_reader_start(struct ng_reader *reader, const char *path, bool in_tree, struct ng_error *err)
{
	enum ng_source_format format = reader->options->format;
	struct ng_input_params params = {
		.path = path,
		.label = reader->label,
		.stdin_dash = !in_tree,
		.regular_only = in_tree,
		.no_follow = in_tree && reader->options->no_follow,
		.ahead = reader->options->ahead,
		.tar = NG_INPUT_TAR_NEVER,
		.cancel = reader->options->cancel,
		.memory_bytes = reader->options->unpack_bytes,
		.input_bytes = &reader->stats->input_bytes,
		.padded_files = &reader->stats->padded_files,
	};
	int r;

	ng_reader_stop(reader);
	reader->path = path;
	reader->in_tree = in_tree;
	reader->done = false;
	reader->record = NULL;
	ng_printable(path, strlen(path), reader->label, sizeof(reader->label));
	if (format == NG_SOURCE_TAR)
		params.tar = NG_INPUT_TAR_ALWAYS;
	else if (format == NG_SOURCE_ZIP)
		params.tar = NG_INPUT_ZIP_ALWAYS;
	else if (format == NG_SOURCE_7Z)
		params.tar = NG_INPUT_7Z_ALWAYS;
	else if (format == NG_SOURCE_AUTO)
		params.tar = NG_INPUT_TAR_DETECT;
	r = ng_input_open(&params, &reader->input, err);
	if (r < 0)
		return r;
	reader->format = format;
	r = format == NG_SOURCE_AUTO ? detect(reader, err) : check_format(reader, err);
	if (r < 0)
		return explain(reader, r, err);
	ng_lines_start(&reader->lines, reader->input);
	ng_objects_start(&reader->objects, reader->input);
	reader->lines.max_bytes = reader->format == NG_SOURCE_LINES ? reader->options->max_doc_bytes
								    : object_bytes_max(reader);
	reader->objects.max_bytes = object_bytes_max(reader);
	r = begin_meta(reader, path, strlen(path));
	if (r == 0)
		r = ng_reader_begin_table(reader);
	return explain(reader, r, err);
}

int ng_reader_give(struct ng_reader *reader, const uint8_t *text, size_t len,
		   struct ng_source_doc *ret_doc)
{
	int r = ng_buf_append(&reader->meta, "}", 1);

	if (r < 0)
		return r;
	*ret_doc = (struct ng_source_doc){
		.text = len ? text : (const uint8_t *)"",
		.text_bytes = len,
		.meta = (const char *)reader->meta.data,
		.meta_bytes = reader->meta.len,
	};
	reader->stats->docs++;
	reader->stats->text_bytes += len;
	return 1;
}

/* The rest of a file or member. -EFBIG: err is the reason alone, and nothing else of it is bad. */
static int read_whole(struct ng_reader *reader, struct ng_error *err)
{
	uint64_t max = reader->options->max_doc_bytes;
	const uint8_t *data;
	size_t len;
	int r;

	ng_reader_trim(&reader->text, 0);
	while ((r = ng_input_read(reader->input, &data, &len, err)) > 0) {
		if (max && len > max - reader->text.len)
			return ng_fail(err, -EFBIG,
				       "a document of more than %llu bytes, which is all that "
				       "--memory allows",
				       (unsigned long long)max);
		r = ng_buf_append(&reader->text, data, len);
		if (r < 0)
			return r;
	}
	return r;
}

/* The rest of a file or member as a document: 1, or 0 when it was rejected. */
static int whole_document(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			  struct ng_error *err)
{
	struct ng_error why = {0};
	int r = read_whole(reader, &why);

	if (r == -EFBIG)
		return ng_reader_reject(reader, why.text, err);
	if (r < 0)
		return ng_fail(err, r, "%s", why.text);
	return ng_reader_give(reader, reader->text.data, reader->text.len, ret_doc);
}

static int next_text(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	if (reader->done)
		return 0;
	reader->done = true;
	return whole_document(reader, ret_doc, err);
}

static int next_member(struct ng_reader *reader, struct ng_source_doc *ret_doc,
		       struct ng_error *err)
{
	for (;;) {
		struct ng_buf path ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		struct ng_detected found;
		const char *name;
		int r;

		r = ng_input_next_member(reader->input, &name, err);
		if (r <= 0)
			return r;
		r = ng_buf_printf(&path, "%s/%s", reader->path, name);
		if (r == 0)
			r = begin_meta(reader, (const char *)path.data, path.len);
		if (r == 0)
			r = ng_detect_binary(reader->input, &found, err);
		if (r < 0)
			return r;
		ng_printable((const char *)path.data, path.len, reader->member,
			     sizeof(reader->member));
		r = found.binary ? pass_binary(reader, (const char *)path.data, &found, err)
				 : whole_document(reader, ret_doc, err);
		if (r != 0)
			return r;
	}
}

int ng_reader_next(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	int r = 0;

	switch (reader->format) {
	case NG_SOURCE_JSONL:
		r = ng_reader_next_jsonl(reader, ret_doc, err);
		break;
	case NG_SOURCE_LINES:
		r = ng_reader_next_line(reader, ret_doc, err);
		break;
	case NG_SOURCE_JSON:
		r = ng_reader_next_json(reader, ret_doc, err);
		break;
	case NG_SOURCE_WARC:
		r = ng_reader_next_warc(reader, ret_doc, err);
		break;
	case NG_SOURCE_CSV:
	case NG_SOURCE_TSV:
		r = ng_reader_next_csv(reader, ret_doc, err);
		break;
	case NG_SOURCE_TAR:
	case NG_SOURCE_ZIP:
	case NG_SOURCE_7Z:
		r = next_member(reader, ret_doc, err);
		break;
	case NG_SOURCE_TEXT:
	case NG_SOURCE_AUTO:
		r = next_text(reader, ret_doc, err);
		break;
	}
	return explain(reader, r, err);
}

int ng_reader_reject(struct ng_reader *reader, const char *why, struct ng_error *err)
{
	struct ng_error full;

	ng_reader_why(reader, why, &full);
	if (!reader->options->skip_bad)
		return ng_fail(err, -EBADMSG, "%s", full.text);
	reader->stats->bad_docs++;
	return ng_reject_write(reader->options->skip_bad, full.text, reader->record,
			       reader->record_bytes, err);
}
