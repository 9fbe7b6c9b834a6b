/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to many queries, written one a line. */
#pragma once

#include "files/batch_file.h"

/* The longest query, without escapes. */
#define NG_BATCH_QUERY_MAX (1u << 20)

/* The query that a line stands for: the line, byte for byte, or with %XX as a byte. buf has room
 * for the line. Returns NULL with *ret_len in 1..NG_BATCH_QUERY_MAX, or why the line is no query:
 * it is empty, or ends in a carriage return, or is too long, or has a bad escape. Pure;
 * O(line->len). */
const char *ng_line_query(const struct ng_asked_line *line, bool escaped, uint8_t *buf,
			  size_t *ret_len);

/* An answer to a line is what /count/QUERY, /find/QUERY or /df/QUERY would hold, or the JSON of
 * ng_answer_next_json, ng_answer_prev_json or ng_answer_facet_json (of settings->facet); a tab, the
 * line as it is, and a newline. Where the line is no query, under settings with escaped_lines or
 * without, the answer is "error: " and why. For counts and intervals, the queries of all lines are
 * searched side by side, unless case is folded. These are ng_batch_file_answer. */
int ng_lines_count(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
		   size_t n, const struct ng_settings *settings, const ng_cancel *cancel,
		   struct ng_buf *buf);
int ng_lines_find(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
int ng_lines_df(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
int ng_lines_facet(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
		   size_t n, const struct ng_settings *settings, const ng_cancel *cancel,
		   struct ng_buf *buf);
int ng_lines_next(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
int ng_lines_prev(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
