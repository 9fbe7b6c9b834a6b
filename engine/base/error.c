/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"

int ng_fail(struct ng_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		ng_printable_vformat(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
	return code;
}
