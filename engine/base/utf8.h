/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#pragma once

#include "base/base.h"

/* Bytes of a character that begins with this one (1 to 4); 0: none does. */
static inline unsigned ng_utf8_promised(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Whether a byte is of those that a character goes on with. */
static inline bool ng_utf8_continues(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Whether the second byte of a character, of 2 to 4, may follow the first (Unicode 15, table 3-7).
 */
static inline bool ng_utf8_follows(uint8_t first, uint8_t second)
{
	uint8_t low = 0x80, high = 0xbf;

	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	return second >= low && second <= high;
}

/* Bytes of the character at p (1 to 4), or 0 when there is no valid one. Requires p < end. */
static inline unsigned ng_utf8_len(const uint8_t *p, const uint8_t *end)
{
	unsigned len;

	if (p[0] < 0x80)
		return 1;
	len = ng_utf8_promised(p[0]);
	if (len == 0 || (size_t)(end - p) < len || !ng_utf8_follows(p[0], p[1]))
		return 0;
	for (unsigned i = 2; i < len; i++)
		if (!ng_utf8_continues(p[i]))
			return 0;
	return len;
}

/* The code point of a valid character of n bytes. */
static inline uint32_t ng_utf8_get(const uint8_t *p, unsigned n)
{
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (unsigned i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* How many bytes of a character stand at p: all that its first byte promises, or the longest piece
 * that could have begun one, or 1 where none can begin. Requires p < end. */
static inline unsigned ng_utf8_piece(const uint8_t *p, const uint8_t *end)
{
	unsigned len = ng_utf8_promised(p[0]), n = 2;

	if (len < 2 || end - p < 2 || !ng_utf8_follows(p[0], p[1]))
		return 1;
	while (n < len && p + n < end && ng_utf8_continues(p[n]))
		n++;
	return n;
}

/* Write a code point that is no surrogate; returns its bytes, 4 at most. */
static inline unsigned ng_utf8_put(uint32_t c, uint8_t *ret)
{
	if (c < 0x80) {
		ret[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		ret[0] = (uint8_t)(0xc0 | c >> 6);
		ret[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		ret[0] = (uint8_t)(0xe0 | c >> 12);
		ret[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		ret[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	ret[0] = (uint8_t)(0xf0 | c >> 18);
	ret[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	ret[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	ret[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* Number of bytes at the beginning of bytes[0..len-1] that end a character begun before it: 0..3.
 */
size_t ng_utf8_tail_bytes(const uint8_t *bytes, size_t len);

/* Number of bytes at the end that begin a character which isn't complete: 0..3. */
size_t ng_utf8_head_bytes(const uint8_t *bytes, size_t len);
