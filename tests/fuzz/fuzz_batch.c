/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: what a stranger writes to a file of /batch. The first byte says which, and
 * under which settings, the second in how long pieces it is written, and whether answers are read
 * in between; the rest is written. */
#include "fuzz.h"
#include "fuzz_index.h"
#include "files/batch.h"
#include "names/path.h"

#define READ_BYTES 65536u

enum what { COUNT, FIND, DF, NEXT };

struct session {
	struct ng_stream *stream;
	uint64_t offset;
	struct ng_buf answers;
};

static void read_answers(struct session *s)
{
	size_t got;

	do {
		fuzz_require(ng_buf_reserve(&s->answers, READ_BYTES) == 0);
		fuzz_require(ng_stream_read(s->stream, s->offset, READ_BYTES, NULL,
					    s->answers.data + s->answers.len, &got) == 0);
		s->answers.len += got;
		s->offset += got;
	} while (got);
}

/* The answer to a line, as it should begin, up to its tab or within an error. */
static void want_answer(const uint8_t *line, size_t len, enum what what, bool escaped,
			struct ng_buf *want)
{
	ng_cleanup(ng_freep) uint8_t *query = malloc(len + 1);
	size_t n = len;
	int r = 0;

	fuzz_require(query);
	if (len)
		memcpy(query, line, len);
	if (len == 0)
		r = ng_buf_printf(want, "error: an empty query\t");
	else if (line[len - 1] == '\r')
		r = ng_buf_printf(want, "error: a carriage return ends the line");
	else if (escaped && ng_path_decode((const char *)line, len, query, &n) < 0)
		r = ng_buf_printf(want, "error: a %% without two hexadecimal digits\t");
	else if (what == COUNT)
		r = ng_buf_printf(want, "%llu\t", (unsigned long long)fuzz_count(query, n));
	else if (what == FIND)
		r = ng_buf_printf(want, "{\"cnt\":%llu,", (unsigned long long)fuzz_count(query, n));
	else if (what == DF)
		r = ng_buf_printf(want, "%llu\t", (unsigned long long)fuzz_df(query, n));
	else
		r = ng_buf_printf(want, fuzz_count(query, n) ? "[[" : "[]\t");
	fuzz_require(r == 0);
}

/* An answer a line, in order, each with its line behind it. */
static void check(const uint8_t *asked, size_t size, enum what what, bool escaped,
		  const struct ng_buf *answers)
{
	const uint8_t *at = answers->data, *end = at + answers->len, *newline;

	while (size && (newline = memchr(asked, '\n', size))) {
		ng_cleanup(ng_buf_free) struct ng_buf want = NG_BUF_INIT;
		size_t len = (size_t)(newline - asked), answer_len;
		const uint8_t *answer_end = memchr(at, '\n', (size_t)(end - at));

		want_answer(asked, len, what, escaped, &want);
		fuzz_require(answer_end);
		answer_len = (size_t)(answer_end - at);
		fuzz_require(answer_len >= want.len && memcmp(at, want.data, want.len) == 0);
		fuzz_require(answer_len > len && answer_end[-(ssize_t)len - 1] == '\t');
		fuzz_require(memcmp(answer_end - len, asked, len) == 0);
		if (what == COUNT && want.data[want.len - 1] == '\t')
			fuzz_require(answer_len == want.len + len);
		at = answer_end + 1;
		asked = newline + 1;
		size -= len + 1;
	}
	fuzz_require(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const ng_batch_file_answer answers[] = {ng_lines_count, ng_lines_find, ng_lines_df,
						       ng_lines_next};
	struct ng_settings settings = {.page_docs = 1000, .min_bytes = 32};
	struct session s = {.answers = NG_BUF_INIT};
	size_t piece, written = 0;
	bool between;
	enum what what;

	if (size < 2)
		return 0;
	what = data[0] % 4;
	settings.escaped_lines = data[0] & 4;
	settings.plain_names = data[0] & 8;
	piece = data[1] % 64 + 1u;
	between = data[1] & 64;
	data += 2;
	size -= 2;
	fuzz_require(ng_batch_file_new(NULL, fuzz_index(), answers[what], &settings,
				       data[-2] & 16 ? 2 : NG_BATCH_FILE_LINES, &s.stream) == 0);
	while (written < size) {
		size_t n = ng_min(piece, size - written);

		fuzz_require(ng_stream_write(s.stream, s.offset, data + written, n) == 0);
		s.offset += n;
		written += n;
		if (between)
			read_answers(&s);
	}
	read_answers(&s);
	fuzz_require(ng_buf_append(&s.answers, "", 1) == 0);
	s.answers.len--;
	check(data, size, what, settings.escaped_lines, &s.answers);
	ng_buf_free(&s.answers);
	ng_stream_free(s.stream);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"\x20\x01of the\na/b\n100%\n%41\nnone\n",
		"\x24\x41of%20the\na%2Fb\n100%25\n%\n%zz\n",
		"\x21\xffthe\n\n\nthe\r\n\r\nab",
		"\x22\x07"
		"ab\n\xff\n \n the \n",
		"\x23\x43"
		"a\n%\n\xe4\xb8\n",
		"\x2d\x40%00\n%0a%0A\n%0D\n%2541\n",
		"\x30\x3f"
		"a\na\na\na\na\n",
		"\x28\x00%41\n..\n.gitignore\n",
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
