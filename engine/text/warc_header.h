/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a WARC record: its named fields. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

#define NG_WARC_FIELDS_MAX 256u

struct ng_warc_field {
	const uint8_t *name, *value; /* in the header's bytes, without white space around them */
	size_t name_len, value_len;
};

struct ng_warc_header {
	struct ng_buf bytes; /* as they stand there, from WARC/1.0 to the empty line */
	struct ng_warc_field fields[NG_WARC_FIELDS_MAX];
	size_t n;
};

/* Take header->bytes apart, which end with an empty line. Returns NULL, or why that cannot be. */
const char *ng_warc_header_parse(struct ng_warc_header *header);

/* The first field of a name, in any case of letters; NULL: there is none. */
const struct ng_warc_field *ng_warc_header_field(const struct ng_warc_header *header,
						 const char *name);

/* Whether there is such a field, and its value is this, in any case of letters. */
bool ng_warc_header_is(const struct ng_warc_header *header, const char *name, const char *value);

/* Append all fields as a JSON object of strings; where a name stands there several times, of a list
 * of strings. -ENOMEM. */
int ng_warc_header_json(const struct ng_warc_header *header, struct ng_buf *ret);
