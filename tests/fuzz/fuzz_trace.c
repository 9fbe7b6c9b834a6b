/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a text that a stranger writes to /trace. The first byte is how long a
 * stretch is at least, the second in how long pieces the rest is written. */
#include "fuzz.h"
#include "fuzz_index.h"
#include "files/tracing.h"

#include <jansson.h>

/* Naive answers take the square of it. */
#define TEXT_MAX 120u

/* Where the longest stretch that begins at each place ends. */
static void find_ends(const uint8_t *text, size_t len, size_t ends[static TEXT_MAX])
{
	for (size_t begin = 0; begin < len; begin++) {
		size_t end = begin ? ng_max(ends[begin - 1], begin) : 0;

		while (end < len && fuzz_count(text + begin, end + 1 - begin))
			end++;
		ends[begin] = end;
	}
}

static void check_line(const char *line, size_t line_len, const uint8_t *text, size_t begin,
		       size_t end)
{
	json_t *json = json_loadb(line, line_len, JSON_ALLOW_NUL, NULL);
	json_int_t at = -1, until = -1, count = -1;
	json_t *docs = NULL;

	fuzz_require(json_unpack(json, "{s:I,s:I,s:I,s:o}", "begin", &at, "end", &until, "count",
				 &count, "documents", &docs) == 0);
	fuzz_require((size_t)at == begin && (size_t)until == end);
	fuzz_require((uint64_t)count == fuzz_count(text + begin, end - begin));
	fuzz_require(json_array_size(docs) >= 1 &&
		     json_array_size(docs) <= fuzz_df(text + begin, end - begin));
	fuzz_require(json_is_string(json_object_get(json, "text")));
	json_decref(json);
}

static void check(const char *lines, size_t len, const uint8_t *text, size_t size, size_t min_bytes)
{
	size_t ends[TEXT_MAX];
	const char *at = lines;

	find_ends(text, size, ends);
	for (size_t begin = 0; begin < size; begin++) {
		const char *newline;

		if (ends[begin] < begin + min_bytes || (begin && ends[begin - 1] == ends[begin]))
			continue;
		newline = memchr(at, '\n', len - (size_t)(at - lines));
		fuzz_require(newline);
		check_line(at, (size_t)(newline - at), text, begin, ends[begin]);
		at = newline + 1;
	}
	fuzz_require(at == lines + len);
}

#define READ_BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ng_cleanup(ng_buf_free) struct ng_buf lines = NG_BUF_INIT;
	struct ng_stream *stream = NULL;
	size_t piece, min_bytes, got, written = 0;
	uint64_t offset = 0;

	if (size < 3 || size - 2 > TEXT_MAX)
		return 0;
	min_bytes = data[0] % 16 + 1u;
	piece = data[1] + 1u;
	data += 2;
	size -= 2;
	fuzz_require(ng_tracing_new(NULL, fuzz_index(), min_bytes, &stream) == 0);
	while (written < size) {
		size_t n = ng_min(piece, size - written);

		fuzz_require(ng_stream_write(stream, offset, data + written, n) == 0);
		offset += n;
		written += n;
	}
	do {
		fuzz_require(ng_buf_reserve(&lines, READ_BYTES) == 0);
		fuzz_require(ng_stream_read(stream, offset, READ_BYTES, NULL,
					    lines.data + lines.len, &got) == 0);
		lines.len += got;
		offset += got;
	} while (got);
	fuzz_require(ng_buf_append(&lines, "", 1) == 0);
	check((const char *)lines.data, lines.len - 1, data, size, min_bytes);
	ng_stream_free(stream);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"\x01\xff"
		"abababab%ab%%ab and of the a/b 100%",
		"\x03\x02%2541 %25 Cargo.toml\r\n the  thethe",
		"\x10\x01"
		"xcase=fold,escape=none error: an empty query\t0",
		"\x10\x10\x01\x7f\x80\xff\xfe\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80",
		"\x05\x05"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"\x07\x01zzzzzzz",
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
