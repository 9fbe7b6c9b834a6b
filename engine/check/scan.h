/* SPDX-License-Identifier: Apache-2.0 */
/* Counting many patterns in one pass over a text. A. V. Aho, M. J. Corasick, Efficient string
 * matching: an aid to bibliographic search, CACM 1975. */
#pragma once

#include "base/base.h"

#define NG_SCAN_BYTES_MAX 100u /* of a pattern */

struct ng_scan;

/* The automaton of n patterns, number i being lens[i] bytes at pats[i], 1 to NG_SCAN_BYTES_MAX;
 * equal ones may be among them. Takes 1 KiB for each byte of the patterns at most; the patterns
 * aren't needed afterwards. -EINVAL for a length out of range, -ENOMEM. */
int ng_scan_new(const uint8_t *const *pats, const size_t *lens, size_t n,
		struct ng_scan **ret_scan);
struct ng_scan *ng_scan_free(struct ng_scan *scan);

static inline void ng_scan_freep(struct ng_scan **scan)
{
	ng_scan_free(*scan);
}

/* Run over text[0..len-1] from the automaton's beginning, and count matches that end in it from
 * text[skip] on. Matches within one call only: documents are given one by one. ret_hits:
 * ng_scan_states numbers that the matches are added to. Thread-safe. */
void ng_scan_run(const struct ng_scan *scan, const uint8_t *text, size_t len, size_t skip,
		 uint64_t *hits);

size_t ng_scan_states(const struct ng_scan *scan);

/* Occurrences of each pattern, overlapping ones too, from the hits of all runs. hits is used up. */
void ng_scan_counts(const struct ng_scan *scan, uint64_t *hits, uint64_t *ret_counts);
