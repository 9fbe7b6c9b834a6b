/* libFuzzer entry point: a line of JSONL from a stranger. The parser must accept what jansson
 * accepts of the whole line, and find the same text and the same metadata in it. */
#include "fuzz.h"

#include <jansson.h>

#include "text/jsonl.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;
	struct ng_buf text ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf meta ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	json_t *whole = json_loadb((const char *)data, size, flags, NULL);
	json_t *want = json_object_get(whole, "text"), *rest;
	struct ng_error err = {0};
	int r = ng_jsonl_parse(data, size, "text", &text, &meta, &err);

	if (r < 0) {
		require(*err.text);
		require(r == (json_is_object(whole) ? -ENOMSG : -EBADMSG));
		require(!json_is_string(want));
	} else {
		require(json_is_string(want) && json_string_length(want) == text.len);
		require(text.len == 0 || memcmp(json_string_value(want), text.data, text.len) == 0);
		require(memchr(meta.data, '\n', meta.len) == NULL);
		json_object_del(whole, "text");
		rest = json_loadb((const char *)meta.data, meta.len, flags, NULL);
		require(json_equal(whole, rest));
		json_decref(rest);
	}
	json_decref(whole);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"{\"text\": \"abc\"}",
		"{\"text\": \"\\u0000\\ud83d\\ude00 \\\"\\n\", \"id\": 18446744073709551616}",
		"{\"a\": [1, 2.5e3, null, {\"text\": 1}], \"text\": \"\xe4\xb8\xad\"}",
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
