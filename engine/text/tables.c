/* SPDX-License-Identifier: Apache-2.0 */
#include "text/reader_internal.h"

#include "text/sniff.h"

/* What an HTTP body that is compressed for itself may take. */
#define BODY_MEMORY (NG_INPUT_MEMORY / 4)

static int input_next(void *userdata, const uint8_t **ret_data, size_t *ret_len,
		      struct ng_error *err)
{
	return ng_input_read(userdata, ret_data, ret_len, err);
}

int ng_reader_begin_table(struct ng_reader *reader)
{
	const struct ng_warc_params warc = {
		.next = input_next,
		.userdata = reader->input,
		.max_bytes = reader->options->max_doc_bytes,
		.memory_bytes = BODY_MEMORY,
	};
	const struct ng_csv_params csv = {
		.next = input_next,
		.userdata = reader->input,
		.separator = reader->format == NG_SOURCE_TSV ? '\t' : ',',
		.field = reader->field.name,
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

void ng_reader_end_table(struct ng_reader *reader)
{
	reader->warc = ng_warc_free(reader->warc);
	reader->csv = ng_csv_free(reader->csv);
}

/* The payload of a WARC record: is that text? Otherwise it is counted: 0. */
static int give_payload(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			struct ng_error *err)
{
	const struct ng_buf *text = &reader->text;
	const struct ng_signature *signature = ng_signature_of(text->data, text->len);

	if (signature)
		return ng_passed_add_known(&reader->stats->passed, reader->path, signature, err);
	if (ng_sniff_nul(text->data, text->len))
		return ng_passed_add(&reader->stats->passed, NG_PASSED_BINARY, reader->path, err);
	return ng_reader_give(reader, text->data, text->len, ret_doc);
}

int ng_reader_next_warc(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			struct ng_error *err)
{
	for (;;) {
		struct ng_error why = {0};
		int r;

		ng_reader_trim(&reader->text, 0);
		ng_reader_trim(&reader->meta, reader->meta_keep);
		r = ng_buf_append(&reader->meta, ",", 1);
		if (r == 0)
			r = ng_warc_next(reader->warc, &reader->text, &reader->meta, &why, err);
		if (r == 0)
			return 0;
		if (r > 0)
			r = give_payload(reader, ret_doc, err);
		else if (r == -EBADMSG && *why.text)
			r = ng_reader_reject(reader, why.text, err);
		if (r != 0)
			return r;
	}
}

int ng_reader_next_csv(struct ng_reader *reader, struct ng_source_doc *ret_doc,
		       struct ng_error *err)
{
	for (;;) {
		struct ng_buf meta ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		struct ng_error why = {0};
		const uint8_t *text;
		size_t len;
		int r = ng_csv_next(reader->csv, &text, &len, &meta, &why, err);

		if (r == 0)
			reader->stats->blank_lines += ng_csv_blank_lines(reader->csv);
		if (r > 0) {
			ng_reader_trim(&reader->meta, reader->meta_keep);
			r = ng_buf_printf(&reader->meta, ",\"line\":%llu,\"metadata\":",
					  (unsigned long long)ng_csv_line(reader->csv));
			if (r == 0)
				r = ng_buf_append(&reader->meta, meta.data, meta.len);
			return r < 0 ? r : ng_reader_give(reader, text, len, ret_doc);
		}
		if (r == -EFBIG)
			ng_fail(&why, 0,
				"a record of more than %llu bytes, which is all that "
				"--memory allows",
				(unsigned long long)reader->options->max_doc_bytes);
		else if (r != -EBADMSG || !*why.text)
			return r;
		r = ng_reader_reject(reader, why.text, err);
		if (r < 0)
			return r;
	}
}
