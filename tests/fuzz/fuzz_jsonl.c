/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a line of JSONL from a stranger. The parser must accept what jansson
 * accepts of the whole line, and find the same text and the same metadata in it; of what only it
 * accepts, it must accept the metadata again, and change nothing in them. */
#include "fuzz.h"

#include <jansson.h>

#include "text/jsonl.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_again(const struct ng_buf *meta, const struct ng_jsonl_options *options)
{
	struct ng_buf text ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf again ng_cleanup(ng_buf_free) = NG_BUF_INIT;

	require(ng_json_is_object(meta->data, meta->len));
	/* The text is out of it, but one that was behind another comes to light. */
	if (ng_jsonl_parse(meta->data, meta->len, options, &text, &again, NULL) == -ENOMSG)
		require(again.len == meta->len && memcmp(again.data, meta->data, meta->len) == 0);
}

static void check(const uint8_t *data, size_t size, const char *name, bool replace)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;
	struct ng_buf text ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf meta ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	json_t *whole = json_loadb((const char *)data, size, flags, NULL), *rest;
	json_t *want = json_object_get(whole, name);
	struct ng_error err = {0};
	struct ng_field field;
	const struct ng_jsonl_options options = {.field = &field, .replace = replace};
	int r;

	require(ng_field_parse(name, &field) == 0);
	r = ng_jsonl_parse(data, size, &options, &text, &meta, &err);
	require(r == 0 || *err.text);
	/* jansson takes one behind a number or a word for its end. */
	if (size && memchr(data, 0, size)) {
		require(r == -EBADMSG);
		json_decref(whole);
		ng_field_clear(&field);
		return;
	}
	if (!field.is_path && json_is_object(whole))
		require(r == (json_is_string(want) ? 0 : -ENOMSG));
	if (whole && !json_is_object(whole))
		require(r == -EBADMSG);
	if (r == 0) {
		check_again(&meta, &options);
		require(memchr(meta.data, '\n', meta.len) == NULL);
	}
	if (r == 0 && json_is_string(want)) {
		require(json_string_length(want) == text.len);
		require(text.len == 0 || memcmp(json_string_value(want), text.data, text.len) == 0);
		json_object_del(whole, name);
		rest = json_loadb((const char *)meta.data, meta.len, flags, NULL);
		require(json_equal(whole, rest));
		json_decref(rest);
	}
	json_decref(whole);
	ng_field_clear(&field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, "text", false);
	check(data, size, "text", true);
	check(data, size, "a.1.text", false);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"{\"text\": \"abc\"}",
		"{\"text\": \"\\u0000\\ud83d\\ude00 \\\"\\n\", \"id\": 18446744073709551616}",
		"{\"a\": [1, 2.5e3, null, {\"text\": 1}], \"text\": \"\xe4\xb8\xad\"}",
		"{\"a\": [{}, {\"b\": \"\\ud800\", \"text\": \"x\", \"c\": NaN}], \"a.1.text\": 1}",
		"{\"a\": [{}, {\"text\": \"x\", \"c\": -Infinity}], \"text\": 1e999}",
		"{\"text\": \"\\ud800\"}",
		"{\"text\": 1}",
		"{}",
		"[\"text\"]",
		" {\"x\":true,\"text\":\"\"} ",
	};
	uint8_t *seed;

	if (number >= ng_array_size(seeds))
		return NULL;
	*ret_size = strlen(seeds[number]);
	seed = malloc(*ret_size);
	if (seed)
		memcpy(seed, seeds[number], *ret_size);
	return seed;
}
