/* SPDX-License-Identifier: Apache-2.0 */
/* What reader.c, records.c and tables.c share: a file that is being read, and the documents of one
 * that holds many: a line, an object of JSON, or a record of CSV or WARC each. */
#pragma once

#include "base/printable.h"
#include "text/csv.h"
#include "text/jsonl.h"
#include "text/lines.h"
#include "text/objects.h"
#include "text/reader.h"
#include "text/reject.h"
#include "text/warc.h"

struct ng_reader {
	const struct ng_source_options *options;
	struct ng_field field;
	struct ng_source_stats *stats;
	const char *path;
	char label[NG_PRINTABLE_NAME_BYTES];  /* path, as messages show it */
	char member[NG_PRINTABLE_NAME_BYTES]; /* TAR: the member's */
	bool in_tree;
	struct ng_input *input;
	enum ng_source_format format; /* of this file; never AUTO once it is started */
	bool done;                    /* TEXT: the one document was given out */
	struct ng_lines lines;
	struct ng_objects objects;
	struct ng_warc *warc;
	struct ng_csv *csv;
	const uint8_t *record; /* the line or object given out last; NULL: it was no such one */
	size_t record_bytes;
	struct ng_buf text, meta;
	size_t meta_keep; /* bytes of meta that all lines of this file share */
	struct ng_error json_text;
};

/* Cut a buffer down to its first keep bytes: one huge document must not hold its memory to the end
 * of the build. */
void ng_reader_trim(struct ng_buf *buf, size_t keep);

/* Finish the metadata, and give the document out: 1, or -ENOMEM. */
int ng_reader_give(struct ng_reader *reader, const uint8_t *text, size_t len,
		   struct ng_source_doc *ret_doc);

/* The next document of a file of this format. What is no document is rejected here where options
 * say so. As ng_reader_next. */
int ng_reader_next_line(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			struct ng_error *err);
int ng_reader_next_jsonl(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			 struct ng_error *err);
int ng_reader_next_json(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			struct ng_error *err);

/* The same for formats with a reader of their own, which ng_reader_begin_table makes for a file of
 * such a format (-ENOMEM) and ng_reader_end_table frees. */
int ng_reader_begin_table(struct ng_reader *reader);
void ng_reader_end_table(struct ng_reader *reader);
int ng_reader_next_warc(struct ng_reader *reader, struct ng_source_doc *ret_doc,
			struct ng_error *err);
int ng_reader_next_csv(struct ng_reader *reader, struct ng_source_doc *ret_doc,
		       struct ng_error *err);

/* "LABEL:LINE: WHY", "LABEL:LINE: object N: WHY" or "LABEL: WHY", of what was read last. */
void ng_reader_why(const struct ng_reader *reader, const char *why, struct ng_error *ret);
