/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a file from a stranger, read as documents in each format that it may have.
 * Whatever it is, reading ends, says why it fails, and leaves bad input out where that is wanted;
 * metadata are JSON; and what is good JSONL is the same documents as JSON, and as an array. */
#include "fuzz.h"

#include <sys/mman.h>

#include "base/buf.h"
#include "text/json_scan.h"
#include "text/jsonl.h"
#include "text/source.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

struct outcome {
	int r;
	struct ng_buf texts; /* each with its length before it */
	uint64_t docs, bad_docs;
	bool wide; /* ... of JSON over several lines */
};

static void outcome_free(struct outcome *out)
{
	ng_buf_free(&out->texts);
}

static int write_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("source", MFD_CLOEXEC);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	return fd;
}

static void add(struct outcome *out, const struct ng_source_doc *doc)
{
	uint64_t n = doc->text_bytes;

	require(ng_json_is_object((const uint8_t *)doc->meta, doc->meta_bytes));
	require(ng_buf_append(&out->texts, &n, sizeof(n)) == 0);
	require(ng_buf_append(&out->texts, doc->text, doc->text_bytes) == 0);
	out->wide |= memmem(doc->meta, doc->meta_bytes, ",\"item\":", 8) != NULL;
}

/* Read it as it is; with skip, bad input is left out. */
static void read_as(const uint8_t *data, size_t size, enum ng_source_format format, bool skip,
		    uint64_t max_bytes, struct outcome *out)
{
	struct ng_source *source ng_cleanup(ng_source_freep) = NULL;
	int fd ng_cleanup(ng_closep) = write_file(data, size);
	char *bad ng_cleanup(ng_freep) = NULL;
	struct ng_source_options options = {
		.format = format, .allow_empty = true, .max_doc_bytes = max_bytes};
	struct ng_source_stats stats;
	struct ng_source_doc doc;
	struct ng_error err = {0};
	size_t bad_bytes = 0, records = 0;
	char path[64];
	const char *paths = path;

	*out = (struct outcome){0};
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (skip)
		options.skip_bad = open_memstream(&bad, &bad_bytes);
	require(!skip || options.skip_bad);
	require(ng_source_new(&paths, 1, &options, &source, &err) == 0);
	while ((out->r = ng_source_next(source, &doc, &err)) > 0)
		add(out, &doc);
	ng_source_stats(source, &stats);
	out->docs = stats.docs;
	out->bad_docs = stats.bad_docs;
	require(out->r == 0 || (*err.text && (!skip || out->r == -ENODATA)));
	if (!skip)
		return;
	require(fclose(options.skip_bad) == 0);
	for (size_t i = 0; i < bad_bytes; i++)
		records += bad[i] == '\n';
	require(records == stats.bad_docs);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->texts.len == b->texts.len &&
	       (!a->texts.len || memcmp(a->texts.data, b->texts.data, a->texts.len) == 0);
}

/* Lines that are all good, as other JSON. */
static void check_lines(const uint8_t *data, size_t size, const struct outcome *lines)
{
	struct ng_buf array ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct outcome json ng_cleanup(outcome_free) = {0}, elements ng_cleanup(outcome_free) = {0};
	const uint8_t *at = data, *end = data + size;

	read_as(data, size, NG_SOURCE_JSON, false, 0, &json);
	require(json.r == 0 && same(lines, &json));
	require(ng_buf_append(&array, "[", 1) == 0);
	while (at < end) {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		const uint8_t *to = newline ? newline : end;

		if (to - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
			at += 3;
		if (memchr(at, '{', (size_t)(to - at))) {
			require(array.len == 1 || ng_buf_append(&array, ",\n", 2) == 0);
			require(ng_buf_append(&array, at, (size_t)(to - at)) == 0);
		}
		at = newline ? newline + 1 : end;
	}
	require(ng_buf_append(&array, "]", 1) == 0);
	read_as(array.data, array.len, NG_SOURCE_JSON, false, 0, &elements);
	require(elements.r == 0 && same(lines, &elements));
}

/* The end of a value is where it is, whatever pieces it comes in. */
static void check_scan(const uint8_t *data, size_t size, bool strict)
{
	struct ng_json_scan whole = {.strict = strict}, pieces = {.strict = strict};
	size_t used = 0, at = 0, n = 0;
	int r, r_pieces = 0;

	r = ng_json_scan(&whole, data, size, &used);
	require(used <= size && (r != 0 || used == size));
	while (r_pieces == 0 && at < size) {
		size_t len = ng_min(size - at, at % 3 + 1);

		r_pieces = ng_json_scan(&pieces, data + at, len, &n);
		require(n <= len && (r_pieces != 0 || n == len));
		at += n;
	}
	require(r == r_pieces && at == used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ng_source_format formats[] = {NG_SOURCE_AUTO, NG_SOURCE_JSONL,
							NG_SOURCE_JSON, NG_SOURCE_LINES};
	/* Not what libarchive makes of it. */
	static const struct {
		const char *bytes;
		size_t len;
	} packed[] = {{"\x1f\x8b", 2},
		      {"BZh", 3},
		      {"\xfd"
		       "7z",
		       3},
		      {"\x28\xb5", 2},
		      {"\x04\x22", 2},
		      {"\x50\x2a", 2}};

	check_scan(data, size, false);
	check_scan(data, size, true);
	for (size_t i = 0; i < ng_array_size(packed); i++)
		if (size >= packed[i].len && memcmp(data, packed[i].bytes, packed[i].len) == 0)
			return 0;
	for (size_t i = 0; i < ng_array_size(formats); i++) {
		struct outcome whole ng_cleanup(outcome_free) = {0};
		struct outcome skip ng_cleanup(outcome_free) = {0};
		struct outcome small ng_cleanup(outcome_free) = {0};

		read_as(data, size, formats[i], false, 0, &whole);
		read_as(data, size, formats[i], true, 0, &skip);
		read_as(data, size, formats[i], true, 20, &small);
		/* What is read before an error is read in spite of it. */
		require(skip.texts.len >= whole.texts.len);
		if (whole.r == 0)
			require(same(&whole, &skip) && skip.bad_docs == 0);
		require(small.docs <= skip.docs || formats[i] == NG_SOURCE_AUTO);
		if (formats[i] == NG_SOURCE_JSONL && whole.r == 0)
			check_lines(data, size, &whole);
		/* What AUTO takes for JSON over several lines is not refused as such. */
		if (formats[i] == NG_SOURCE_AUTO && whole.r == 0 && whole.wide) {
			struct outcome json ng_cleanup(outcome_free) = {0};

			read_as(data, size, NG_SOURCE_JSON, false, 0, &json);
			require(json.r == 0 && same(&whole, &json));
		}
	}
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"{\"text\": \"abc\"}\n{\"text\": \"d\", \"a\": [1, {}]}\n",
		"\xef\xbb\xbf{\"text\":\"a\"}\r\n\n\xef\xbb\xbf{\"text\":\"b\\\"]\"}",
		"[{\"text\": \"abc\"},\n {\"text\": \"d}\\\"\", \"a\": [1, {}]}]\n[]",
		"{\n  \"text\": \"abc\",\n  \"k\": NaN\n}\n{\n\"text\": \"x\"\n}",
		"{\"text\":\"a\"}{\"text\":\"b\"} {\"text\":\"c\"}",
		"{\"content\":\"a\"}\n{\"content\":\"b\"}\n",
		"{\n\"name\": \"x\",\n\"version\": \"1\"\n}\n",
		"[1, [2, \"x\"], {\"text\": \"y\"}, tru]",
		"{\"text\":\"a long one that is beyond the bound of memory\"}\n{\"text\":\"b\"}\n",
		"[{\"text\":\"a long one that is beyond the bound of memory\"},{\"text\":\"b\"}]",
		"plain\ntext\n",
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
