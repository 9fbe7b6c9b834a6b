/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json_string.h"

#include "base/json.h"
#include "base/utf8.h"

#define BYTES(c) (0x0101010101010101ull * (c))

/* High bits mark the bytes of v that a decoder must look at: controls, '"', '\\', and beyond
 * ASCII. Borrows can mark a plain byte too, but only above a marked one: the lowest is exact. */
static uint64_t special_bytes(uint64_t v)
{
	uint64_t quote = v ^ BYTES('"'), backslash = v ^ BYTES('\\');

	return ((v - BYTES(0x20)) | (quote - BYTES(1)) | (backslash - BYTES(1)) | v) & BYTES(0x80);
}

#define REPLACEMENT 0xfffdu

/* \uXXXX, or two of them that make a surrogate pair; *p stands on the 'u'. */
static int decode_unicode(const uint8_t *line, const uint8_t *end, bool replace, const uint8_t **p,
			  uint8_t **out, struct ng_error *err)
{
	const uint8_t *s = *p;
	size_t at = (size_t)(s - line); /* of the backslash, from 1 */
	uint32_t c, low;

	if (ng_json_hex4(s + 1, end, &c) < 0)
		return ng_fail(err, -EBADMSG, "\\u without four hexadecimal digits at byte %zu",
			       at);
	s += 5;
	if (c >= 0xd800 && c < 0xe000) {
		bool pair = c < 0xdc00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u' &&
			    ng_json_hex4(s + 2, end, &low) == 0 && low >= 0xdc00 && low < 0xe000;

		if (!pair && !replace)
			return ng_fail(err, -EBADMSG,
				       "lone surrogate \\u%04x at byte %zu "
				       "(--bad-unicode=replace takes it)",
				       c, at);
		c = pair ? 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00)) : REPLACEMENT;
		s += pair ? 6 : 0;
	}
	*out += ng_utf8_put(c, *out);
	*p = s;
	return 0;
}

/* *p stands behind the backslash. */
static int decode_escape(const uint8_t *line, const uint8_t *end, bool replace, const uint8_t **p,
			 uint8_t **out, struct ng_error *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (*p == end)
		return ng_fail(err, -EBADMSG, "no closing quote (the line ends in a string)");
	if (**p == 'u')
		return decode_unicode(line, end, replace, p, out, err);
	found = **p ? strchr(from, **p) : NULL;
	if (!found)
		return ng_fail(err, -EBADMSG, "unknown escape after the backslash at byte %zu",
			       (size_t)(*p - line));
	*(*out)++ = (uint8_t)to[found - from];
	(*p)++;
	return 0;
}

static int bad_utf8(const uint8_t *line, const uint8_t *at, struct ng_error *err)
{
	return ng_fail(err, -EBADMSG,
		       "invalid UTF-8 (0x%02x) at byte %zu (--bad-unicode=replace takes it)", *at,
		       (size_t)(at - line) + 1);
}

static int bad_control(const uint8_t *line, const uint8_t *at, struct ng_error *err)
{
	return ng_fail(err, -EBADMSG,
		       "control character 0x%02x in a string at byte %zu "
		       "(JSON wants it written as \\u%04x)",
		       *at, (size_t)(at - line) + 1, *at);
}

/* Copy characters beyond ASCII as long as they follow each other. */
static int decode_wide(const uint8_t *line, const uint8_t *end, bool replace, const uint8_t **p,
		       uint8_t **out, struct ng_error *err)
{
	const uint8_t *s = *p;
	uint8_t *o = *out;

	do {
		unsigned len = ng_utf8_len(s, end);

		if (!len && !replace)
			return bad_utf8(line, s, err);
		if (!len) {
			s += ng_utf8_piece(s, end);
			o += ng_utf8_put(REPLACEMENT, o);
			continue;
		}
		for (unsigned i = 0; i < len; i++)
			*o++ = *s++;
	} while (s < end && *s >= 0x80);
	*p = s;
	*out = o;
	return 0;
}

int ng_json_string_decode(const uint8_t *line, size_t len, size_t *pos, bool replace,
			  struct ng_buf *ret_text, struct ng_error *err)
{
	const uint8_t *p = line + *pos, *end = line + len;
	uint8_t *out;
	int r;

	/* No escape is longer decoded than written, and U+FFFD, three bytes, takes the place of one
	 * at least; whole words are stored, hence 8 more. */
	ret_text->len = 0;
	r = ng_buf_reserve(ret_text, (size_t)(end - p) * (replace ? 3 : 1) + 8);
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
			r = decode_escape(line, end, replace, &p, &out, err);
			if (r < 0)
				return r;
		} else if (*p >= 0x80) {
			r = decode_wide(line, end, replace, &p, &out, err);
			if (r < 0)
				return r;
		} else if (*p < 0x20) {
			return bad_control(line, p, err);
		} else {
			*out++ = *p++;
		}
	}
	ret_text->len = (size_t)(out - ret_text->data);
	*pos = (size_t)(p - line) + 1;
	return 0;
}

/* Move over an escape; *p stands behind the backslash. */
static int check_escape(const uint8_t *line, const uint8_t *end, const uint8_t **p,
			struct ng_error *err)
{
	uint8_t decoded[4], *out = decoded;

	return decode_escape(line, end, true, p, &out, err);
}

int ng_json_string_copy(const uint8_t *line, size_t len, size_t *pos, bool replace,
			struct ng_buf *buf, struct ng_error *err)
{
	const uint8_t *p = line + *pos, *end = line + len, *from = p - 1;
	int r = 0;

	while (r == 0) {
		while (end - p >= 8) {
			uint64_t m = special_bytes(ng_load64(p));

			p += m ? (unsigned)__builtin_ctzll(m) / 8 : 8;
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
			r = check_escape(line, end, &p, err);
		} else if (*p < 0x20) {
			r = bad_control(line, p, err);
		} else if (*p < 0x80 || ng_utf8_len(p, end)) {
			p += ng_utf8_len(p, end);
		} else if (!replace) {
			r = bad_utf8(line, p, err);
		} else {
			r = ng_buf_append(buf, from, (size_t)(p - from));
			if (r == 0)
				r = ng_buf_append(buf, "\xef\xbf\xbd", 3);
			p += ng_utf8_piece(p, end);
			from = p;
		}
	}
	if (r < 0)
		return r;
	p++;
	*pos = (size_t)(p - line);
	return ng_buf_append(buf, from, (size_t)(p - from));
}
