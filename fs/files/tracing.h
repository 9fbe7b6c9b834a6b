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

#include "base/buf.h"
#include "query/trace.h"
#include "files/stream.h"

/* The longest text. A write beyond it is -EFBIG, and nothing of it is taken. */
#define NG_TRACING_TEXT_MAX (1u << 20)

/* Where min_bytes isn't given. */
#define NG_TRACING_MIN_BYTES 32u

/* How many documents of a stretch are shown, and among how many of its occurrences they are looked
 * for, so that a line takes bounded time however frequent the stretch is. */
#define NG_TRACING_DOCS   10u
#define NG_TRACING_LOOKED 64u

/* Append {"begin":B,"end":E,"text":...,"count":N,"documents":[{"document":D,"offset":O},...]} and a
 * newline for a stretch of text. The documents are the first NG_TRACING_DOCS different ones among
 * the first NG_TRACING_LOOKED occurrences in index order; the offset is that of the first of these
 * in it. Text that isn't UTF-8 is shown with U+FFFD. On failure buf is as it was: the errors of
 * ng_locate. */
int ng_tracing_line(const struct ng_index *index, const uint8_t *text,
		    const struct ng_maximal *stretch, const ng_cancel *cancel, struct ng_buf *buf);

/* indexes and index are as ng_stream_init takes them, and index not NULL; stretches of at least
 * min_bytes >= 1. Holds two texts, and some MiB of lines: a line may have six times the bytes of
 * its text. -ENOMEM. */
int ng_tracing_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		   size_t min_bytes, struct ng_stream **ret_stream);
