/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

int ng_number_parse(const char *arg, bool suffixes, uint64_t *ret_number)
{
	static const char letters[] = "KMGT";
	const char *letter;
	uint64_t v = 0;

	if (*arg < '0' || *arg > '9')
		return -EINVAL;
	for (; *arg >= '0' && *arg <= '9'; arg++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*arg - '0'), &v))
			return -ERANGE;
	if (suffixes && *arg) {
		letter = memchr(letters, *arg & ~0x20, sizeof(letters) - 1);
		if (!letter)
			return -EINVAL;
		for (const char *l = letters; l <= letter; l++)
			if (__builtin_mul_overflow(v, 1024, &v))
				return -ERANGE;
		arg++;
	}
	if (*arg)
		return -EINVAL;
	*ret_number = v;
	return 0;
}
