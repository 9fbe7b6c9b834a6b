/* SPDX-License-Identifier: Apache-2.0 */
#include "names/escape.h"

int ng_escape_append(struct ng_buf *buf, const uint8_t *text, size_t len)
{
	size_t plain = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < len; i++) {
		uint8_t c = text[i];

		if (c >= 0x20 && c != 0x7f && c != '\\')
			continue;
		r = ng_buf_append(buf, text + plain, i - plain);
		plain = i + 1;
		if (r)
			break;
		if (c == '\t' || c == '\n' || c == '\\')
			r = ng_buf_printf(buf, "\\%c", c == '\t' ? 't' : c == '\n' ? 'n' : '\\');
		else
			r = ng_buf_printf(buf, "\\x%02x", c);
	}
	return r ? r : ng_buf_append(buf, text + plain, len - plain);
}
