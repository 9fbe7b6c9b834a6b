/* SPDX-License-Identifier: Apache-2.0 */
#include "text/jsonl.h"
#include "scratch.h"

#include <jansson.h>

#include <setjmp.h>
#include <cmocka.h>

#define SEED         20240611u
#define RANDOM_LINES 60000

struct parsed {
	int r;
	struct ng_buf text, meta;
	struct ng_error err;
};

/* The line lies where the allocation ends, so that sanitizers see a byte too many being read. */
static void parse_field(struct parsed *p, const void *line, size_t len, const char *argument,
			bool replace)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct ng_field field;
	const struct ng_jsonl_options options = {.field = &field, .replace = replace};

	assert_non_null(copy);
	assert_int_equal(ng_field_parse(argument, &field), 0);
	memcpy(copy, line, len);
	*p = (struct parsed){0};
	p->r = ng_jsonl_parse(copy, len, &options, &p->text, &p->meta, &p->err);
	free(copy);
	ng_field_clear(&field);
}

static void parse(struct parsed *p, const void *line, size_t len)
{
	parse_field(p, line, len, "text", false);
}

static void parsed_free(struct parsed *p)
{
	ng_buf_free(&p->text);
	ng_buf_free(&p->meta);
}

static bool same(const struct ng_buf *buf, const char *s, size_t len)
{
	return buf->len == len && memcmp(buf->data ? buf->data : (const uint8_t *)"", s, len) == 0;
}

#define TEXT(s) s, sizeof(s) - 1

static void test_accepted(void **state)
{
	static const struct {
		const char *line;
		const char *text;
		size_t text_len;
		const char *meta;
	} table[] = {
		{"{\"text\":\"\"}", TEXT(""), "{}"},
		{" \t{ \"text\" : \"a b\" } \r", TEXT("a b"), "{}"},
		{"{\"text\":\"a\\u0000b\"}", TEXT("a\0b"), "{}"},
		{"{\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", TEXT("\"\\/\b\f\n\r\t"), "{}"},
		{"{\"text\":\"\\u00e9\\u20AC\\ud83d\\ude00\"}",
		 TEXT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "{}"},
		{"{\"text\":\"\xe4\xb8\xad\xe6\x96\x87 \x7f\"}",
		 TEXT("\xe4\xb8\xad\xe6\x96\x87 \x7f"), "{}"},
		{"{\"a\":1,\"text\":\"x\"}", TEXT("x"), "{\"a\":1}"},
		{"{\"text\":\"x\",\"a\":1}", TEXT("x"), "{\"a\":1}"},
		{"{\"a\": [1, {\"text\": \"no\"}], \"text\": \"x\", \"b\": null}", TEXT("x"),
		 "{\"a\":[1,{\"text\":\"no\"}],\"b\":null}"},
		{"{\"te\\u0078t\":\"x\"}", TEXT("x"), "{}"},
		{"{\"text \":\"no\",\"text\":\"x\"}", TEXT("x"), "{\"text \":\"no\"}"},
		/* digit for digit, escape for escape */
		{"{\"n\":18446744073709551616,\"r\":0.10,\"e\":-1E+05,\"text\":\"x\"}", TEXT("x"),
		 "{\"n\":18446744073709551616,\"r\":0.10,\"e\":-1E+05}"},
		{"{\"s\":\" a : , \\u00e9\\u0000 \",\"text\":\"x\"}", TEXT("x"),
		 "{\"s\":\" a : , \\u00e9\\u0000 \"}"},
		{"{\"s\":\"}{][\",\"text\":\"x\"}", TEXT("x"), "{\"s\":\"}{][\"}"},
		/* what Python writes and reads */
		{"{\"a\":[NaN, Infinity,-Infinity],\"text\":\"x\"}", TEXT("x"),
		 "{\"a\":[NaN,Infinity,-Infinity]}"},
		{"{\"a\":1e999,\"b\":-0,\"text\":\"x\"}", TEXT("x"), "{\"a\":1e999,\"b\":-0}"},
		{"{\"a\":\"\\ud800\",\"\\udc00\":\"\\ud800\\u0041\",\"text\":\"x\"}", TEXT("x"),
		 "{\"a\":\"\\ud800\",\"\\udc00\":\"\\ud800\\u0041\"}"},
		{"{\"a\":1,\"a\":2,\"\\u0000\":{},\"text\":\"x\"}", TEXT("x"),
		 "{\"a\":1,\"a\":2,\"\\u0000\":{}}"},
	};

	for (size_t i = 0; i < ng_array_size(table); i++) {
		struct parsed p;

		parse(&p, table[i].line, strlen(table[i].line));
		if (p.r < 0)
			fail_msg("%s: %s", table[i].line, p.err.text);
		if (!same(&p.text, table[i].text, table[i].text_len) ||
		    !same(&p.meta, table[i].meta, strlen(table[i].meta)))
			fail_msg("%s: text '%.*s', metadata %.*s", table[i].line, (int)p.text.len,
				 p.text.data, (int)p.meta.len, p.meta.data);
		parsed_free(&p);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *line;
		int r;
		const char *reason; /* a part of it */
	} table[] = {
		{"", -EBADMSG, "the line ends"},
		{"[]", -EBADMSG, "an array, not a JSON object"},
		{"\"text\"", -EBADMSG, "a string, not a JSON object"},
		{"x", -EBADMSG, "a JSON object should be at byte 1"},
		{"{", -EBADMSG, "the line ends"},
		{"{\"text\":\"a\"", -EBADMSG, "the line ends"},
		{"{\"text\":\"a", -EBADMSG, "no closing quote"},
		{"{\"text\":\"a\\", -EBADMSG, "no closing quote"},
		{"{\"text", -EBADMSG, "no closing quote"},
		{"{\"text\"}", -EBADMSG, "a colon should be at byte 8"},
		{"{\"text\":", -EBADMSG, "the line ends"},
		{"{\"text\":\"a\",}", -EBADMSG, "a field name"},
		{"{,\"text\":\"a\"}", -EBADMSG, "a field name"},
		{"{\"text\":\"a\"} x", -EBADMSG, "the end of the line should be at byte 14"},
		{"{\"text\":\"a\" \"b\":1}", -EBADMSG, "a comma"},
		{"{\"a\":1 2,\"text\":\"a\"}", -EBADMSG, "no JSON"},
		{"{\"a\":,\"text\":\"a\"}", -EBADMSG, "no JSON"},
		{"{\"a\":[1},\"text\":\"a\"}", -EBADMSG, "no JSON"},
		{"{\"a\":tru,\"text\":\"a\"}", -EBADMSG, "no JSON"},
		{"{\"a\":01,\"text\":\"a\"}", -EBADMSG, "no JSON"},
		{"{\"a\":-NaN,\"text\":\"a\"}", -EBADMSG, "a digit should be at byte 7"},
		{"{\"a\":nan,\"text\":\"a\"}", -EBADMSG, "a value should be at byte 6"},
		{"{\"a\":1.,\"text\":\"a\"}", -EBADMSG, "a digit should be at byte 8"},
		{"{\"a\":[1,],\"text\":\"a\"}", -EBADMSG, "a value should be at byte 9"},
		{"{\"a\":\"\xff\",\"text\":\"a\"}", -EBADMSG, "0xff"},
		{"{\"text\":\"a\",\"text\":\"b\"}", -ENOTUNIQ, "twice"},
		{"{\"text\":1,\"t\\u0065xt\":\"b\"}", -ENOTUNIQ, "twice"},
		{"{\"text\":\"a\",\"text\":\"b\",}", -EBADMSG, "a field name"},
		{"{\"text\":\"\\ud800\"}", -EBADMSG, "lone surrogate \\ud800 at byte 10"},
		{"{\"text\":\"\\ud800\\u0041\"}", -EBADMSG, "lone surrogate"},
		{"{\"text\":\"\\udc00\"}", -EBADMSG, "lone surrogate"},
		{"{\"text\":\"\\ud83d", -EBADMSG, "lone surrogate"},
		{"{\"text\":\"\\u12g4\"}", -EBADMSG, "hexadecimal"},
		{"{\"text\":\"\\x41\"}", -EBADMSG, "unknown escape"},
		{"{\"text\":\"a\tb\"}", -EBADMSG, "control character 0x09"},
		{"{\"text\":\"\xc0\x80\"}", -EBADMSG, "invalid UTF-8 (0xc0) at byte 10"},
		{"{\"text\":\"\xed\xa0\x80\"}", -EBADMSG, "invalid UTF-8"},
		{"{\"text\":\"\xf4\x90\x80\x80\"}", -EBADMSG, "invalid UTF-8"},
		{"{\"text\":\"\xe4\xb8", -EBADMSG, "invalid UTF-8"},
		{"{}", -ENOMSG, "no field \"text\", nor another that is a string"},
		{"{\"id\":\"ab\",\"n\":1,\"m\":[{\"c\":\"abcd\"},{\"c\":\"abcdef\"}],\"x.y\":"
		 "\"abc\"}",
		 -ENOMSG,
		 "no field \"text\"; the longest string is --text-field='m.0.c', then come "
		 "\"x\\.y\", \"id\""},
		{"{\"Text\":\"a\"}", -ENOMSG, "no field"},
		{"{\"text\":1}", -ENOMSG, "is a number, not a string"},
		{"{\"text\":null}", -ENOMSG, "is null"},
		{"{\"text\":[\"a\"]}", -ENOMSG, "is an array"},
		{"{\"text\":{}}", -ENOMSG, "is an object"},
		{"{\"text\":true}", -ENOMSG, "is true or false"},
	};

	for (size_t i = 0; i < ng_array_size(table); i++) {
		struct parsed p;

		parse(&p, table[i].line, strlen(table[i].line));
		if (p.r != table[i].r || !strstr(p.err.text, table[i].reason))
			fail_msg("%s: %d, %s", table[i].line, p.r, p.err.text);
		parsed_free(&p);
	}
}

/* A NUL is no white space, wherever it stands. */
static void test_nul(void **state)
{
	static const char line[] = " { \"text\" : \"a\" , \"b\" : [ 1 , true ] } ";

	for (size_t i = 0; i < sizeof(line); i++) {
		char with[sizeof(line) + 1];
		struct parsed p;

		memcpy(with, line, i);
		with[i] = '\0';
		memcpy(with + i + 1, line + i, sizeof(line) - 1 - i);
		parse(&p, with, sizeof(line));
		if (p.r != -EBADMSG)
			fail_msg("a NUL at %zu: %d", i, p.r);
		parsed_free(&p);
	}
}

/* --text-field: whole names, and paths. */
static void test_field(void **state)
{
	static const struct {
		const char *field, *line;
		int r;
		const char *text, *meta; /* or text is a part of the reason */
	} table[] = {
		{"a", "{\"b\":1,\"a\":\"x\",\"c\":2}", 0, "x", "{\"b\":1,\"c\":2}"},
		{"a.b", "{\"a\":{\"b\":\"x\",\"c\":1}}", 0, "x", "{\"a\":{\"c\":1}}"},
		{"a.b", "{\"a\":{\"c\":1, \"b\":\"x\"},\"b\":\"\"}", 0, "x",
		 "{\"a\":{\"c\":1},\"b\":\"\"}"},
		{"a.b", "{\"a\":{\"b\":\"x\"}}", 0, "x", "{\"a\":{}}"},
		{"a.b", "{\"a\":{\"b\":\"no\"},\"a.b\":\"x\"}", 0, "x", "{\"a\":{\"b\":\"no\"}}"},
		{"a.b", "{\"a.b\":\"x\",\"a\":{\"b\":\"no\"}}", 0, "x", "{\"a\":{\"b\":\"no\"}}"},
		{"a.b", "{\"a.b\":1,\"a\":{\"b\":\"no\"}}", -ENOMSG, "\"a.b\" is a number", ""},
		{"m.1.c", "{\"m\":[{\"c\":\"no\"},{\"c\":\"x\\u0041\"},{\"c\":3}]}", 0, "xA",
		 "{\"m\":[{\"c\":\"no\"},{},{\"c\":3}]}"},
		{"m.1", "{\"m\":[\"a\",\"x\",\"b\"],\"n\":[]}", 0, "x",
		 "{\"m\":[\"a\",null,\"b\"],\"n\":[]}"},
		{"m.0", "{\"m\":[\"\"]}", 0, "", "{\"m\":[null]}"},
		{"m.01", "{\"m\":[\"a\",\"b\"]}", -ENOMSG, "no field \"m.01\"", ""},
		{"m.0", "{\"m\":{\"0\":\"x\"}}", 0, "x", "{\"m\":{}}"},
		{"m.2", "{\"m\":[\"a\",\"b\"]}", -ENOMSG, "no field \"m.2\"", ""},
		{"a\\.b.c", "{\"a.b\":{\"c\":\"x\"}}", 0, "x", "{\"a.b\":{}}"},
		{"a\\.b", "{\"a\":{\"b\":\"no\"},\"a.b\":\"x\"}", 0, "x", "{\"a\":{\"b\":\"no\"}}"},
		{"a\\\\.b", "{\"a\\\\\":{\"b\":\"x\"}}", 0, "x", "{\"a\\\\\":{}}"},
		{"a\\b", "{\"a\\\\b\":\"x\"}", 0, "x", "{}"},
		{"", "{\"\":\"x\"}", 0, "x", "{}"},
		{"\xc3\xa9.x", "{\"\\u00e9\":{\"x\":\"y\"}}", 0, "y", "{\"\\u00e9\":{}}"},
		{"a.b", "{\"a\":{\"b\":\"x\"},\"a\":{}}", -ENOTUNIQ, "on the path \"a.b\"", ""},
		{"a.b", "{\"a\":{\"b\":\"x\",\"b\":\"y\"}}", -ENOTUNIQ, "twice", ""},
		{"a.b", "{\"a\":{\"b\":\"x\"},\"c\":{\"a\":1,\"a\":2}}", 0, "x",
		 "{\"a\":{},\"c\":{\"a\":1,\"a\":2}}"},
		{"a.b", "{\"a\":{\"b\":{\"b\":\"x\"}}}", -ENOMSG, "is an object", ""},
		{"a.b", "{\"a\":{\"b\":\"\\ud800\"}}", -EBADMSG, "lone surrogate", ""},
	};

	for (size_t i = 0; i < ng_array_size(table); i++) {
		struct parsed p;

		parse_field(&p, table[i].line, strlen(table[i].line), table[i].field, false);
		if (p.r != table[i].r || (p.r < 0 && !strstr(p.err.text, table[i].text)))
			fail_msg("%s of %s: %d, %s", table[i].field, table[i].line, p.r,
				 p.err.text);
		if (p.r == 0 && (!same(&p.text, table[i].text, strlen(table[i].text)) ||
				 !same(&p.meta, table[i].meta, strlen(table[i].meta))))
			fail_msg("%s of %s: text '%.*s', metadata %.*s", table[i].field,
				 table[i].line, (int)p.text.len, p.text.data, (int)p.meta.len,
				 p.meta.data);
		parsed_free(&p);
	}
}

/* --bad-unicode=replace */
static void test_replace(void **state)
{
	static const struct {
		const char *line, *text, *meta;
	} table[] = {
		{"{\"text\":\"a\\ud800b\"}", "a\xef\xbf\xbd\x62", "{}"},
		{"{\"text\":\"\\ud800\\ud83d\\ude00\"}", "\xef\xbf\xbd\xf0\x9f\x98\x80", "{}"},
		{"{\"text\":\"\\udc00\\ud800\"}", "\xef\xbf\xbd\xef\xbf\xbd", "{}"},
		{"{\"text\":\"\xff\xff\xe4\xb8.\xe4\xb8\xad\"}",
		 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.\xe4\xb8\xad", "{}"},
		{"{\"a\":\"\xff\\ud800\xc3\xa9\",\"\xe4\":1,\"text\":\"x\"}", "x",
		 "{\"a\":\"\xef\xbf\xbd\\ud800\xc3\xa9\",\"\xef\xbf\xbd\":1}"},
	};
	struct parsed p;

	for (size_t i = 0; i < ng_array_size(table); i++) {
		size_t len = strlen(table[i].line);

		parse_field(&p, table[i].line, len, "text", true);
		if (p.r < 0 || !same(&p.text, table[i].text, strlen(table[i].text)) ||
		    !same(&p.meta, table[i].meta, strlen(table[i].meta)))
			fail_msg("%s: %d, text '%.*s', metadata %.*s", table[i].line, p.r,
				 (int)p.text.len, p.text.data, (int)p.meta.len, p.meta.data);
		parsed_free(&p);
		parse_field(&p, table[i].line, len, "text", false);
		assert_int_equal(p.r, -EBADMSG);
		parsed_free(&p);
	}
	/* Bytes outside strings, and control characters, aren't mended. */
	parse_field(&p, "{\"text\":\"x\",\xff}", 14, "text", true);
	assert_int_equal(p.r, -EBADMSG);
	parsed_free(&p);
}

/* The bound on levels, and what a parser without one would do with a line of brackets. */
static void test_deep(void **state)
{
	const size_t deep = 2000000;
	char *line = malloc(deep + 64);

	assert_non_null(line);
	for (unsigned levels = NG_JSON_LEVELS - 1; levels <= NG_JSON_LEVELS; levels++) {
		size_t n = (size_t)sprintf(line, "{\"text\":\"x\",\"a\":");
		struct parsed p;

		memset(line + n, '[', levels);
		memset(line + n + levels, ']', levels);
		line[n + 2 * levels] = '}';
		parse(&p, line, n + 2 * levels + 1);
		/* The object itself is a level, too. */
		assert_int_equal(p.r, levels < NG_JSON_LEVELS ? 0 : -EBADMSG);
		parsed_free(&p);
		memset(line + n, '[', deep);
		parse(&p, line, n + deep);
		assert_int_equal(p.r, -EBADMSG);
		assert_non_null(strstr(p.err.text, "2048 levels"));
		parsed_free(&p);
	}
	free(line);
}

/* A line that is JSON, or nearly so: pieces in random order, then a few bytes changed. */
static size_t random_line(uint64_t *rng, uint8_t *line)
{
	static const char *const pieces[] = {
		"\"text\":",
		"\"text\"",
		"\"a\":",
		"\"b\" : ",
		"\"abc def, ghijkl\"",
		"\"\\u00e9\"",
		"\"\\ud83d\\ude00\"",
		"\"\\ud83d\"",
		"\"\\n\\\\\"",
		"\"\xc3\xa9\xe2\x82\xac\"",
		"1",
		"-2.50",
		"1e5",
		"true",
		"null",
		"[",
		"]",
		"{",
		"}",
		",",
		" ",
		"[1, 2]",
		"{\"x\": 1}",
		"\"\\u0000\"",
		"12345678901234567890123",
	};
	static const char *const values[] = {"\"abcdefgh\\\"ijklm\"", "3", "[{}, \"]\"]",
					     "\"\xf0\x9f\x98\x80 x\"", "\"\""};
	size_t len = 0;

	line[len++] = '{';
	for (unsigned i = 0, n = scratch_random(rng) % 4; i <= n; i++) {
		const char *value = values[scratch_random(rng) % ng_array_size(values)];
		const char *name = scratch_random(rng) % 2 ? "text" : i % 2 ? "a" : "b\\u00e9";

		len += (size_t)sprintf((char *)line + len, "%s\"%s\": %s", i ? "," : "", name,
				       value);
	}
	line[len++] = '}';
	if (scratch_random(rng) % 2) {
		const char *piece = pieces[scratch_random(rng) % ng_array_size(pieces)];
		size_t n = strlen(piece), at = scratch_random(rng) % (len + 1);

		memmove(line + at + n, line + at, len - at);
		memcpy(line + at, piece, n);
		len += n;
	}
	for (uint64_t n = scratch_random(rng) % 3; n > 1; n--)
		line[scratch_random(rng) % len] = (uint8_t)scratch_random(rng);
	if (scratch_random(rng) % 8 == 0)
		len = scratch_random(rng) % len;
	return len;
}

/* jansson reads the whole line; we must accept what it accepts, and find in it what it finds. It
 * does not know half surrogate pairs, which the text may not have, either, unlike other fields. */
static void check_against_jansson(const uint8_t *line, size_t len, unsigned number)
{
	json_t *whole =
		json_loadb((const char *)line, len,
			   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	json_t *text = json_object_get(whole, "text"), *meta;
	int want = !json_is_object(whole) ? -EBADMSG : json_is_string(text) ? 0 : -ENOMSG;
	struct parsed p;

	parse(&p, line, len);
	if (!whole && p.r != -EBADMSG) {
		/* Accepted, but with names twice or half surrogate pairs. */
		whole = json_loadb((const char *)line, len,
				   JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
		if (!whole && !memmem(line, len, "\\ud", 3))
			fail_msg("seed %u, line %u: %.*s: accepted", SEED, number, (int)len, line);
		json_decref(whole);
		parsed_free(&p);
		return;
	}
	if (p.r != want)
		fail_msg("seed %u, line %u: %.*s: %d, not %d: %s", SEED, number, (int)len, line,
			 p.r, want, p.err.text);
	if (want == 0) {
		if (!same(&p.text, json_string_value(text), json_string_length(text)))
			fail_msg("seed %u, line %u: %.*s: text differs", SEED, number, (int)len,
				 line);
		json_object_del(whole, "text");
		meta = json_loadb((const char *)p.meta.data, p.meta.len,
				  JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
		if (!json_equal(whole, meta))
			fail_msg("seed %u, line %u: %.*s: metadata %.*s", SEED, number, (int)len,
				 line, (int)p.meta.len, p.meta.data);
		json_decref(meta);
	}
	json_decref(whole);
	parsed_free(&p);
}

static void test_random(void **state)
{
	uint64_t rng = SEED;
	uint8_t line[1024];

	for (unsigned i = 0; i < RANDOM_LINES; i++) {
		size_t len = random_line(&rng, line);

		check_against_jansson(line, len, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),      cmocka_unit_test(test_field),
		cmocka_unit_test(test_replace),  cmocka_unit_test(test_deep),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
