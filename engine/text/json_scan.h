/* SPDX-License-Identifier: Apache-2.0 */
/* Where a JSON value ends, in bytes that come in pieces. Only strings and brackets are looked at:
 * a value that is no JSON inside still has an end, as long as its brackets and quotes pair up. */
#pragma once

#include "base/base.h"

struct ng_json_scan {
	bool strict; /* bytes that cannot be JSON end the scan */
	bool in_string, escaped, in_word;
	uint64_t depth;
};

/* Move over the next piece of a value, which begins with the first piece's first byte: no white
 * space, comma, colon or closing bracket. scan is all zeroes then, but for strict. Returns
 *   1  the value ends: *ret_used is how many bytes of this piece belong to it (a number or a word
 *      ends before what follows it)
 *   0  it goes on in the next piece; where there is none, the value is cut short, unless in_word
 *   -EBADMSG  strict, and a byte cannot be JSON where it stands; *ret_used is its place
 * O(len). */
int ng_json_scan(struct ng_json_scan *scan, const uint8_t *data, size_t len, size_t *ret_used);
