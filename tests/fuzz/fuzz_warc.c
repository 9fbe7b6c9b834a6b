/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a WARC file from a stranger. Whatever the pieces that it comes in, it has
 * the same documents, the same metadata, which is JSON, and the same bad records. */
#include "fuzz.h"
#include "pieces.h"
#include "text/warc.h"

#include <jansson.h>

#define MAX_BYTES (1u << 20)

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_meta(const struct ng_buf *meta)
{
	struct ng_buf object ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	json_t *json;

	require(ng_buf_printf(&object, "{%.*s}", (int)meta->len, (const char *)meta->data) == 0);
	json = json_loadb((const char *)object.data, object.len, JSON_ALLOW_NUL, NULL);
	require(json_is_integer(json_object_get(json, "record")));
	require(json_is_object(json_object_get(json, "metadata")));
	json_decref(json);
}

/* All that comes out, one after the other. */
static void read_all(const uint8_t *data, size_t size, size_t step, struct ng_buf *ret)
{
	struct pieces pieces = {.data = data, .size = size, .step = step};
	const struct ng_warc_params params = {
		.next = pieces_next,
		.userdata = &pieces,
		.max_bytes = MAX_BYTES,
		.memory_bytes = 4u << 20,
	};
	struct ng_warc *warc ng_cleanup(ng_warc_freep) = NULL;
	size_t records = 0;

	require(ng_warc_new(&params, &warc) == 0);
	for (;;) {
		struct ng_buf text ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		struct ng_buf meta ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		struct ng_error why = {0}, err = {0};
		int r = ng_warc_next(warc, &text, &meta, &why, &err);

		if (r == 0)
			break;
		require(++records <= size);
		if (r < 0) {
			require(r == -EBADMSG && *why.text && !*err.text);
			require(ng_buf_printf(ret, "%s\n", why.text) == 0);
			continue;
		}
		require(text.len <= MAX_BYTES);
		check_meta(&meta);
		require(ng_buf_append(ret, text.data, text.len) == 0);
		require(ng_buf_append(ret, meta.data, meta.len) == 0);
	}
	free(pieces.piece);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ng_buf whole ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf parts ng_cleanup(ng_buf_free) = NG_BUF_INIT;

	read_all(data, size, size + 1, &whole);
	read_all(data, size, size ? 1 + data[size - 1] % 37u : 1, &parts);
	require(whole.len == parts.len);
	require(!whole.len || memcmp(whole.data, parts.data, whole.len) == 0);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
#define RECORD(type, length) "WARC/1.0\r\nWARC-Type: " type "\r\nContent-Length: " length "\r\n"
	static const char *const seeds[] = {
		RECORD("conversion", "5") "WARC-Target-URI: http://a/\r\n\r\nhello\r\n\r\n" RECORD(
			"resource", "1") "A: 1\r\na: 2\r\n folded\r\n\r\nx\r\n\r\n",
		RECORD("warcinfo", "1") "\r\nx\r\n\r\n" RECORD(
			"response", "44") "\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
					  "x\r\n\r\n",
		RECORD("response", "67") "\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
					 "3;a=b\r\nabc\r\n0\r\n\r\n\r\n\r\n",
		RECORD("response", "56") "\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
					 "\x1f\x8b\x08mo\r\n\r\n",
		RECORD("conversion", "50") "\r\nshort\r\n\r\n" RECORD("conversion",
								      "1") "\r\ny\r\n\r\n",
		"\r\nWARC/1.1\nWARC-Type: resource\nContent-Length: 2\n\nab\n\n",
		"no record\r\n\r\nWARC/1.0\r\n\r\n",
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
