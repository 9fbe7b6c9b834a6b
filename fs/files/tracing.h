/* SPDX-License-Identifier: Apache-2.0 */
/* A file to which a text is written, and from which its maximal stretches that occur in the index
 * are read, a line of JSON each.
 *
 * The first read ends the text and begins to trace it. What is written after that is another text:
 * it begins to be traced when all lines of the one before have been read, and its offsets begin at
 * 0 again. transcript.h says what stands where in the file.
 *
 * Lines are made as they are read, so that whoever stops reading stops the search. */
#pragma once

#include "files/stream.h"
#include "files/trace_line.h"

/* The longest text. A write beyond it is -EFBIG, and nothing of it is taken. */
#define NG_TRACING_TEXT_MAX (1u << 20)

/* Where min_bytes isn't given. */
#define NG_TRACING_MIN_BYTES 32u

struct ng_tracing_options {
	struct ng_trace_options trace;
	struct ng_trace_line_options line;
};

/* indexes and index are as ng_stream_init takes them, and index not NULL. Holds two texts, under
 * folds 8 bytes more for each character of one, and some MiB of lines: a line may have six times
 * the bytes of its text. Options are not looked at before there is a text. -ENOMEM. */
int ng_tracing_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		   const struct ng_tracing_options *options, struct ng_stream **ret_stream);
