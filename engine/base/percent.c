/* SPDX-License-Identifier: Apache-2.0 */
#include "base/percent.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int ng_percent_decode(const char *text, size_t len, uint8_t *buf, size_t *ret_len)
{
	size_t n = 0, i = 0;

	while (i < len) {
		int high, low;

		if (text[i] != '%') {
			buf[n++] = (uint8_t)text[i++];
			continue;
		}
		if (len - i < 3)
			return -EINVAL;
		high = hex_digit(text[i + 1]);
		low = hex_digit(text[i + 2]);
		if (high < 0 || low < 0)
			return -EINVAL;
		buf[n++] = (uint8_t)(high << 4 | low);
		i += 3;
	}
	*ret_len = n;
	return 0;
}
