/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of /df, /next and /prev hold, and the lines of their like in /batch. As answer.h
 * has it: thread-safe, appending, errors of the engine unchanged. */
#pragma once

#include "base/buf.h"
#include "query/find.h"

/* The number of documents that hold the query, and a newline. Cost of ng_df: a locate for each
 * occurrence. */
int ng_answer_df(const struct ng_index *index, const struct ng_query *query,
		 const ng_cancel *cancel, struct ng_buf *buf);

/* What follows the query, or precedes it: a line for each character, most frequent first, which is
 * its count, that divided by the query's count, and the character, with tabs between them. The
 * character is spelled as ng_escape_append does; a byte that is part of none as %XX; the document's
 * end as $END, and its beginning as $START. No two of these are alike, since a character that is
 * shown as it is is one character only. Nothing where the query doesn't occur. Cost of ng_next and
 * ng_prev. */
int ng_answer_next(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, struct ng_buf *buf);
int ng_answer_prev(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, struct ng_buf *buf);

/* The same on one line, as JSON: [[count,"character"],...]. The character is a JSON string of it;
 * otherwise it is spelled as above. */
int ng_answer_next_json(const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf);
int ng_answer_prev_json(const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf);
