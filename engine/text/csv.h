/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a CSV or TSV file with a header, as RFC 4180 has them: fields in double quotes may
 * hold separators, ends of lines and quotes, which are doubled. A quote within a field that does
 * not begin with one is a byte like any other. Lines end in LF or CRLF. A byte order mark is passed
 * over, and so are empty lines. */
#pragma once

#include "text/feed.h"

struct ng_csv;

struct ng_csv_params {
	ng_feed_next next; /* the file, decompressed */
	void *userdata;
	char separator;     /* ',' or TAB */
	const char *field;  /* the name of the column that holds the text; borrowed */
	uint64_t max_bytes; /* of a record; 0: any */
};

/* -ENOMEM. params is copied, userdata borrowed. */
int ng_csv_new(const struct ng_csv_params *params, struct ng_csv **ret_csv);
struct ng_csv *ng_csv_free(struct ng_csv *csv);

/* The next record: 1 with its text in *ret_text, good until the next call, and its other fields
 * appended to meta as a JSON object of strings; 0 at the end. -EBADMSG with the reason in why: the
 * record is left out, and the next call goes on behind it; where csv says that the header is wrong,
 * there is nothing behind. -EFBIG (max_bytes; nothing more can be read), -ENOMEM; what next
 * returned, with its text in err. */
int ng_csv_next(struct ng_csv *csv, const uint8_t **ret_text, size_t *ret_len, struct ng_buf *meta,
		struct ng_error *why, struct ng_error *err);

/* The line, from 1, on which the record of the last call begins. */
uint64_t ng_csv_line(const struct ng_csv *csv);

/* Lines passed over since they were empty. */
uint64_t ng_csv_blank_lines(const struct ng_csv *csv);

/* Whether the header that these bytes begin with has a column of this name: 1, 0, or -ENOMEM. */
int ng_csv_has_column(const uint8_t *head, size_t len, char separator, const char *field);

static inline void ng_csv_freep(struct ng_csv **csv)
{
	ng_csv_free(*csv);
}
