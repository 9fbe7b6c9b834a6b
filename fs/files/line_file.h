/* SPDX-License-Identifier: Apache-2.0 */
/* Lines as grep -Hb prints them, "path:offset:line": those that hold a query, or that a regular
 * expression matches. As a stream. */
#pragma once

#include "base/buf.h"
#include "query/find.h"
#include "query/hits.h"
#include "files/stream.h"

struct ng_line_file_how {
	bool regex;             /* the query is one */
	uint64_t scan;          /* occurrences that are looked at, at most */
	bool scan_all;          /* rather read all of the text than give up */
	uint32_t context_bytes; /* of a line, on either side of what matches */
};

/* Where a line goes on that isn't shown. */
#define NG_LINE_CUT "[...]"

/* The stream of all lines, in the order of the documents. The query is copied; the index is as
 * ng_stream_init takes it, and not NULL. Holds 24 bytes an occurrence and the last two pieces of
 * text, of some 100 KB, which may be shed, and 72 bytes a piece. Cost: that of ng_places_find.
 * -EINVAL with err set: no regular expression; -EOVERFLOW with err set: nothing to look for in it,
 * or more than how->scan occurrences. Errors of ng_query_find. */
int ng_line_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		     const struct ng_query *query, const struct ng_line_file_how *how,
		     const ng_cancel *cancel, struct ng_stream **ret_stream, struct ng_error *err);

/* Whether there are so few lines, some hundred, that they can be made at once. */
bool ng_line_file_is_short(const struct ng_stream *stream);

/* Append the first lines, `lines` of them at most. Errors of ng_hits_read. */
int ng_line_file_first(struct ng_stream *stream, size_t lines, const ng_cancel *cancel,
		       struct ng_buf *buf);

/* Append all lines of a stream that hasn't been read. Errors of ng_hits_read. */
int ng_line_file_all(struct ng_stream *stream, const ng_cancel *cancel, struct ng_buf *buf);
