/* SPDX-License-Identifier: Apache-2.0 */
/* The first occurrences, or lines, of each of many queries, written one a line. */
#pragma once

#include "files/batch_file.h"

/* For a line that is a query, as ng_line_query has it, the first settings->first lines of its
 * /kwic or /lines, or its first matches, as /match has them, each on a line; then a tab and the
 * line as it is. Nothing where the query doesn't occur. Where the line is no query, or there is no
 * answer, "error: " and why, a tab and the line. These are ng_batch_file_answer. */
int ng_first_kwic(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
int ng_first_match(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
		   size_t n, const struct ng_settings *settings, const ng_cancel *cancel,
		   struct ng_buf *buf);
int ng_first_lines(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
		   size_t n, const struct ng_settings *settings, const ng_cancel *cancel,
		   struct ng_buf *buf);
