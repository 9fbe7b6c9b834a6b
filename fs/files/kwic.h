/* SPDX-License-Identifier: Apache-2.0 */
/* A concordance: every occurrence of a query, a line each, as a stream. */
#pragma once

#include "base/buf.h"
#include "files/occurrences.h"
#include "files/stream.h"

/* Append the line of an occurrence: document, offset, left, match and right, with tabs between them
 * and a newline behind. Context that was cut doesn't begin or end within a UTF-8 character. Text is
 * spelled as ng_escape_append does. -ENOMEM. */
int ng_kwic_line(struct ng_buf *buf, const struct ng_occurrence *occurrence);

/* The stream of all lines. The query is copied; the index is as ng_stream_init takes it, and not
 * NULL. Besides 16 bytes for each piece made, it holds the last two pieces, of up to 1 MiB, until
 * it sheds them; what was dropped is made again when it is read again. Cost and errors of
 * ng_occurrences_find; of a long one's size, of counting each control character once. */
int ng_kwic_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		const struct ng_query *query, const struct ng_occurrences_how *how,
		const ng_cancel *cancel, struct ng_stream **ret_stream);

/* Whether there are so few and short lines, some thousand and a megabyte, that they can be made at
 * once. */
bool ng_kwic_is_short(const struct ng_stream *stream);

/* Append all lines of a stream that hasn't been read. Errors of ng_occurrences_look_up. */
int ng_kwic_all(struct ng_stream *stream, const ng_cancel *cancel, struct ng_buf *buf);
