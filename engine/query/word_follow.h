/* SPDX-License-Identifier: Apache-2.0 */
/* The words that follow rows. Shared by the files of this folder. */
#pragma once

#include "query/index_internal.h"
#include "query/word_counts.h"

/* Bytes of the longest word, and the most that may stand between and in it together; and how many
 * are looked at, so that the character behind is known, too. */
#define NG_WORD_BYTES_MAX 1020u
#define NG_WORD_LOOK_MAX  (NG_WORD_BYTES_MAX + 4)

/* What is counted where no word follows. */
#define NG_WORD_END "$END" /* the document ends before a word begins */
#define NG_WORD_FAR "$FAR" /* no word ends within NG_WORD_BYTES_MAX */

/* For each row in [lo, hi) of a shard, whose suffixes all begin with pat[0..at-1]: count the first
 * word that begins there or further behind. If `now`, it must begin right there, and where none
 * does nothing is counted.
 *
 * Rows stand in the order of what follows them, so that those of one word, of the same bytes
 * between and the same kind of character behind are neighbours: one of them is read, and the others
 * counted by a search. Cost: a locate and an extraction for each such group, many at once.
 * Thread-safe as long as counts isn't shared. -EUCLEAN, -EIO, -EINTR, -ENOMEM. */
int ng_word_follow(const struct ng_shard *shard, uint64_t lo, uint64_t hi, const uint8_t *pat,
		   size_t at, bool now, const ng_cancel *cancel, struct ng_word_counts *counts);
