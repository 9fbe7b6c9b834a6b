/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a CSV or TSV file from a stranger, whose first byte says which. Whatever
 * the pieces that it comes in, it has the same records and the same bad ones; and its records,
 * written again with every field in quotes, are those that are read from that. */
#include "fuzz.h"
#include "pieces.h"
#include "text/csv.h"

#include <jansson.h>

#define MAX_BYTES (1u << 20)

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The texts of good records, each as a field in quotes on a line of its own, and everything else
 * that comes out. */
static void read_all(const uint8_t *data, size_t size, size_t step, char separator,
		     struct ng_buf *ret_quoted, struct ng_buf *ret_rest)
{
	struct pieces pieces = {.data = data, .size = size, .step = step};
	const struct ng_csv_params params = {
		.next = pieces_next,
		.userdata = &pieces,
		.separator = separator,
		.field = "text",
		.max_bytes = MAX_BYTES,
	};
	struct ng_csv *csv ng_cleanup(ng_csv_freep) = NULL;
	size_t records = 0;

	require(ng_csv_new(&params, &csv) == 0);
	require(ng_buf_printf(ret_quoted, "text\n") == 0);
	for (;;) {
		struct ng_buf meta ng_cleanup(ng_buf_free) = NG_BUF_INIT;
		struct ng_error why = {0}, err = {0};
		const uint8_t *text;
		size_t len;
		int r = ng_csv_next(csv, &text, &len, &meta, &why, &err);
		json_t *json;

		if (r == 0)
			break;
		require(++records <= size + 1 && !*err.text);
		require(ng_buf_printf(ret_rest, "%ju: %s\n", (uintmax_t)ng_csv_line(csv),
				      why.text) == 0);
		if (r == -EBADMSG) {
			require(*why.text);
			continue;
		}
		require(r == 1);
		json = json_loadb((const char *)meta.data, meta.len,
				  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		/* Names that differ in nothing but bytes that are no UTF-8 are one in JSON. */
		require(json_is_object(json) || memmem(meta.data, meta.len, "\xef\xbf\xbd", 3));
		json_decref(json);
		require(ng_buf_append(ret_rest, meta.data, meta.len) == 0);
		require(ng_buf_append(ret_quoted, "\"", 1) == 0);
		for (size_t i = 0; i < len; i++) {
			if (text[i] == '"')
				require(ng_buf_append(ret_quoted, "\"", 1) == 0);
			require(ng_buf_append(ret_quoted, text + i, 1) == 0);
		}
		require(ng_buf_append(ret_quoted, "\"\n", 2) == 0);
	}
	free(pieces.piece);
}

static void require_same(const struct ng_buf *a, const struct ng_buf *b)
{
	require(a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ng_buf texts[3] = {NG_BUF_INIT, NG_BUF_INIT, NG_BUF_INIT};
	struct ng_buf rest[3] = {NG_BUF_INIT, NG_BUF_INIT, NG_BUF_INIT};
	char separator = size && data[0] & 1 ? '\t' : ',';

	if (!size)
		return 0;
	ng_csv_has_column(data + 1, size - 1, separator, "text");
	read_all(data + 1, size - 1, size, separator, &texts[0], &rest[0]);
	read_all(data + 1, size - 1, 1 + data[0] % 17u, separator, &texts[1], &rest[1]);
	require_same(&texts[0], &texts[1]);
	require_same(&rest[0], &rest[1]);
	if (texts[0].len <= MAX_BYTES) {
		read_all(texts[0].data, texts[0].len, 100, ',', &texts[2], &rest[2]);
		require_same(&texts[0], &texts[2]);
	}
	for (size_t i = 0; i < ng_array_size(texts); i++) {
		ng_buf_free(&texts[i]);
		ng_buf_free(&rest[i]);
	}
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"\2text,id\na,1\nb,2\n",
		"\4\xef\xbb\xbfid,text\r\n\"1\",\"a, \"\"b\"\"\r\nc\"\r\n\r\n2,d\"e\r\n",
		"\3text\tid\na,b\t\"x\ty\"\n",
		"\6text\n\"a\"b\n\"c",
		"\1\ttext\n\r\r\n\n",
		"\2a,a,text\n",
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
