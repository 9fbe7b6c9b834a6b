/* SPDX-License-Identifier: Apache-2.0 */
#include "names/path.h"

#include "base/percent.h"

int ng_path_decode(const char *name, size_t len, uint8_t *buf, size_t *ret_len)
{
	return len ? ng_percent_decode(name, len, buf, ret_len) : -EINVAL;
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
