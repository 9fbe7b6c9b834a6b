/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a piece of text holds a string, whatever their cases, white space or typography: what
 * ng_fold_find_by would find in it, by looking at every byte. Thread-safe. */
#pragma once

#include "query/folding.h"

struct ng_fold_scan {
	unsigned folds;
	bool word; /* only occurrences that no character of words stands beside */
	uint32_t *symbols;
	size_t n;
	size_t bytes_end;   /* symbols from this one on are bytes that are part of no character */
	size_t longest;     /* bytes that an occurrence may have; SIZE_MAX: any number */
	bool begins[0x100]; /* with this byte */
};

/* Prepare to look for pat[0..len-1], len >= 1, which isn't used after that. Takes 16 bytes for each
 * of its bytes. -ENOMEM. */
int ng_fold_scan_make(unsigned folds, bool word, const uint8_t *pat, size_t len,
		      struct ng_fold_scan *ret_scan);
void ng_fold_scan_clear(struct ng_fold_scan *scan);

/* Bytes of the occurrence that begins at text[at], 0 where there is none. text[0..len-1] is all
 * that there is. */
size_t ng_fold_scan_at(const struct ng_fold_scan *scan, const uint8_t *text, size_t len, size_t at);

/* 1 if text[0..len-1] holds it, otherwise 0. O(len) most often, O(len * pattern) at worst. -EINTR.
 */
int ng_fold_scan_holds(const struct ng_fold_scan *scan, const uint8_t *text, size_t len,
		       const ng_cancel *cancel);
