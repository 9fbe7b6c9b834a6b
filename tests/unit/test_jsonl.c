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
static void parse(struct parsed *p, const void *line, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, line, len);
	*p = (struct parsed){0};
	p->r = ng_jsonl_parse(copy, len, "text", &p->text, &p->meta, &p->err);
	free(copy);
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
		{"[]", -EBADMSG, "a JSON object should be at byte 1"},
		{"\"text\"", -EBADMSG, "a JSON object"},
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
		{"{\"a\":1e999,\"text\":\"a\"}", -EBADMSG, "overflow"},
		{"{\"a\":\"\\ud800\",\"text\":\"a\"}", -EBADMSG, "ud800"},
		{"{\"a\":\"\xff\",\"text\":\"a\"}", -EBADMSG, "0xff"},
		{"{\"a\":1,\"a\":2,\"text\":\"a\"}", -EBADMSG, "duplicate"},
		{"{\"text\":\"a\",\"text\":\"b\"}", -EBADMSG, "twice"},
		{"{\"text\":\"a\",\"t\\u0065xt\":\"b\"}", -EBADMSG, "twice"},
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
		{"{}", -ENOMSG, "no field \"text\""},
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
	for (unsigned n = scratch_random(rng) % 3; n > 1; n--)
		line[scratch_random(rng) % len] = (uint8_t)scratch_random(rng);
	if (scratch_random(rng) % 8 == 0)
		len = scratch_random(rng) % len;
	return len;
}

/* jansson reads the whole line; we must accept what it accepts, and find in it what it finds. */
static void check_against_jansson(const uint8_t *line, size_t len, unsigned number)
{
	json_t *whole =
		json_loadb((const char *)line, len,
			   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	json_t *text = json_object_get(whole, "text"), *meta;
	int want = !json_is_object(whole) ? -EBADMSG : json_is_string(text) ? 0 : -ENOMSG;
	struct parsed p;

	parse(&p, line, len);
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
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
