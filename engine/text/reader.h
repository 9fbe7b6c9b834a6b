/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of one file: tells what it is, and takes it apart. */
#pragma once

#include "text/source.h"

struct ng_reader;

/* options and stats are borrowed; the reader counts in stats what it reads. -ENOMEM. */
int ng_reader_new(const struct ng_source_options *options, struct ng_source_stats *stats,
		  struct ng_reader **ret_reader);
struct ng_reader *ng_reader_free(struct ng_reader *reader);

/* Start a file. path is borrowed until the next start or stop. in_tree: it was found, not named.
 * Errors as ng_source_next; the reader may start another file after one. */
int ng_reader_start(struct ng_reader *reader, const char *path, bool in_tree, struct ng_error *err);

/* The next document: 1, 0 at the end of the file, errors as ng_source_next. Lines are rejected
 * here where options say so; errors are those of the whole file. */
int ng_reader_next(struct ng_reader *reader, struct ng_source_doc *ret_doc, struct ng_error *err);

/* What was given out last is no document after all; as ng_source_reject. */
int ng_reader_reject(struct ng_reader *reader, const char *why, struct ng_error *err);

/* The first file of JSON that was taken for a text, with its reason, as messages show it; "" where
 * none was. */
const char *ng_reader_json_text(const struct ng_reader *reader);

/* Close the file; reading may stop anywhere. */
void ng_reader_stop(struct ng_reader *reader);

static inline void ng_reader_freep(struct ng_reader **reader)
{
	ng_reader_free(*reader);
}
