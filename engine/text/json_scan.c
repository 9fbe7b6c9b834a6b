/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json_scan.h"

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool ends_word(uint8_t c)
{
	return is_space(c) || c == ',' || c == ']' || c == '}';
}

/* Outside strings: what numbers, true, false, null, NaN and Infinity are made of, and what stands
 * between values. */
static bool may_stand(uint8_t c)
{
	return c && strchr("0123456789+-.eEtrufalsnNaIity,: \t\r\n", c);
}

/* Behind the end of a string, or len. */
static size_t scan_string(struct ng_json_scan *scan, const uint8_t *data, size_t at, size_t len,
			  int *ret)
{
	for (; at < len; at++) {
		if (scan->escaped) {
			scan->escaped = false;
		} else if (data[at] == '\\') {
			scan->escaped = true;
		} else if (data[at] == '"') {
			scan->in_string = false;
			return at + 1;
		} else if (scan->strict && data[at] < 0x20) {
			*ret = -EBADMSG;
			return at;
		}
	}
	return at;
}

int ng_json_scan(struct ng_json_scan *scan, const uint8_t *data, size_t len, size_t *ret_used)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < len) {
		uint8_t c = data[at];

		if (scan->in_string) {
			at = scan_string(scan, data, at, len, &r);
			if (r == 0 && !scan->in_string && !scan->depth)
				r = 1;
			continue;
		}
		if (scan->in_word && ends_word(c)) {
			r = 1;
			continue;
		}
		if (c == '"')
			scan->in_string = true;
		else if (c == '{' || c == '[')
			scan->depth++;
		else if ((c == '}' || c == ']') && scan->depth)
			r = --scan->depth ? 0 : 1;
		else if (scan->strict && !may_stand(c))
			r = -EBADMSG;
		else
			scan->in_word = !scan->depth;
		at += r >= 0;
	}
	*ret_used = at;
	return r;
}
