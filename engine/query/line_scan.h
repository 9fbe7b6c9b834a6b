/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that match, found by reading the whole text: what is left where no index helps. */
#pragma once

#include "query/hits.h"

#define NG_LINE_SCAN_WINDOW (4u << 20)

/* Of a line at most, in windows. */
#define NG_LINE_SCAN_WINDOWS 16u

/* Hits in a line at most. */
#define NG_LINE_SCAN_HITS 65536u

/* After a line with which one call has so many hits, or so many bytes of them, it gives no more:
 * where lines are short, a window has many times that. */
#define NG_LINE_SCAN_FOUND       32768u
#define NG_LINE_SCAN_FOUND_BYTES (4u << 20)

/* Whether a line matches: 1, and where, or 0, or a negative errno. */
typedef int (*ng_line_judge)(void *userdata, const uint8_t *line, size_t len, size_t *ret_from,
			     size_t *ret_to);

struct ng_line_scan {
	const struct ng_index *index;
	ng_line_judge judge;
	void *userdata;
	size_t most_bytes;   /* of a line that is given, on either side of what matches in it */
	size_t window_bytes; /* of text that are read at a time; NG_LINE_SCAN_WINDOW is well */
	const struct ng_filter *filter; /* of documents that count; NULL: all */
	bool each; /* what matches in a line behind what is given of it is a hit of its own */
};

/* Where a scan goes on: at the beginning all zeroes. */
struct ng_line_scan_at {
	uint64_t doc, offset;
	size_t window_bytes; /* to be read next; 0: as many as the scan says */
};

/* Hits of the next window of text behind *at, which moves on, or as many of them as one call gives;
 * at the end of the text there are none, and *ret_more is false. The list is the caller's, who
 * clears the hits (ng_hits_clear) and frees it. Lines are read on all of the index's threads, and
 * judged on the caller's. What a call has left of its window is read again by the next one, so that
 * where there are too many hits for a window, windows become smaller.
 * -EOVERFLOW: a line that is too long, or has too many hits; errors of judge and of query.h; then
 * *at is as it was. */
int ng_line_scan_next(const struct ng_line_scan *scan, struct ng_line_scan_at *at,
		      const ng_cancel *cancel, struct ng_hit **ret_hits, size_t *ret_n,
		      bool *ret_more);
