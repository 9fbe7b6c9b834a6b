/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents of an index are meant: by their numbers, or by what their metadata says. */
#pragma once

#include "base/base.h"

/* Documents [first, end). */
struct ng_doc_range {
	uint64_t first, end;
};

struct ng_doc_choice {
	struct ng_doc_range *ranges;
	size_t n_ranges, cap_ranges;
	char **fields; /* a document is meant that has one of these fields with its value */
	char **values;
	size_t n_fields;
};

void ng_doc_choice_clear(struct ng_doc_choice *choice);

/* Add documents: numbers and ranges N-M, which have both ends, with commas, blanks or ends of lines
 * between; what stands behind a '#' on a line is passed over. -EINVAL, with err naming the place as
 * `name:line`, -ENOMEM. */
int ng_doc_choice_numbers(struct ng_doc_choice *choice, const char *name, const char *text,
			  struct ng_error *err);

/* The same of a file; "-" is standard input. Errors of reading it, too. */
int ng_doc_choice_file(struct ng_doc_choice *choice, const char *path, struct ng_error *err);

/* Add documents by FIELD:VALUE; the field's name ends at the first ':'. -EINVAL, -ENOMEM. */
int ng_doc_choice_where(struct ng_doc_choice *choice, const char *where, struct ng_error *err);

/* The number behind all that were added by number; 0: none was. */
uint64_t ng_doc_choice_end(const struct ng_doc_choice *choice);

/* Whether a document is meant by its number: of ranges that ascend and don't touch, as
 * ng_doc_choice_numbers makes them. O(log(ranges)). */
bool ng_doc_choice_has(const struct ng_doc_choice *choice, uint64_t doc);

/* Whether it is meant by its metadata, a JSON object as mkngramfs(1) makes it. A field is a name or
 * a path (text/field.h), and sought among the document's own fields, in "metadata", before the
 * others (path, line and so on). A string is compared as it is, a number as it is written, what
 * isn't scalar or at the end of a path as JSON writes it without blanks. 1, 0, -EUCLEAN (no JSON
 * object) or -ENOMEM. */
int ng_doc_choice_meant(const struct ng_doc_choice *choice, const char *json, size_t len);
