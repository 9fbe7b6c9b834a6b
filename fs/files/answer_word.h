/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of /nextword and /prevword hold. As answer.h has it: thread-safe, appending,
 * errors of the engine unchanged. */
#pragma once

#include "base/buf.h"
#include "query/find.h"

/* The words that follow the query, or precede it: a line for each, most frequent first, which is
 * its count, that divided by the query's count, and the word, with tabs between them; $END or
 * $START where the document ends or begins without one, $FAR where none ends, or begins, within a
 * thousand bytes. Nothing where the query doesn't occur. Cost of ng_word_next and ng_word_prev. */
int ng_answer_nextword(const struct ng_index *index, const struct ng_query *query,
		       const ng_cancel *cancel, struct ng_buf *buf);
int ng_answer_prevword(const struct ng_index *index, const struct ng_query *query,
		       const ng_cancel *cancel, struct ng_buf *buf);

/* Bytes that such a file has at most, of a query that occurs count times. */
uint64_t ng_answer_words_most(const struct ng_index *index, uint64_t count);
