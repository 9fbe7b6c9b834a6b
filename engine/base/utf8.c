/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

size_t ng_utf8_tail_bytes(const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && n < 3 && ng_utf8_continues(bytes[n]))
		n++;
	return n;
}

size_t ng_utf8_head_bytes(const uint8_t *bytes, size_t len)
{
	const uint8_t *end = bytes + len;

	for (unsigned n = 1; n <= 3 && n <= len; n++) {
		const uint8_t *p = end - n;

		if (ng_utf8_continues(*p))
			continue;
		return n < ng_utf8_promised(*p) && ng_utf8_piece(p, end) == n ? n : 0;
	}
	return 0;
}
