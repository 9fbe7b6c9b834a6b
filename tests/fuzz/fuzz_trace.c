/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a text that a stranger writes to /trace. The first byte is how long a
 * stretch is at least, and what is folded; the second in how long pieces the rest is written. */
#include "fuzz.h"
#include "fuzz_index.h"
#include "files/tracing.h"
#include "query/whole.h"

#include <jansson.h>

/* Naive answers take the square of it. */
#define TEXT_MAX   120u
#define FOLDED_MAX 32u

static uint64_t count(unsigned folds, const uint8_t *text, size_t len)
{
	return folds ? fuzz_count_folded(folds, text, len) : fuzz_count(text, len);
}

/* Where the longest stretch that begins at each place ends, 0 where none does. */
static void find_ends(const uint8_t *text, size_t len, const struct ng_trace_options *options,
		      size_t ends[static TEXT_MAX])
{
	for (size_t begin = 0; begin < len; begin++) {
		ends[begin] = 0;
		if (!ng_whole_border(text, text + begin, text + len, options->word))
			continue;
		for (size_t end = len; end >= begin + options->min_bytes && !ends[begin]; end--)
			if (ng_whole_border(text, text + end, text + len, options->word) &&
			    count(options->folds, text + begin, end - begin))
				ends[begin] = end;
	}
}

static void check_line(const char *line, size_t line_len, const uint8_t *text, unsigned folds,
		       size_t begin, size_t end)
{
	json_t *json = json_loadb(line, line_len, JSON_ALLOW_NUL, NULL);
	json_int_t at = -1, until = -1, n = -1;
	json_t *docs = NULL;

	fuzz_require(json_unpack(json, "{s:I,s:I,s:I,s:o}", "begin", &at, "end", &until, "count",
				 &n, "documents", &docs) == 0);
	fuzz_require((size_t)at == begin && (size_t)until == end);
	fuzz_require((uint64_t)n == count(folds, text + begin, end - begin));
	fuzz_require(json_array_size(docs) >= 1 && json_array_size(docs) <= NG_TRACE_LINE_DOCS);
	fuzz_require(folds || json_array_size(docs) <= fuzz_df(text + begin, end - begin));
	fuzz_require(json_is_string(json_object_get(json, "text")));
	json_decref(json);
}

static void check(const char *lines, size_t len, const uint8_t *text, size_t size,
		  const struct ng_trace_options *options)
{
	size_t ends[TEXT_MAX], furthest = 0;
	const char *at = lines;

	find_ends(text, size, options, ends);
	for (size_t begin = 0; begin < size; begin++) {
		const char *newline;

		if (ends[begin] <= furthest)
			continue;
		furthest = ends[begin];
		newline = memchr(at, '\n', len - (size_t)(at - lines));
		fuzz_require(newline);
		check_line(at, (size_t)(newline - at), text, options->folds, begin, ends[begin]);
		at = newline + 1;
	}
	fuzz_require(at == lines + len);
}

#define READ_BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ng_cleanup(ng_buf_free) struct ng_buf lines = NG_BUF_INIT;
	struct ng_tracing_options options = {
		.trace = {.at_least = 1, .at_most = UINT64_MAX},
		.line = {.docs = NG_TRACE_LINE_DOCS},
	};
	struct ng_stream *stream = NULL;
	static const unsigned folds[] = {NG_FOLD_CASE, NG_FOLD_SPACE, NG_FOLD_FORM, 7};
	size_t piece, got, written = 0;
	uint64_t offset = 0;

	if (size < 3 || size - 2 > TEXT_MAX)
		return 0;
	options.trace.min_bytes = data[0] % 16 + 1u;
	options.trace.folds = data[0] >= 192 ? folds[data[0] / 16 % 4] : 0;
	options.trace.word = data[0] & 64;
	options.line.varies = options.trace.folds;
	piece = data[1] + 1u;
	data += 2;
	size = ng_min(size - 2, options.trace.folds ? FOLDED_MAX : TEXT_MAX);
	fuzz_require(ng_tracing_new(NULL, fuzz_index(), &options, &stream) == 0);
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
	check((const char *)lines.data, lines.len - 1, data, size, &options.trace);
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
