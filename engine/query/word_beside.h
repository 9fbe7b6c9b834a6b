/* SPDX-License-Identifier: Apache-2.0 */
/* The words that follow a query, and those that precede it. */
#pragma once

#include "query/ranges.h"
#include "query/word_follow.h"

/* For each of the occurrences the first word that begins behind it, in *ret_counts by falling
 * count, ties by bytes, which the caller clears. A word is a run of letters, numbers and marks as
 * long as the text has it (see word.h); between it and the occurrence stands nothing of a word. Of
 * an occurrence that ends within a word it is the rest of that. Where there is none, NG_WORD_END or
 * NG_WORD_FAR is counted, which no word looks like. The counts add up to the ranges'.
 *
 * Cost: see word_follow.h; some ten thousand rows a tenth of a second. Memory: some 60 bytes and
 * the word itself for each word, for each thread. All threads of the index. -EINVAL (the ranges
 * aren't this index's) and the errors of query.h. */
int ng_word_next(const struct ng_index *index, const struct ng_ranges *ranges,
		 const ng_cancel *cancel, struct ng_word_counts *ret_counts);

/* The same of what stands before: the last word that ends before the occurrence, or NG_WORD_START
 * or NG_WORD_FAR. Cost: a step for each byte up to the word's beginning. */
#define NG_WORD_START "$START"
int ng_word_prev(const struct ng_index *index, const struct ng_ranges *ranges,
		 const ng_cancel *cancel, struct ng_word_counts *ret_counts);
