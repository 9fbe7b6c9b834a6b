/* SPDX-License-Identifier: Apache-2.0 */
/* When two strings are the same but for case, white space or typography: each is made a row of
 * symbols, and these are compared. All functions are thread-safe. */
#pragma once

#include "base/base.h"

/* What makes no difference, ORed. */
#define NG_FOLD_CASE  1u /* upper and lower case, see casefold.h */
#define NG_FOLD_SPACE 2u /* which white space, and how much of it in a row */
#define NG_FOLD_FORM  4u /* typographic variants, see form_table.py */

/* A symbol is a code point, or one of these. */
#define NG_SYMBOL_SPACE 0x110000u /* white space: the characters of Unicode's White_Space */
#define NG_SYMBOL_BYTE  0x110001u /* and the byte more: one that is no part of a character */

/* Symbols of one character at most: of a ligature, say. */
#define NG_SYMBOLS_MAX 4u

/* Symbols of the first character of text[0..len-1], len >= 1, or of its first byte if that begins
 * no valid one (RFC 3629). Returns the bytes that were taken. O(log(tables)). */
size_t ng_folding_symbols(unsigned folds, const uint8_t *text, size_t len,
			  uint32_t ret_symbols[static NG_SYMBOLS_MAX], unsigned *ret_n);

/* Symbols of a whole query, len >= 1: white space in a row is one. *ret_symbols is the caller's to
 * free. -ENOMEM. */
int ng_folding_query(unsigned folds, const uint8_t *pat, size_t len, uint32_t **ret_symbols,
		     size_t *ret_n);

/* A character, or a byte that is part of none. */
struct ng_variant {
	uint8_t bytes[4];
	uint8_t len;
	uint8_t width; /* symbols it makes */
};

#define NG_VARIANTS_MAX 160u

/* All characters whose symbols are the last ones of symbols[0..n-1], n >= 1, each once; the
 * ordinary ones first. No one's bytes begin another's. Returns how many. O(log(tables)) and some
 * steps for each that ends so. */
unsigned ng_folding_variants(unsigned folds, const uint32_t *symbols, size_t n,
			     struct ng_variant ret_variants[static NG_VARIANTS_MAX]);

/* One more of the characters that make several symbols of which the first ones, but not all, are
 * the last ones of symbols[0..n-1]; variant.width is how many. Begin with *at 0, and give back what
 * it becomes. false: there are no more. O(table) for all of them. */
bool ng_folding_cut(unsigned folds, const uint32_t *symbols, size_t n, size_t *at,
		    struct ng_variant *ret_variant);

/* Whether a character is white space. */
bool ng_folding_is_space(uint32_t c);

/* A variant c and what it is one of: ng_form_symbols[at..at+n-1]. */
struct ng_form {
	uint32_t c;
	uint16_t at;
	uint16_t n;
};

/* The whole table, ascending by c; and its numbers by what case folding makes of the last symbol,
 * ascending. See form_table.py. */
extern const struct ng_form ng_forms[];
extern const size_t ng_forms_n;
extern const uint32_t ng_form_symbols[];
extern const uint16_t ng_forms_by_last[];
