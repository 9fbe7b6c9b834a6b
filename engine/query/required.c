/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a regular expression: a recursive descent over PCRE2's syntax (pcre2pattern(3)). */
#include "query/required.h"

#include "base/utf8.h"
#include "query/stringset.h"

/* Groups in each other; PCRE2 itself takes 250. */
#define DEPTH_MAX 250u

/* Members of a class that is taken for a set of strings. */
#define CLASS_MAX 32u

#define FOREVER UINT32_MAX

struct reading {
	struct ng_arena *arena;
	const uint8_t *p, *end;
	unsigned depth;
	bool lost; /* something that changes how the rest is read */
};

/* Parts of an alternative, read from left to right and put together from right to left, so that
 * characters that follow each other become one string. */
struct sequence {
	struct ng_part *parts;
	size_t n, cap;
};

static struct ng_part read_alternatives(struct reading *r, bool fold);

static bool looking_at(const struct reading *r, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(r->end - r->p) >= len && memcmp(r->p, text, len) == 0;
}

static bool skip(struct reading *r, const char *text)
{
	if (!looking_at(r, text))
		return false;
	r->p += strlen(text);
	return true;
}

/* Behind the next `to`; without one all is lost. */
static void skip_to(struct reading *r, const char *to)
{
	while (r->p < r->end && !looking_at(r, to))
		r->p++;
	r->lost |= !skip(r, to);
}

static void put(struct reading *r, struct sequence *s, struct ng_part part)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 8;
		struct ng_part *parts = ng_arena_get(r->arena, cap * sizeof(*parts));

		if (!parts)
			return;
		if (s->n)
			memcpy(parts, s->parts, s->n * sizeof(*parts));
		s->parts = parts;
		s->cap = cap;
	}
	s->parts[s->n++] = part;
}

static struct ng_part character(struct reading *r, uint32_t c, bool fold)
{
	uint8_t bytes[4];
	struct ng_required_string string = {bytes, ng_utf8_put(c, bytes)};

	return ng_part_strings(r->arena, &string, 1, fold);
}

/* The character at p, which is valid UTF-8 or else all is lost. */
static uint32_t take_character(struct reading *r)
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
static bool take_number(struct reading *r, unsigned base, unsigned most, uint32_t *ret)
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
static bool take_hexadecimal(struct reading *r, uint32_t *ret)
{
	if (skip(r, "{"))
		return take_number(r, 16, 8, ret) && skip(r, "}");
	if (!take_number(r, 16, 2, ret))
		*ret = 0; /* \x alone is a NUL */
	return true;
}

enum escape {
	ESCAPE_CHARACTER,
	ESCAPE_NOTHING,  /* \E, which isn't there */
	ESCAPE_EMPTY,    /* it matches the empty string somewhere */
	ESCAPE_ANYTHING, /* one character of many, or what isn't known */
	ESCAPE_QUOTE,    /* \Q */
};

/* What a backslash begins, which is passed. What is not known is anything, and its braces' contents
 * are passed, too. */
static enum escape take_escape(struct reading *r, bool in_class, uint32_t *ret)
{
	static const char plain[] = "tnrfae", stands_for[] = "\t\n\r\f\a\x1b";
	const char *found;
	uint8_t c;

	if (r->p == r->end) {
		r->lost = true;
		return ESCAPE_ANYTHING;
	}
	if (*r->p >= 0x80) {
		*ret = take_character(r);
		return ESCAPE_CHARACTER;
	}
	c = *r->p++;
	found = c ? strchr(plain, c) : NULL;
	if (found) {
		*ret = (uint8_t)stands_for[found - plain];
		return ESCAPE_CHARACTER;
	}
	if (c == 'x') {
		r->lost |= !take_hexadecimal(r, ret);
		return ESCAPE_CHARACTER;
	}
	if (c == 'b' && in_class) {
		*ret = '\b';
		return ESCAPE_CHARACTER;
	}
	if (c == 'E')
		return ESCAPE_NOTHING;
	if (c == 'Q')
		return ESCAPE_QUOTE;
	if (!in_class && c && strchr("bBAzZGK", c))
		return ESCAPE_EMPTY;
	if (c && strchr("dDwWsShHvVNRXC", c)) {
		if (c == 'N' && looking_at(r, "{"))
			skip_to(r, "}");
		return ESCAPE_ANYTHING;
	}
	if (c == 'p' || c == 'P') {
		if (skip(r, "{"))
			skip_to(r, "}");
		else
			take_character(r);
		return ESCAPE_ANYTHING;
	}
	/* A reference, or octal, with which a digit of the text may go. */
	if (c >= '0' && c <= '9') {
		while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
			r->p++;
		return ESCAPE_ANYTHING;
	}
	/* References by name, control characters, and what PCRE2 refuses. */
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
		r->lost = true;
		return ESCAPE_ANYTHING;
	}
	*ret = c;
	return ESCAPE_CHARACTER;
}

/* Up to \E, or the end: characters as they are. */
static void read_quoted(struct reading *r, struct sequence *s, bool fold)
{
	while (r->p < r->end && !skip(r, "\\E"))
		put(r, s, character(r, take_character(r), fold));
}

/* Members of a class, if they are few. */
struct members {
	uint32_t c[CLASS_MAX];
	unsigned n;
	bool many;
};

static void members_add(struct members *m, uint32_t from, uint32_t to)
{
	if (to < from || to - from >= CLASS_MAX - m->n) {
		m->many = true;
		return;
	}
	for (uint32_t c = from; c <= to; c++)
		m->c[m->n++] = c;
}

/* One member, or an end of a range. False: it's a set of its own, such as \d. */
static bool take_member(struct reading *r, uint32_t *ret)
{
	if (looking_at(r, "[:") || looking_at(r, "[.") || looking_at(r, "[=")) {
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
	if (!skip(r, "\\")) {
		*ret = take_character(r);
		return true;
	}
	switch (take_escape(r, true, ret)) {
	case ESCAPE_CHARACTER:
		return true;
	case ESCAPE_QUOTE:
		skip_to(r, "\\E");
		return false;
	default:
		return false;
	}
}

/* Behind the bracket. */
static struct ng_part read_class(struct reading *r, bool fold)
{
	struct ng_required_string strings[CLASS_MAX];
	uint8_t bytes[CLASS_MAX][4];
	struct members m = {.n = 0};

	m.many = skip(r, "^");
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
	if (m.many || m.n == 0)
		return ng_part_anything(r->arena);
	for (unsigned i = 0; i < m.n; i++) {
		size_t len = ng_utf8_put(m.c[i], bytes[i]);

		strings[i] = (struct ng_required_string){bytes[i], len};
	}
	return ng_part_strings(r->arena, strings, m.n, fold);
}

/* {3}, {3,} or {3,5}, behind the brace; otherwise the brace is a character. */
static bool take_bounds(struct reading *r, unsigned *ret_min, unsigned *ret_max)
{
	struct reading at = *r;
	uint32_t min, max;

	if (!take_number(&at, 10, 5, &min))
		return false;
	max = min;
	if (skip(&at, ",") && !take_number(&at, 10, 5, &max))
		max = FOREVER;
	if (!skip(&at, "}"))
		return false;
	r->p = at.p;
	*ret_min = min;
	*ret_max = max;
	return true;
}

/* A quantifier, which is passed. False: there is none. */
static bool take_quantifier(struct reading *r, unsigned *ret_min, unsigned *ret_max)
{
	const uint8_t *before = r->p;

	*ret_min = *ret_max = 1;
	if (skip(r, "*")) {
		*ret_min = 0;
		*ret_max = FOREVER;
	} else if (skip(r, "+")) {
		*ret_max = FOREVER;
	} else if (skip(r, "?")) {
		*ret_min = 0;
	} else if (skip(r, "{") && !take_bounds(r, ret_min, ret_max)) {
		/* PCRE2 from 10.43 on takes {,5} and blanks, too. */
		r->lost |= r->p < r->end && strchr(" \t,0123456789", *r->p) != NULL;
		r->p = before;
	}
	if (r->p == before)
		return false;
	if (!skip(r, "?"))
		skip(r, "+");
	return true;
}

static void read_quantifiers(struct reading *r, struct sequence *s)
{
	unsigned min, max;

	while (s->n && take_quantifier(r, &min, &max))
		s->parts[s->n - 1] = ng_part_repeat(r->arena, s->parts[s->n - 1], min, max);
}

/* (?i), (?-i:...) and their like, behind the question mark: *fold is what holds from there on. True
 * where a group follows, false where the parenthesis is closed. */
static bool read_options(struct reading *r, bool *fold)
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

/* A group's inside up to the parenthesis that closes it. */
static struct ng_part read_inside(struct reading *r, bool fold)
{
	struct ng_part part;

	if (++r->depth > DEPTH_MAX)
		r->lost = true;
	part = r->lost ? ng_part_anything(r->arena) : read_alternatives(r, fold);
	r->depth--;
	r->lost |= !skip(r, ")");
	return part;
}

/* (?... behind the question mark. *fold changes for what follows in the group around it. */
static struct ng_part read_special_group(struct reading *r, bool *fold)
{
	static const char *const passed[] = {"=", "!", "<=", "<!"};
	bool inside = *fold;

	for (size_t i = 0; i < ng_array_size(passed); i++) {
		if (skip(r, passed[i])) {
			read_inside(r, *fold);
			return ng_part_empty(r->arena);
		}
	}
	if (skip(r, ">") || skip(r, "|"))
		return read_inside(r, *fold);
	if (skip(r, "<") || skip(r, "P<")) {
		skip_to(r, ">");
		return read_inside(r, *fold);
	}
	if (skip(r, "'")) {
		skip_to(r, "'");
		return read_inside(r, *fold);
	}
	if (r->p < r->end && strchr("^-imsnJU:)", *r->p)) {
		if (read_options(r, &inside))
			return read_inside(r, inside);
		*fold = inside;
		return ng_part_empty(r->arena);
	}
	/* Conditions, calls of groups, extended mode. */
	r->lost = true;
	return ng_part_anything(r->arena);
}

static void read_escaped(struct reading *r, struct sequence *s, bool fold)
{
	uint32_t c = 0;

	switch (take_escape(r, false, &c)) {
	case ESCAPE_CHARACTER:
		put(r, s, character(r, c, fold));
		return;
	case ESCAPE_NOTHING:
		return;
	case ESCAPE_EMPTY:
		put(r, s, ng_part_empty(r->arena));
		return;
	case ESCAPE_ANYTHING:
		put(r, s, ng_part_anything(r->arena));
		return;
	case ESCAPE_QUOTE:
		read_quoted(r, s, fold);
		return;
	}
}

/* Up to a bar, a closing parenthesis or the end. */
static struct ng_part read_sequence(struct reading *r, bool *fold)
{
	struct sequence s = {0};
	struct ng_part all = ng_part_empty(r->arena);

	while (r->p < r->end && *r->p != '|' && *r->p != ')' && !r->lost) {
		if (skip(r, "\\"))
			read_escaped(r, &s, *fold);
		else if (skip(r, "["))
			put(r, &s, read_class(r, *fold));
		else if (skip(r, "(?#"))
			skip_to(r, ")");
		else if (skip(r, "(?"))
			put(r, &s, read_special_group(r, fold));
		else if (looking_at(r, "(*"))
			r->lost = true;
		else if (skip(r, "("))
			put(r, &s, read_inside(r, *fold));
		else if (skip(r, "^") || skip(r, "$"))
			put(r, &s, ng_part_empty(r->arena));
		else if (skip(r, "."))
			put(r, &s, ng_part_anything(r->arena));
		else
			put(r, &s, character(r, take_character(r), *fold));
		read_quantifiers(r, &s);
	}
	while (s.n)
		all = ng_part_concatenate(r->arena, s.parts[--s.n], all);
	return all;
}

/* An option that is set in one alternative holds in those behind it, too. */
static struct ng_part read_alternatives(struct reading *r, bool fold)
{
	struct ng_part all = read_sequence(r, &fold);

	while (!r->lost && skip(r, "|"))
		all = ng_part_alternate(r->arena, all, read_sequence(r, &fold));
	return all;
}

int ng_required_find(const uint8_t *pattern, size_t len, bool fold,
		     struct ng_required *ret_required)
{
	struct ng_arena *arena = calloc(1, sizeof(*arena));
	struct reading r = {.arena = arena, .p = pattern, .end = pattern + len};
	struct ng_part part;

	if (!arena)
		return -ENOMEM;
	part = read_alternatives(&r, fold);
	/* A parenthesis that nothing opened is an error of PCRE2's. */
	if (r.lost || r.p < r.end)
		part.n = part.begin.n = 0;
	else
		ng_part_finish(arena, &part);
	if (arena->failed) {
		ng_arena_clear(arena);
		free(arena);
		return -ENOMEM;
	}
	*ret_required = (struct ng_required){part.n, part.sets, arena};
	return 0;
}

void ng_required_clear(struct ng_required *required)
{
	if (required->memory)
		ng_arena_clear(required->memory);
	free(required->memory);
	*required = NG_REQUIRED_INIT;
}
