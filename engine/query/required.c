/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a regular expression: a recursive descent over PCRE2's syntax (pcre2pattern(3)). */
#include "query/required.h"

#include "base/utf8.h"
#include "query/regex_tokens.h"
#include "query/stringset.h"

/* Groups in each other; PCRE2 itself takes 250. */
#define DEPTH_MAX 250u

struct reading {
	struct ng_arena *arena;
	struct ng_regex text;
	unsigned depth;
};

/* Parts of an alternative, read from left to right and put together from right to left, so that
 * characters that follow each other become one string. */
struct sequence {
	struct ng_part *parts;
	size_t n, cap;
};

static struct ng_part read_alternatives(struct reading *r, bool fold);

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

/* Up to \E, or the end: characters as they are. */
static void read_quoted(struct reading *r, struct sequence *s, bool fold)
{
	while (r->text.p < r->text.end && !ng_regex_skip(&r->text, "\\E"))
		put(r, s, character(r, ng_regex_character(&r->text), fold));
}

/* Behind the bracket. */
static struct ng_part read_class(struct reading *r, bool fold)
{
	struct ng_required_string strings[NG_REGEX_CLASS_MAX];
	uint8_t bytes[NG_REGEX_CLASS_MAX][4];
	struct ng_regex_class m;

	ng_regex_class(&r->text, &m);
	if (m.many || m.n == 0)
		return ng_part_anything(r->arena);
	for (unsigned i = 0; i < m.n; i++) {
		size_t len = ng_utf8_put(m.c[i], bytes[i]);

		strings[i] = (struct ng_required_string){bytes[i], len};
	}
	return ng_part_strings(r->arena, strings, m.n, fold);
}

static void read_quantifiers(struct reading *r, struct sequence *s)
{
	unsigned min, max;

	while (s->n && ng_regex_quantifier(&r->text, &min, &max))
		s->parts[s->n - 1] = ng_part_repeat(r->arena, s->parts[s->n - 1], min, max);
}

/* A group's inside up to the parenthesis that closes it. */
static struct ng_part read_inside(struct reading *r, bool fold)
{
	struct ng_part part;

	if (++r->depth > DEPTH_MAX)
		r->text.lost = true;
	part = r->text.lost ? ng_part_anything(r->arena) : read_alternatives(r, fold);
	r->depth--;
	r->text.lost |= !ng_regex_skip(&r->text, ")");
	return part;
}

/* (?... behind the question mark. *fold changes for what follows in the group around it. */
static struct ng_part read_special_group(struct reading *r, bool *fold)
{
	static const char *const passed[] = {"=", "!", "<=", "<!"};
	bool inside = *fold;

	for (size_t i = 0; i < ng_array_size(passed); i++) {
		if (ng_regex_skip(&r->text, passed[i])) {
			read_inside(r, *fold);
			return ng_part_empty(r->arena);
		}
	}
	if (ng_regex_skip(&r->text, ">") || ng_regex_skip(&r->text, "|"))
		return read_inside(r, *fold);
	if (ng_regex_skip(&r->text, "<") || ng_regex_skip(&r->text, "P<")) {
		ng_regex_skip_to(&r->text, ">");
		return read_inside(r, *fold);
	}
	if (ng_regex_skip(&r->text, "'")) {
		ng_regex_skip_to(&r->text, "'");
		return read_inside(r, *fold);
	}
	if (r->text.p < r->text.end && strchr("^-imsnJU:)", *r->text.p)) {
		if (ng_regex_options(&r->text, &inside))
			return read_inside(r, inside);
		*fold = inside;
		return ng_part_empty(r->arena);
	}
	/* Conditions, calls of groups, extended mode. */
	r->text.lost = true;
	return ng_part_anything(r->arena);
}

static void read_escaped(struct reading *r, struct sequence *s, bool fold)
{
	uint32_t c = 0;

	switch (ng_regex_escape(&r->text, false, &c)) {
	case NG_REGEX_CHARACTER:
		put(r, s, character(r, c, fold));
		return;
	case NG_REGEX_NOTHING:
		return;
	case NG_REGEX_EMPTY:
		put(r, s, ng_part_empty(r->arena));
		return;
	case NG_REGEX_ANYTHING:
		put(r, s, ng_part_anything(r->arena));
		return;
	case NG_REGEX_QUOTE:
		read_quoted(r, s, fold);
		return;
	}
}

/* Up to a bar, a closing parenthesis or the end. */
static struct ng_part read_sequence(struct reading *r, bool *fold)
{
	struct sequence s = {0};
	struct ng_part all = ng_part_empty(r->arena);

	while (r->text.p < r->text.end && *r->text.p != '|' && *r->text.p != ')' && !r->text.lost) {
		if (ng_regex_skip(&r->text, "\\"))
			read_escaped(r, &s, *fold);
		else if (ng_regex_skip(&r->text, "["))
			put(r, &s, read_class(r, *fold));
		else if (ng_regex_skip(&r->text, "(?#"))
			ng_regex_skip_to(&r->text, ")");
		else if (ng_regex_skip(&r->text, "(?"))
			put(r, &s, read_special_group(r, fold));
		else if (ng_regex_looking_at(&r->text, "(*"))
			r->text.lost = true;
		else if (ng_regex_skip(&r->text, "("))
			put(r, &s, read_inside(r, *fold));
		else if (ng_regex_skip(&r->text, "^") || ng_regex_skip(&r->text, "$"))
			put(r, &s, ng_part_empty(r->arena));
		else if (ng_regex_skip(&r->text, "."))
			put(r, &s, ng_part_anything(r->arena));
		else
			put(r, &s, character(r, ng_regex_character(&r->text), *fold));
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

	while (!r->text.lost && ng_regex_skip(&r->text, "|"))
		all = ng_part_alternate(r->arena, all, read_sequence(r, &fold));
	return all;
}

int ng_required_find(const uint8_t *pattern, size_t len, bool fold,
		     struct ng_required *ret_required)
{
	struct ng_arena *arena = calloc(1, sizeof(*arena));
	struct reading r = {.arena = arena, .text = {pattern, pattern + len, false}};
	struct ng_part part;

	if (!arena)
		return -ENOMEM;
	part = read_alternatives(&r, fold);
	/* A parenthesis that nothing opened is an error of PCRE2's. */
	if (r.text.lost || r.text.p < r.text.end)
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
