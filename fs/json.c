#include "json.h"

/* How many bytes of a character stand at s. *ret_complete: all that its first byte promises;
 * otherwise the longest piece that could have begun a character, or 1. Refuses overlong forms,
 * surrogates and what lies beyond U+10FFFF (Unicode 15, table 3-7). */
static size_t utf8_piece(const uint8_t *s, size_t len, bool *ret_complete)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t want, n = 1;

	*ret_complete = false;
	if (s[0] < 0x80)
		want = 1;
	else if (s[0] >= 0xc2 && s[0] <= 0xdf)
		want = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		want = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		want = 4;
	else
		return 1;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	while (n < want && n < len && s[n] >= low && s[n] <= high) {
		n++;
		low = 0x80;
		high = 0xbf;
	}
	*ret_complete = n == want;
	return n;
}

static int append_ascii(struct ng_buf *buf, uint8_t c)
{
	switch (c) {
	case '"':
		return ng_buf_append(buf, "\\\"", 2);
	case '\\':
		return ng_buf_append(buf, "\\\\", 2);
	case '\n':
		return ng_buf_append(buf, "\\n", 2);
	case '\r':
		return ng_buf_append(buf, "\\r", 2);
	case '\t':
		return ng_buf_append(buf, "\\t", 2);
	default:
		if (c < 0x20)
			return ng_buf_printf(buf, "\\u%04x", c);
		return ng_buf_append(buf, &c, 1);
	}
}

int ng_json_string(struct ng_buf *buf, const uint8_t *bytes, size_t len)
{
	size_t i = 0;
	int r = ng_buf_append(buf, "\"", 1);

	while (r == 0 && i < len) {
		bool complete;
		size_t n = utf8_piece(bytes + i, len - i, &complete);

		if (!complete)
			r = ng_buf_append(buf, "\xef\xbf\xbd", 3);
		else if (n == 1)
			r = append_ascii(buf, bytes[i]);
		else
			r = ng_buf_append(buf, bytes + i, n);
		i += n;
	}
	return r ? r : ng_buf_append(buf, "\"", 1);
}

size_t ng_utf8_tail_bytes(const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && n < 3 && (bytes[n] & 0xc0) == 0x80)
		n++;
	return n;
}

size_t ng_utf8_head_bytes(const uint8_t *bytes, size_t len)
{
	for (size_t n = 1; n <= 3 && n <= len; n++) {
		const uint8_t *s = bytes + len - n;
		bool complete;

		if ((*s & 0xc0) == 0x80)
			continue;
		if (*s < 0xc2 || *s > 0xf4)
			return 0;
		return utf8_piece(s, n, &complete) == n && !complete ? n : 0;
	}
	return 0;
}
