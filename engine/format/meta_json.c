/* SPDX-License-Identifier: Apache-2.0 */
#include "format/meta_json.h"

#include "base/json.h"
#include "base/utf8.h"

void ng_meta_skip_space(struct ng_meta_place *p)
{
	while (p->at < p->end &&
	       (*p->at == ' ' || *p->at == '\t' || *p->at == '\r' || *p->at == '\n'))
		p->at++;
}

bool ng_meta_take(struct ng_meta_place *p, uint8_t c)
{
	ng_meta_skip_space(p);
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

static int append_utf8(struct ng_buf *buf, uint32_t c)
{
	uint8_t bytes[4];

	return ng_buf_append(buf, bytes, ng_utf8_put(c, bytes));
}

/* Behind \u. Half a surrogate pair is U+FFFD. */
static int unicode_escape(struct ng_meta_place *p, struct ng_buf *buf)
{
	uint32_t c, low;

	if (ng_json_hex4(p->at, p->end, &c) < 0)
		return -EUCLEAN;
	p->at += 4;
	if (c >= 0xd800 && c < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' &&
	    p->at[1] == 'u' && ng_json_hex4(p->at + 2, p->end, &low) == 0 && low >= 0xdc00 &&
	    low < 0xe000) {
		p->at += 6;
		return append_utf8(buf, 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff)));
	}
	return append_utf8(buf, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

/* Behind a backslash. */
static int escape(struct ng_meta_place *p, struct ng_buf *buf)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (p->at == p->end)
		return -EUCLEAN;
	if (*p->at == 'u') {
		p->at++;
		return unicode_escape(p, buf);
	}
	found = *p->at ? strchr(from, *p->at) : NULL;
	if (!found)
		return -EUCLEAN;
	p->at++;
	return ng_buf_append(buf, &to[found - from], 1);
}

int ng_meta_string(struct ng_meta_place *p, struct ng_buf *buf)
{
	int r = ng_meta_take(p, '"') ? 0 : -EUCLEAN;

	while (r == 0) {
		const uint8_t *from = p->at;

		while (p->at < p->end && *p->at != '"' && *p->at != '\\')
			p->at++;
		if (p->at == p->end)
			return -EUCLEAN;
		r = ng_buf_append(buf, from, (size_t)(p->at - from));
		if (*p->at++ == '"')
			break;
		if (r == 0)
			r = escape(p, buf);
	}
	return r;
}

int ng_meta_skip_nested(struct ng_meta_place *p)
{
	uint64_t depth = 0;
	bool in_string = false;

	for (; p->at < p->end; p->at++) {
		uint8_t c = *p->at;

		if (in_string) {
			if (c == '\\' && p->at + 1 < p->end)
				p->at++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			depth++;
		} else if ((c == ']' || c == '}') && --depth == 0) {
			p->at++;
			return 0;
		}
	}
	return -EUCLEAN;
}

void ng_meta_skip_word(struct ng_meta_place *p)
{
	while (p->at < p->end && !strchr(",]} \t\r\n", *p->at))
		p->at++;
}
