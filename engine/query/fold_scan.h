/* Whether a piece of text holds a string whatever their cases: what ng_fold_find would find in it,
 * by looking at every byte. Thread-safe. */
#pragma once

#include "query/casefold.h"

struct ng_fold_scan {
	struct ng_cases *room;             /* of characters */
	const struct ng_cases *characters; /* of the string */
	size_t n;
	size_t longest;     /* bytes that an occurrence may have */
	uint64_t begins[4]; /* a bit for each byte that one may begin with */
};

/* Prepare to look for pat[0..len-1], len >= 1, which isn't used after that. Takes 36 bytes for each
 * of its bytes. -ENOMEM. */
int ng_fold_scan_make(const uint8_t *pat, size_t len, struct ng_fold_scan *ret_scan);
void ng_fold_scan_clear(struct ng_fold_scan *scan);

/* 1 if text[0..len-1] holds it, otherwise 0. O(len) most often, O(len * pattern) at worst. -EINTR.
 */
int ng_fold_scan_holds(const struct ng_fold_scan *scan, const uint8_t *text, size_t len,
		       const ng_cancel *cancel);
