/* SPDX-License-Identifier: Apache-2.0 */
/* All words of an index, in the order of their bytes. */
#pragma once

#include "query/index_internal.h"
#include "query/word_counts.h"

struct ng_wordlist;

/* The words that occur at least min_count >= 1 times. A word is a run of letters, numbers and marks
 * as long as the text has it (see word.h); runs of more than NG_WORD_BYTES_MAX
 * bytes (word_follow.h) are left out. -ENOMEM. Not thread-safe. */
int ng_wordlist_new(const struct ng_index *index, uint64_t min_count,
		    struct ng_wordlist **ret_list);
struct ng_wordlist *ng_wordlist_free(struct ng_wordlist *list);

/* The next words, sorted by bytes and after all those given before, in *ret_words, which stay the
 * list's and good until the next call: 1, or 0 when there are no more. A call that failed, because
 * it was cancelled, say, may be made again.
 *
 * Words are taken by what they begin with, as many together as some hundred thousand rows have: of
 * all that begin so, those behind something that is no word are found as intervals, and their words
 * counted as word_follow.h does, by all threads of the index. What occurs less often than
 * min_count, as a word or within words, isn't looked at; where that is some hundred or more,
 * nothing is read. Memory: some MiB, whatever the index's size, save for each document that begins
 * with such a word (see word_left.h). The errors of query.h. */
int ng_wordlist_next(struct ng_wordlist *list, const ng_cancel *cancel,
		     const struct ng_word_counts **ret_words);
