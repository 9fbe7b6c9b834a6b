/* SPDX-License-Identifier: Apache-2.0 */
/* Words: runs of letters, numbers and marks, which are the characters of Unicode's general
 * categories L, N and M (word_table.py). Everything else is none of them: punctuation with the
 * underscore, white space, and bytes that are part of no valid character. Pure; thread-safe. */
#pragma once

#include "base/utf8.h"

/* Code points first to last are of words. */
struct ng_word_range {
	uint32_t first, last;
};

extern const struct ng_word_range ng_word_ranges[]; /* ascending */
extern const size_t ng_word_ranges_n;

/* Which code points of block number b, [64 * b, 64 * b + 64), are of words: enum ng_word_span in
 * bits 2 * (b % 4) and on of byte b / 4. */
extern const uint8_t ng_word_blocks[];

enum ng_word_span { NG_WORD_NONE, NG_WORD_SOME, NG_WORD_ALL };

/* Which of the code points first to last are of words. O(log(table)). */
enum ng_word_span ng_word_span(uint32_t first, uint32_t last);

/* Whether a code point is of words. */
bool ng_word_has(uint32_t c);

/* Bytes of the character of words that begins at p, 0 if there is none. Requires p <= end. */
unsigned ng_word_at(const uint8_t *p, const uint8_t *end);

/* Bytes of the character of words that ends at p, likewise. Requires begin <= p. */
unsigned ng_word_before(const uint8_t *begin, const uint8_t *p);
