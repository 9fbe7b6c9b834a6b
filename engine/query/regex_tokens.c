/* SPDX-License-Identifier: Apache-2.0 */
#include "query/regex_tokens.h"

#include "base/utf8.h"

bool ng_regex_looking_at(const struct ng_regex *r, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(r->end - r->p) >= len && memcmp(r->p, text, len) == 0;
}

bool ng_regex_skip(struct ng_regex *r, const char *text)
{
	if (!ng_regex_looking_at(r, text))
		return false;
	r->p += strlen(text);
	return true;
}

void ng_regex_skip_to(struct ng_regex *r, const char *to)
{
	while (r->p < r->end && !ng_regex_looking_at(r, to))
		r->p++;
	r->lost |= !ng_regex_skip(r, to);
}

uint32_t ng_regex_character(struct ng_regex *r)
{
	unsigned len = r->p < r->end ? ng_utf8_len(r->p, r->end) : 0;
	uint32_t c;

	if (!len) {
		r->lost = true;
		r->p = r->end;
		return 0;
	}
	c = len == 1 ? r->p[0] : r->p[0] & (0x7fu >> len);
	for (unsigned i = 1; i < len; i++)
		c = c << 6 | (r->p[i] & 0x3fu);
	r->p += len;
	return c;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A number of most digits at most, in a base. False: none, or beyond what Unicode has. */
static bool take_number(struct ng_regex *r, unsigned base, unsigned most, uint32_t *ret)
{
	const uint8_t *first = r->p;
	uint32_t n = 0;

	while (r->p < r->end && (unsigned)(r->p - first) < most) {
		int d = digit(*r->p);

		if (d < 0 || (unsigned)d >= base)
			break;
		n = n * base + (unsigned)d;
		if (n > 0x10ffff)
			return false;
		r->p++;
	}
	*ret = n;
	return r->p > first;
}

/* \x41 and \x{41}, behind the x. */
static bool take_hexadecimal(struct ng_regex *r, uint32_t *ret)
{
	if (ng_regex_skip(r, "{"))
		return take_number(r, 16, 8, ret) && ng_regex_skip(r, "}");
	if (!take_number(r, 16, 2, ret))
		*ret = 0; /* \x alone is a NUL */
	return true;
}

enum ng_regex_escape ng_regex_escape(struct ng_regex *r, bool in_class, uint32_t *ret)
{
	static const char plain[] = "tnrfae", stands_for[] = "\t\n\r\f\a\x1b";
	const char *found;
	uint8_t c;

	if (r->p == r->end) {
		r->lost = true;
		return NG_REGEX_ANYTHING;
	}
	if (*r->p >= 0x80) {
		*ret = ng_regex_character(r);
		return NG_REGEX_CHARACTER;
	}
	c = *r->p++;
	found = c ? strchr(plain, c) : NULL;
	if (found) {
		*ret = (uint8_t)stands_for[found - plain];
		return NG_REGEX_CHARACTER;
	}
	if (c == 'x') {
		r->lost |= !take_hexadecimal(r, ret);
		return NG_REGEX_CHARACTER;
	}
	if (c == 'b' && in_class) {
		*ret = '\b';
		return NG_REGEX_CHARACTER;
	}
	if (c == 'E')
		return NG_REGEX_NOTHING;
	if (c == 'Q')
		return NG_REGEX_QUOTE;
	if (!in_class && c && strchr("bBAzZGK", c))
		return NG_REGEX_EMPTY;
	if (c && strchr("dDwWsShHvVNRXC", c)) {
		if (c == 'N' && ng_regex_looking_at(r, "{"))
			ng_regex_skip_to(r, "}");
		return NG_REGEX_ANYTHING;
	}
	if (c == 'p' || c == 'P') {
		if (ng_regex_skip(r, "{"))
			ng_regex_skip_to(r, "}");
		else
			ng_regex_character(r);
		return NG_REGEX_ANYTHING;
	}
	/* A reference, or octal, with which a digit of the text may go. */
	if (c >= '0' && c <= '9') {
		while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
			r->p++;
		return NG_REGEX_ANYTHING;
	}
	/* References by name, control characters, and what PCRE2 refuses. */
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
		r->lost = true;
		return NG_REGEX_ANYTHING;
	}
	*ret = c;
	return NG_REGEX_CHARACTER;
}

static void members_add(struct ng_regex_class *m, uint32_t from, uint32_t to)
{
	if (to < from || to - from >= NG_REGEX_CLASS_MAX - m->n) {
		m->many = true;
		return;
	}
	for (uint32_t c = from; c <= to; c++)
		m->c[m->n++] = c;
}

/* One member, or an end of a range. False: it's a set of its own, such as \d. */
static bool take_member(struct ng_regex *r, uint32_t *ret)
{
	if (ng_regex_looking_at(r, "[:") || ng_regex_looking_at(r, "[.") ||
	    ng_regex_looking_at(r, "[=")) {
		r->p++;
		/* "[:" is a name only where ":]" follows; otherwise what is passed here belongs to
		 * the class, too, and it is no smaller for it. */
		for (const uint8_t *at = r->p + 1; at + 1 < r->end && *at != ']'; at++) {
			if (at[0] == *r->p && at[1] == ']') {
				r->p = at + 2;
				break;
			}
		}
		return false;
	}
	if (!ng_regex_skip(r, "\\")) {
		*ret = ng_regex_character(r);
		return true;
	}
	switch (ng_regex_escape(r, true, ret)) {
	case NG_REGEX_CHARACTER:
		return true;
	case NG_REGEX_QUOTE:
		ng_regex_skip_to(r, "\\E");
		return false;
	default:
		return false;
	}
}

void ng_regex_class(struct ng_regex *r, struct ng_regex_class *ret_class)
{
	struct ng_regex_class m = {.n = 0};

	m.many = ng_regex_skip(r, "^");
	for (bool first = true; !r->lost; first = false) {
		uint32_t from = 0, to = 0;

		if (r->p == r->end) {
			r->lost = true;
			break;
		}
		if (*r->p == ']' && !first) {
			r->p++;
			break;
		}
		if (!take_member(r, &from)) {
			m.many = true;
			continue;
		}
		to = from;
		if (r->end - r->p >= 2 && r->p[0] == '-' && r->p[1] != ']') {
			r->p++;
			if (!take_member(r, &to)) {
				m.many = true;
				continue;
			}
		}
		if (!m.many)
			members_add(&m, from, to);
	}
	*ret_class = m;
}

/* {3}, {3,} or {3,5}, behind the brace; otherwise the brace is a character. */
static bool take_bounds(struct ng_regex *r, unsigned *ret_min, unsigned *ret_max)
{
	struct ng_regex at = *r;
	uint32_t min, max;

	if (!take_number(&at, 10, 5, &min))
		return false;
	max = min;
	if (ng_regex_skip(&at, ",") && !take_number(&at, 10, 5, &max))
		max = NG_REGEX_FOREVER;
	if (!ng_regex_skip(&at, "}"))
		return false;
	r->p = at.p;
	*ret_min = min;
	*ret_max = max;
	return true;
}

bool ng_regex_quantifier(struct ng_regex *r, unsigned *ret_min, unsigned *ret_max)
{
	const uint8_t *before = r->p;

	*ret_min = *ret_max = 1;
	if (ng_regex_skip(r, "*")) {
		*ret_min = 0;
		*ret_max = NG_REGEX_FOREVER;
	} else if (ng_regex_skip(r, "+")) {
		*ret_max = NG_REGEX_FOREVER;
	} else if (ng_regex_skip(r, "?")) {
		*ret_min = 0;
	} else if (ng_regex_skip(r, "{") && !take_bounds(r, ret_min, ret_max)) {
		/* PCRE2 from 10.43 on takes {,5} and blanks, too. */
		r->lost |= r->p < r->end && strchr(" \t,0123456789", *r->p) != NULL;
		r->p = before;
	}
	if (r->p == before)
		return false;
	if (!ng_regex_skip(r, "?"))
		ng_regex_skip(r, "+");
	return true;
}

bool ng_regex_options(struct ng_regex *r, bool *fold)
{
	bool on = true;

	for (; r->p < r->end && *r->p != ')' && *r->p != ':'; r->p++) {
		if (*r->p == '^')
			*fold = false;
		else if (*r->p == '-')
			on = false;
		else if (*r->p == 'i')
			*fold = on;
		else if (!strchr("msnJU", *r->p))
			r->lost = true;
	}
	if (r->p == r->end) {
		r->lost = true;
		return false;
	}
	return *r->p++ == ':';
}
