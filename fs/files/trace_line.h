/* SPDX-License-Identifier: Apache-2.0 */
/* A line of /trace. */
#pragma once

#include "base/buf.h"
#include "query/trace.h"

/* How many documents of a stretch are shown where nothing else is said. They are looked for among
 * its first NG_TRACE_LINE_LOOKED occurrences, or among NG_TRACE_LINE_LOOKED_EACH for each of them
 * if that is more, so that a line takes bounded time however frequent the stretch is. */
#define NG_TRACE_LINE_DOCS        10u
#define NG_TRACE_LINE_LOOKED      64u
#define NG_TRACE_LINE_LOOKED_EACH 6u

struct ng_trace_line_options {
	uint32_t docs; /* at most */
	bool contexts; /* the text on both sides of each, */
	uint32_t context_bytes;
	bool varies; /* occurrences needn't be spelled as the stretch: each has its length */
};

/* Append {"begin":B,"end":E,"text":...,"count":N,"documents":[{"document":D,"offset":O},...]} and a
 * newline for a stretch of text. The documents are the first different ones among the occurrences
 * that are looked at, in index order; the offset is that of the first of these in it. Where it
 * varies, "bytes":N follows there, and with contexts "before":...,"after":..., cut at characters.
 * Text that isn't UTF-8 is shown with U+FFFD. On failure buf is as it was: the errors of
 * ng_contexts_at. */
int ng_trace_line(const struct ng_index *index, const struct ng_trace_line_options *options,
		  const uint8_t *text, const struct ng_maximal *stretch, const ng_cancel *cancel,
		  struct ng_buf *buf);
