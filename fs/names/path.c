/* SPDX-License-Identifier: Apache-2.0 */
#include "names/path.h"

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

int ng_path_decode(const char *name, size_t len, uint8_t *buf, size_t *ret_len)
{
	size_t n = 0, i = 0;

	if (len == 0)
		return -EINVAL;
	while (i < len) {
		int high, low;

		if (name[i] != '%') {
			buf[n++] = (uint8_t)name[i++];
			continue;
		}
		if (len - i < 3)
			return -EINVAL;
		high = hex_digit(name[i + 1]);
		low = hex_digit(name[i + 2]);
		if (high < 0 || low < 0)
			return -EINVAL;
		buf[n++] = (uint8_t)(high << 4 | low);
		i += 3;
	}
	*ret_len = n;
	return 0;
}

unsigned ng_path_width(uint64_t n)
{
	uint64_t last = n ? n - 1 : 0;
	unsigned width = 1;

	while (last >= 10) {
		last /= 10;
		width++;
	}
	return width;
}

int ng_path_number(const char *name, unsigned width, const char *suffix, uint64_t *ret_number)
{
	uint64_t number = 0;
	unsigned digits = 0;

	while (name[digits] >= '0' && name[digits] <= '9') {
		if (digits == width || __builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (unsigned)(name[digits] - '0'), &number))
			return -ENOENT;
		digits++;
	}
	if (digits == 0 || strcmp(name + digits, suffix) != 0)
		return -ENOENT;
	*ret_number = number;
	return 0;
}
