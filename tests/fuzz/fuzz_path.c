/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a name from a stranger, as a query, as a number, and as text that goes
 * into JSON. */
#include "fuzz.h"
#include "base/json.h"
#include "base/utf8.h"
#include "names/path.h"

#include <jansson.h>

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Decoding again what is written with every byte escaped gives the same; a name without % is
 * itself. */
static void check_query(const uint8_t *data, size_t size)
{
	uint8_t *query ng_cleanup(ng_freep) = malloc(ng_max(size, (size_t)1));
	struct ng_buf escaped ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	size_t len = 0, again;
	int r = ng_path_decode((const char *)data, size, query, &len);

	if (r < 0) {
		require(r == -EINVAL && len == 0);
		require(size == 0 || memchr(data, '%', size));
		return;
	}
	require(len > 0 && len <= size);
	if (!memchr(data, '%', size))
		require(len == size && memcmp(query, data, size) == 0);
	for (size_t i = 0; i < len; i++)
		require(ng_buf_printf(&escaped, "%%%02x", query[i]) == 0);
	require(ng_path_decode((const char *)escaped.data, escaped.len, escaped.data, &again) == 0);
	require(again == len && memcmp(escaped.data, query, len) == 0);
}

static void check_number(const uint8_t *data, size_t size)
{
	char *name ng_cleanup(ng_freep) = strndup((const char *)data, size);
	char canonical[40];
	uint64_t number;

	for (unsigned width = 1; width <= 20; width++) {
		if (ng_path_number(name, width, ".txt", &number) < 0)
			continue;
		require(strlen(name) <= width + 4);
		sprintf(canonical, "%0*llu.txt", (int)(strlen(name) - 4),
			(unsigned long long)number);
		require(strcmp(name, canonical) == 0);
	}
}

static void check_json(const uint8_t *data, size_t size)
{
	struct ng_buf buf ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	size_t head = ng_utf8_head_bytes(data, size), tail = ng_utf8_tail_bytes(data, size);
	json_t *json;

	require(head <= 3 && head <= size && tail <= 3 && tail <= size);
	require(ng_json_string(&buf, data, size) == 0);
	json = json_loadb((const char *)buf.data, buf.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	require(json_is_string(json));
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_query(data, size);
	check_number(data, size);
	check_json(data, size);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"of the",       "a%2Fb",
		"%25%00%ff",    "%",
		"100%",         "%2E%2e",
		"0042.txt",     "42.txt",
		"0.json",       "99999999999999999999.txt",
		"\xe4\xb8",     "\xf0\x9f\x98\x80",
		"\xed\xa0\x80", "\xff\"\\\n",
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
