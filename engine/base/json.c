#include "base/json.h"

#include "base/utf8.h"

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

/* each_byte: of what isn't UTF-8, one U+FFFD a byte instead of one a piece. */
static int string_append(struct ng_buf *buf, const uint8_t *bytes, size_t len, bool each_byte)
{
	const uint8_t *p = bytes, *end = bytes + len;
	int r = ng_buf_append(buf, "\"", 1);

	while (r == 0 && p < end) {
		unsigned n = ng_utf8_piece(p, end);

		if (n != ng_utf8_promised(*p)) {
			r = ng_buf_append(buf, "\xef\xbf\xbd", 3);
			if (each_byte)
				n = 1;
		} else if (n == 1) {
			r = append_ascii(buf, *p);
		} else {
			r = ng_buf_append(buf, p, n);
		}
		p += n;
	}
	return r ? r : ng_buf_append(buf, "\"", 1);
}

int ng_json_string(struct ng_buf *buf, const uint8_t *bytes, size_t len)
{
	return string_append(buf, bytes, len, false);
}

int ng_json_name(struct ng_buf *buf, const char *name, size_t len)
{
	return string_append(buf, (const uint8_t *)name, len, true);
}
