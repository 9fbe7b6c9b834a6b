/* SPDX-License-Identifier: Apache-2.0 */
/* Case folding of single characters: Unicode's simple folding (status C and S of CaseFolding.txt),
 * where each character folds to one. So U+1E9E folds to the sharp s but "ss" does not, and neither
 * the dotted capital I nor the dotless small one folds to anything but itself. All functions are
 * thread-safe. */
#pragma once

#include "base/base.h"

/* Code points first, first + stride, ... up to last fold to delta more than they are. */
struct ng_fold_range {
	uint32_t first, last;
	uint32_t stride; /* 1 or 2 */
	int32_t delta;
};

/* The whole table: ascending, no two ranges interleaved; and the ranges' numbers by where their
 * first code point goes, ascending. See fold_table.py. */
extern const struct ng_fold_range ng_fold_ranges[];
extern const uint16_t ng_fold_by_target[];
extern const size_t ng_fold_ranges_n;

/* What c folds to: often itself. Folding that again changes nothing. O(log(table)). */
uint32_t ng_casefold(uint32_t c);

/* The most characters that fold to the same. */
#define NG_CASEFOLD_MAX 4u

/* A character's UTF-8 in all cases. */
struct ng_cases {
	unsigned n; /* at least 1 */
	struct {
		uint8_t bytes[4];
		unsigned len;
	} of[NG_CASEFOLD_MAX];
};

/* All that fold to `folded`, which folds to itself: the first of them. O(table), least for ASCII.
 */
void ng_casefold_cases(uint32_t folded, struct ng_cases *ret_cases);

/* All that fold to the same as the last character of text[0..len-1], len >= 1. A last byte that
 * doesn't end a valid character (RFC 3629) stands for itself alone. Returns the bytes of it that
 * were taken, 1 to 4. No case's bytes begin another's. O(table), least for ASCII. */
size_t ng_casefold_last(const uint8_t *text, size_t len, struct ng_cases *ret_cases);
