/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json_hints.h"

#include "base/printable.h"

#define HINTS      4u
#define LEVELS     8u /* deeper strings are not named */
#define NAME_BYTES 64u
#define PATH_BYTES 160u

struct hint {
	char path[PATH_BYTES];
	size_t len; /* of the string */
};

struct walk {
	const uint8_t *line;
	size_t len, pos;
	struct hint hints[HINTS]; /* the longest first */
	char path[LEVELS * (2 * NAME_BYTES + 1) + 1];
};

static void walk_value(struct walk *w, unsigned level, size_t path_len);

/* Behind white space, commas and colons: nothing else stands between the tokens of JSON. */
static uint8_t next_token(struct walk *w)
{
	while (w->pos < w->len && strchr(" \t\r\n,:", w->line[w->pos]))
		w->pos++;
	return w->pos < w->len ? w->line[w->pos] : 0;
}

/* Move over a string; returns the bytes between its quotes. */
static size_t skip_string(struct walk *w)
{
	size_t from = ++w->pos, len;

	while (w->pos < w->len && w->line[w->pos] != '"')
		w->pos += w->line[w->pos] == '\\' ? 2 : 1;
	len = w->pos - from;
	w->pos++;
	return len;
}

static void add(struct walk *w, size_t len, size_t path_len)
{
	size_t at = HINTS;

	while (at && len > w->hints[at - 1].len)
		at--;
	if (at == HINTS || path_len >= PATH_BYTES)
		return;
	memmove(w->hints + at + 1, w->hints + at, (HINTS - 1 - at) * sizeof(*w->hints));
	w->hints[at].len = len;
	memcpy(w->hints[at].path, w->path, path_len);
	w->hints[at].path[path_len] = '\0';
}

/* Put a name behind the path; returns the new length, or 0 where it is better not shown. Only a
 * path of several parts needs its dots and backslashes escaped: a whole name goes before it. */
static size_t path_add(struct walk *w, size_t path_len, const uint8_t *name, size_t len)
{
	char shown[NAME_BYTES + 16];

	if (len > NAME_BYTES || memchr(name, '\\', len) || memchr(name, '\'', len))
		return 0;
	/* What isn't printable wouldn't be the name any more. */
	ng_printable((const char *)name, len, shown, sizeof(shown));
	if (strlen(shown) != len)
		return 0;
	if (path_len)
		w->path[path_len++] = '.';
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '.')
			w->path[path_len++] = '\\';
		w->path[path_len++] = (char)name[i];
	}
	return path_len;
}

static void walk_nested(struct walk *w, unsigned level, size_t path_len)
{
	bool is_object = w->line[w->pos++] == '{', known = level == 1 || path_len;
	char number[24];

	for (uint64_t i = 0;; i++) {
		uint8_t c = next_token(w);
		size_t len = 0;

		if (!c || c == '}' || c == ']')
			break;
		if (is_object) {
			size_t n = skip_string(w);

			if (known && level < LEVELS)
				len = path_add(w, path_len, w->line + w->pos - 1 - n, n);
			next_token(w);
		} else if (known && level < LEVELS && i == 0) {
			snprintf(number, sizeof(number), "%ju", (uintmax_t)i);
			len = path_add(w, path_len, (const uint8_t *)number, strlen(number));
		}
		walk_value(w, level + 1, len);
	}
	w->pos++;
}

static void walk_value(struct walk *w, unsigned level, size_t path_len)
{
	uint8_t c = next_token(w);
	size_t len;

	if (c == '{' || c == '[') {
		walk_nested(w, level, path_len);
	} else if (c == '"') {
		len = skip_string(w);
		if (path_len)
			add(w, len, path_len);
	} else {
		while (w->pos < w->len && !strchr(" \t\r\n,:]}", w->line[w->pos]))
			w->pos++;
	}
}

int ng_json_hint(const uint8_t *line, size_t len, const char *name, struct ng_error *err)
{
	struct walk *w ng_cleanup(ng_freep) = err ? calloc(1, sizeof(*w)) : NULL;
	char others[HINTS * (PATH_BYTES + 4)] = "";
	size_t n = 0;

	if (!w)
		return ng_fail(err, -ENOMSG, "no field \"%.200s\"", name);
	w->line = line;
	w->len = len;
	walk_value(w, 1, 0);
	for (size_t i = 1; i < HINTS && *w->hints[i].path; i++)
		n += (size_t)snprintf(others + n, sizeof(others) - n, "%s\"%s\"",
				      i == 1 ? "" : ", ", w->hints[i].path);
	if (!*w->hints[0].path)
		return ng_fail(err, -ENOMSG, "no field \"%.200s\", nor another that is a string",
			       name);
	return ng_fail(err, -ENOMSG,
		       "no field \"%.200s\"; the longest string is --text-field='%s'%s%s", name,
		       w->hints[0].path, n ? ", then come " : "", others);
}
