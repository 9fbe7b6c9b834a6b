/* Answers to many queries, written one a line. */
#pragma once

#include "batch_file.h"

/* The longest query, without escapes. */
#define NG_BATCH_QUERY_MAX (1u << 20)

/* An answer to a line is what /count/QUERY, /find/QUERY or /df/QUERY would hold, or the JSON of
 * ng_answer_next_json or ng_answer_prev_json; a tab, the line as it is, and a newline. A line is
 * the query, byte for byte; under settings with escaped_lines, %XX in it is a byte. Where the line
 * is empty, or ends in a carriage return, or is too long, or has a bad escape, the answer is
 * "error: " and why. For counts and intervals, the queries of all lines are searched side by side,
 * unless case is folded. These are ng_batch_file_answer. */
int ng_lines_count(const struct ng_mounted_index *index, const struct ng_line *lines, size_t n,
		   const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
int ng_lines_find(const struct ng_mounted_index *index, const struct ng_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
int ng_lines_df(const struct ng_mounted_index *index, const struct ng_line *lines, size_t n,
		const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
int ng_lines_next(const struct ng_mounted_index *index, const struct ng_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
int ng_lines_prev(const struct ng_mounted_index *index, const struct ng_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf);
