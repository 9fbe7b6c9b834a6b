#include "text/reader.h"

#include "base/json.h"
#include "text/csv.h"
#include "text/detect.h"
#include "text/jsonl.h"
#include "text/lines.h"
#include "text/reject.h"
#include "text/sniff.h"
#include "text/warc.h"

#define KEEP_BYTES (16u << 20) /* of a buffer, between documents */

struct ng_reader {
	const struct ng_source_options *options;
	const char *field;
	struct ng_source_stats *stats;
	const char *path;
	char label[NG_REJECT_NAME_BYTES]; /* path, as messages show it */
	bool in_tree;
	struct ng_input *input;
	enum ng_source_format format; /* of this file; never AUTO once it is started */
	bool done;                    /* TEXT: the one document was given out */
	struct ng_lines lines;
	struct ng_warc *warc;
	struct ng_csv *csv;
	struct ng_buf text, meta;
	size_t meta_keep; /* bytes of meta that all lines of this file share */
};

int ng_reader_new(const struct ng_source_options *options, struct ng_source_stats *stats,
		  struct ng_reader **ret_reader)
{
	struct ng_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->options = options;
	reader->field = options->text_field ? options->text_field : "text";
	reader->stats = stats;
	reader->lines.max_bytes = options->max_doc_bytes;
	*ret_reader = reader;
	return 0;
}

void ng_reader_stop(struct ng_reader *reader)
{
	reader->warc = ng_warc_free(reader->warc);
	reader->csv = ng_csv_free(reader->csv);
	reader->input = ng_input_free(reader->input);
}

struct ng_reader *ng_reader_free(struct ng_reader *reader)
{
	if (!reader)
		return NULL;
	ng_reader_stop(reader);
	ng_buf_free(&reader->lines.carry);
	ng_buf_free(&reader->text);
	ng_buf_free(&reader->meta);
	free(reader);
	return NULL;
}

/* One huge document must not hold its memory to the end of the build. */
static void trim(struct ng_buf *buf)
{
	if (buf->cap > KEEP_BYTES)
		ng_buf_free(buf);
	buf->len = 0;
}

/* Put what an errno alone says into words; err may hold a text from below already. */
static int explain(const struct ng_reader *reader, int code, struct ng_error *err)
{
	if (code == -ENOMEM)
		return ng_fail(err, code, "%s: out of memory", reader->label);
	if (code == -EFBIG)
		return ng_fail(err, code,
			       "%s: a document larger than %llu bytes, more than memory allows "
			       "(behind line %llu)",
			       reader->label, (unsigned long long)reader->options->max_doc_bytes,
			       (unsigned long long)reader->lines.number);
	return code;
}

/* Editors on Windows put this before the first line. */
static void skip_bom(const uint8_t **line, size_t *len)
{
	if (*len >= 3 && memcmp(*line, "\xef\xbb\xbf", 3) == 0) {
		*line += 3;
		*len -= 3;
	}
}

/* A file or member that is no text: counted. */
static void count_binary(struct ng_reader *reader, const struct ng_detected *found)
{
	reader->stats->binary_files++;
	if (found->signature)
		reader->stats->unread_files[ng_signature_index(found->signature)]++;
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
		.field = reader->field,
		.in_tree = reader->in_tree,
		.max_bytes = reader->options->max_doc_bytes,
	};
	struct ng_detected found;
	int r = ng_detect(reader->input, &params, &found, err);

	if (r < 0)
		return r;
	reader->format = found.format;
	if (found.binary && !reader->in_tree)
		return refuse(reader, found.signature, err);
	if (found.binary)
		count_binary(reader, &found);
	reader->stats->csv_texts += found.csv_text;
	reader->done = found.binary || (found.empty && strcmp(reader->path, "-") == 0);
	return 0;
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

static int input_next(void *userdata, const uint8_t **ret_data, size_t *ret_len,
		      struct ng_error *err)
{
	return ng_input_read(userdata, ret_data, ret_len, err);
}

/* Formats with a reader of their own. */
static int begin_format(struct ng_reader *reader)
{
	const struct ng_warc_params warc = {
		.next = input_next,
		.userdata = reader->input,
		.max_bytes = reader->options->max_doc_bytes,
		.memory_bytes = NG_INPUT_MEMORY / 4,
	};
	const struct ng_csv_params csv = {
		.next = input_next,
		.userdata = reader->input,
		.separator = reader->format == NG_SOURCE_TSV ? '\t' : ',',
		.field = reader->field,
		.max_bytes = reader->options->max_doc_bytes,
	};

	switch (reader->format) {
	case NG_SOURCE_WARC:
		return ng_warc_new(&warc, &reader->warc);
	case NG_SOURCE_CSV:
	case NG_SOURCE_TSV:
		return ng_csv_new(&csv, &reader->csv);
	default:
		return 0;
	}
}

int ng_reader_start(struct ng_reader *reader, const char *path, bool in_tree, struct ng_error *err)
{
	enum ng_source_format format = reader->options->format;
	struct ng_input_params params = {
		.path = path,
		.label = reader->label,
		.stdin_dash = !in_tree,
		.regular_only = in_tree,
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
	ng_reject_name(path, strlen(path), reader->label);
	ng_lines_start(&reader->lines, NULL);
	if (format == NG_SOURCE_TAR)
		params.tar = NG_INPUT_TAR_ALWAYS;
	else if (format == NG_SOURCE_ZIP)
		params.tar = NG_INPUT_ZIP_ALWAYS;
	else if (format == NG_SOURCE_7Z)
		params.tar = NG_INPUT_7Z_ALWAYS;
	else if (format == NG_SOURCE_AUTO && !in_tree)
		params.tar = NG_INPUT_TAR_DETECT;
	r = ng_input_open(&params, &reader->input, err);
	if (r < 0)
		return r;
	reader->format = format;
	if (format == NG_SOURCE_AUTO) {
		r = detect(reader, err);
		if (r < 0)
			return explain(reader, r, err);
	} else {
		r = check_format(reader, err);
		if (r < 0)
			return explain(reader, r, err);
	}
	ng_lines_start(&reader->lines, reader->input);
	r = begin_meta(reader, path, strlen(path));
	if (r == 0)
		r = begin_format(reader);
	return explain(reader, r, err);
}

static int give(struct ng_reader *reader, const uint8_t *text, size_t len,
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

/* The rest of a file or member. */
static int read_whole(struct ng_reader *reader, struct ng_error *err)
{
	uint64_t max = reader->options->max_doc_bytes;
	const uint8_t *data;
	size_t len;
	int r;

	trim(&reader->text);
	while ((r = ng_input_read(reader->input, &data, &len, err)) > 0) {
		if (max && len > max - reader->text.len)
			return -EFBIG;
		r = ng_buf_append(&reader->text, data, len);
		if (r < 0)
			return r;
	}
	return r;
}

static int next_text(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	int r;

	if (reader->done)
		return 0;
	reader->done = true;
	r = read_whole(reader, err);
	return r < 0 ? r : give(reader, reader->text.data, reader->text.len, ret_doc);
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
		if (found.binary) {
			count_binary(reader, &found);
			continue;
		}
		r = read_whole(reader, err);
		return r < 0 ? r : give(reader, reader->text.data, reader->text.len, ret_doc);
	}
}

/* The line is no document; why says the reason. */
static int reject(struct ng_reader *reader, const uint8_t *line, size_t len,
		  const struct ng_error *why, struct ng_error *err)
{
	struct ng_error full;

	ng_fail(&full, 0, "%s:%llu: %s", reader->label, (unsigned long long)reader->lines.number,
		why->text);
	if (!reader->options->skip_bad)
		return ng_fail(err, -EBADMSG, "%s", full.text);
	reader->stats->bad_docs++;
	return ng_reject_write(reader->options->skip_bad, full.text, line, len, err);
}

static int next_json(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	for (;;) {
		struct ng_error why = {0};
		const uint8_t *line, *json;
		size_t len, json_len;
		int r;

		r = ng_lines_next(&reader->lines, &line, &len, err);
		if (r <= 0)
			return r;
		json = line;
		json_len = len;
		if (reader->lines.number == 1)
			skip_bom(&json, &json_len);
		if (ng_is_blank(json, json_len)) {
			reader->stats->blank_lines++;
			continue;
		}
		trim(&reader->text);
		reader->meta.len = reader->meta_keep;
		r = ng_buf_printf(&reader->meta, ",\"line\":%llu,\"metadata\":",
				  (unsigned long long)reader->lines.number);
		if (r == 0)
			r = ng_jsonl_parse(json, json_len, reader->field, &reader->text,
					   &reader->meta, &why);
		if (r == 0)
			return give(reader, reader->text.data, reader->text.len, ret_doc);
		if (r == -ENOMEM)
			return r;
		r = reject(reader, line, len, &why, err);
		if (r < 0)
			return r;
	}
}

/* A record is no document; full says where it is, and the reason. */
static int leave_out(struct ng_reader *reader, const struct ng_error *full, struct ng_error *err)
{
	if (!reader->options->skip_bad)
		return ng_fail(err, -EBADMSG, "%s", full->text);
	reader->stats->bad_docs++;
	return ng_reject_write(reader->options->skip_bad, full->text, NULL, 0, err);
}

static int next_warc(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	for (;;) {
		struct ng_error why = {0}, full;
		struct ng_detected found = {0};
		int r;

		trim(&reader->text);
		reader->meta.len = reader->meta_keep;
		r = ng_buf_append(&reader->meta, ",", 1);
		if (r == 0)
			r = ng_warc_next(reader->warc, &reader->text, &reader->meta, &why, err);
		if (r > 0) {
			found.signature = ng_signature_of(reader->text.data, reader->text.len);
			if (!found.signature && !ng_sniff_nul(reader->text.data, reader->text.len))
				return give(reader, reader->text.data, reader->text.len, ret_doc);
			count_binary(reader, &found);
			continue;
		}
		if (r != -EBADMSG || !*why.text)
			return r;
		ng_fail(&full, 0, "%s: %s", reader->label, why.text);
		r = leave_out(reader, &full, err);
		if (r < 0)
			return r;
	}
}

static int next_csv(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	for (;;) {
		struct ng_buf meta ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		struct ng_error why = {0}, full;
		const uint8_t *text;
		size_t len;
		int r = ng_csv_next(reader->csv, &text, &len, &meta, &why, err);

		reader->lines.number = ng_csv_line(reader->csv);
		if (r > 0) {
			reader->meta.len = reader->meta_keep;
			r = ng_buf_printf(&reader->meta, ",\"line\":%llu,\"metadata\":",
					  (unsigned long long)reader->lines.number);
			if (r == 0)
				r = ng_buf_append(&reader->meta, meta.data, meta.len);
			return r < 0 ? r : give(reader, text, len, ret_doc);
		}
		if (r == 0)
			reader->stats->blank_lines += ng_csv_blank_lines(reader->csv);
		if (r != -EBADMSG || !*why.text)
			return r;
		ng_fail(&full, 0, "%s:%llu: %s", reader->label,
			(unsigned long long)reader->lines.number, why.text);
		r = leave_out(reader, &full, err);
		if (r < 0)
			return r;
	}
}

static int next_line(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	const uint8_t *line;
	size_t len;
	int r;

	r = ng_lines_next(&reader->lines, &line, &len, err);
	if (r <= 0)
		return r;
	reader->meta.len = reader->meta_keep;
	r = ng_buf_printf(&reader->meta, ",\"line\":%llu",
			  (unsigned long long)reader->lines.number);
	return r < 0 ? r : give(reader, line, len, ret_doc);
}

int ng_reader_next(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	int r = 0;

	switch (reader->format) {
	case NG_SOURCE_JSONL:
		r = next_json(reader, ret_doc, err);
		break;
	case NG_SOURCE_LINES:
		r = next_line(reader, ret_doc, err);
		break;
	case NG_SOURCE_TAR:
	case NG_SOURCE_ZIP:
	case NG_SOURCE_7Z:
		r = next_member(reader, ret_doc, err);
		break;
	case NG_SOURCE_WARC:
		r = next_warc(reader, ret_doc, err);
		break;
	case NG_SOURCE_CSV:
	case NG_SOURCE_TSV:
		r = next_csv(reader, ret_doc, err);
		break;
	case NG_SOURCE_TEXT:
	case NG_SOURCE_AUTO:
		r = next_text(reader, ret_doc, err);
		break;
	}
	return explain(reader, r, err);
}
