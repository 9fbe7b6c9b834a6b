#include "text/json_string.h"

#include "base/utf8.h"

#define BYTES(c) (0x0101010101010101ull * (c))

/* High bits mark the bytes of v that a decoder must look at: controls, '"', '\\', and beyond
 * ASCII. Borrows can mark a plain byte too, but only above a marked one: the lowest is exact. */
static uint64_t special_bytes(uint64_t v)
{
	uint64_t quote = v ^ BYTES('"'), backslash = v ^ BYTES('\\');

	return ((v - BYTES(0x20)) | (quote - BYTES(1)) | (backslash - BYTES(1)) | v) & BYTES(0x80);
}

static int hex4(const uint8_t *p, const uint8_t *end, uint32_t *ret)
{
	uint32_t v = 0;

	if (end - p < 4)
		return -EBADMSG;
	for (int i = 0; i < 4; i++) {
		uint8_t c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return -EBADMSG;
	}
	*ret = v;
	return 0;
}

/* \uXXXX, or two of them that make a surrogate pair; *p stands on the 'u'. */
static int decode_unicode(const uint8_t *line, const uint8_t *end, const uint8_t **p, uint8_t **out,
			  struct ng_error *err)
{
	const uint8_t *s = *p;
	size_t at = (size_t)(s - line); /* of the backslash, from 1 */
	uint32_t c, low;

	if (hex4(s + 1, end, &c) < 0)
		return ng_fail(err, -EBADMSG, "\\u without four hexadecimal digits at byte %zu",
			       at);
	s += 5;
	if (c >= 0xd800 && c < 0xe000) {
		if (c >= 0xdc00 || end - s < 6 || s[0] != '\\' || s[1] != 'u' ||
		    hex4(s + 2, end, &low) < 0 || low < 0xdc00 || low >= 0xe000)
			return ng_fail(err, -EBADMSG, "lone surrogate \\u%04x at byte %zu", c, at);
		c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
		s += 6;
	}
	*out += ng_utf8_put(c, *out);
	*p = s;
	return 0;
}

/* *p stands behind the backslash. */
static int decode_escape(const uint8_t *line, const uint8_t *end, const uint8_t **p, uint8_t **out,
			 struct ng_error *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (*p == end)
		return ng_fail(err, -EBADMSG, "no closing quote (the line ends in a string)");
	if (**p == 'u')
		return decode_unicode(line, end, p, out, err);
	found = **p ? strchr(from, **p) : NULL;
	if (!found)
		return ng_fail(err, -EBADMSG, "unknown escape after the backslash at byte %zu",
			       (size_t)(*p - line));
	*(*out)++ = (uint8_t)to[found - from];
	(*p)++;
	return 0;
}

/* Copy characters beyond ASCII as long as they follow each other. */
static int decode_wide(const uint8_t *line, const uint8_t *end, const uint8_t **p, uint8_t **out,
		       struct ng_error *err)
{
	const uint8_t *s = *p;
	uint8_t *o = *out;

	do {
		unsigned len = ng_utf8_len(s, end);

		if (!len)
			return ng_fail(err, -EBADMSG, "invalid UTF-8 (0x%02x) at byte %zu", *s,
				       (size_t)(s - line) + 1);
		for (unsigned i = 0; i < len; i++)
			*o++ = *s++;
	} while (s < end && *s >= 0x80);
	*p = s;
	*out = o;
	return 0;
}

int ng_json_string_decode(const uint8_t *line, size_t len, size_t *pos, struct ng_buf *ret_text,
			  struct ng_error *err)
{
	const uint8_t *p = line + *pos, *end = line + len;
	uint8_t *out;
	int r;

	/* No escape is longer decoded than written; whole words are stored, hence 8 more. */
	ret_text->len = 0;
	r = ng_buf_reserve(ret_text, (size_t)(end - p) + 8);
	if (r < 0)
		return r;
	out = ret_text->data;
	for (;;) {
		while (end - p >= 8) {
			uint64_t v = ng_load64(p), m = special_bytes(v);
			unsigned n = m ? (unsigned)__builtin_ctzll(m) / 8 : 8;

			ng_store64(out, v);
			p += n;
			out += n;
			if (m)
				break;
		}
		if (p == end)
			return ng_fail(err, -EBADMSG,
				       "no closing quote (the line ends in a string)");
		if (*p == '"')
			break;
		if (*p == '\\') {
			p++;
			r = decode_escape(line, end, &p, &out, err);
			if (r < 0)
				return r;
		} else if (*p >= 0x80) {
			r = decode_wide(line, end, &p, &out, err);
			if (r < 0)
				return r;
		} else if (*p < 0x20) {
			return ng_fail(err, -EBADMSG,
				       "control character 0x%02x in a string at byte %zu "
				       "(JSON wants it written as \\u%04x)",
				       *p, (size_t)(p - line) + 1, *p);
		} else {
			*out++ = *p++;
		}
	}
	ret_text->len = (size_t)(out - ret_text->data);
	*pos = (size_t)(p - line) + 1;
	return 0;
}
