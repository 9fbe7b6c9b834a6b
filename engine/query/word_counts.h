/* SPDX-License-Identifier: Apache-2.0 */
/* Words and how often each was found. Not thread-safe. */
#pragma once

#include "base/dictionary.h"

struct ng_word_count {
	uint64_t count;
	size_t at; /* of its bytes in the text of the words */
	size_t len;
};

struct ng_word_counts {
	struct ng_word_count *list; /* [n], as they came, or sorted */
	size_t n, cap;
	struct ng_dictionary words;
};

#define NG_WORD_COUNTS_INIT ((struct ng_word_counts){0})

void ng_word_counts_clear(struct ng_word_counts *counts); /* and back to NG_WORD_COUNTS_INIT */

/* Add count >= 1 occurrences of a word, of any bytes. O(len) amortized. -ENOMEM. */
int ng_word_counts_add(struct ng_word_counts *counts, const uint8_t *word, size_t len,
		       uint64_t count);

/* Add all of `more`. */
int ng_word_counts_join(struct ng_word_counts *counts, const struct ng_word_counts *more);

/* Make it a list: if `falling`, by falling count and, where that is the same, by bytes; otherwise
 * only by bytes. Nothing can be added after that. */
void ng_word_counts_sort(struct ng_word_counts *counts, bool falling);
