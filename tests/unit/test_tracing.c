/* SPDX-License-Identifier: Apache-2.0 */
#include "corpus.h"
#include "files/tracing.h"

/* What twelve documents hold twice, and what one holds. */
#define OFTEN "the same sentence, said in twelve"
#define OWN   "something that only one document ever says, and no other"

struct made {
	struct corpus corpus;
	struct ng_mounted_index index;
};

static void make(struct made *made)
{
	struct corpus_doc docs[13];

	for (size_t i = 0; i < 12; i++)
		docs[i] = (struct corpus_doc){(const uint8_t *)OFTEN "/" OFTEN,
					      2 * strlen(OFTEN) + 1, "{}"};
	docs[12] = (struct corpus_doc){(const uint8_t *)OWN, strlen(OWN), "{}"};
	corpus_make(&made->corpus, docs, 13, 300, false);
	made->index = (struct ng_mounted_index){.index = made->corpus.index};
}

static struct ng_stream *make_stream(const struct made *made, size_t min_bytes)
{
	struct ng_stream *stream = NULL;

	const struct ng_tracing_options options = {
		.trace = {min_bytes, 1, UINT64_MAX, false, 0},
		.line = {.docs = NG_TRACE_LINE_DOCS},
	};

	assert_int_equal(ng_tracing_new(NULL, &made->index, &options, &stream), 0);
	return stream;
}

static void write_text(struct ng_stream *stream, uint64_t *offset, const char *text)
{
	assert_int_equal(ng_stream_write(stream, *offset, (const uint8_t *)text, strlen(text)), 0);
	*offset += strlen(text);
}

/* The next lines, NUL-terminated. */
static void read_lines(struct ng_stream *stream, uint64_t *offset, char *buf, size_t size)
{
	size_t got = 0;

	assert_int_equal(ng_stream_read(stream, *offset, size - 1, NULL, (uint8_t *)buf, &got), 0);
	buf[got] = '\0';
	*offset += got;
}

static void test_lines(void **state)
{
	struct made made;
	struct ng_stream *stream;
	uint64_t offset = 0, docs = 0;
	char buf[4096];

	make(&made);
	stream = make_stream(&made, 20);
	read_lines(stream, &offset, buf, sizeof(buf));
	assert_string_equal(buf, "");
	write_text(stream, &offset, "zz\xff" OWN "zz");
	read_lines(stream, &offset, buf, sizeof(buf));
	assert_string_equal(buf, "{\"begin\":3,\"end\":59,\"text\":\"" OWN "\",\"count\":1,"
				 "\"documents\":[{\"document\":12,\"offset\":0}]}\n");
	read_lines(stream, &offset, buf, sizeof(buf));
	assert_string_equal(buf, "");
	/* Another text; ten documents of twelve, each once. */
	write_text(stream, &offset, OFTEN);
	write_text(stream, &offset, "zz");
	read_lines(stream, &offset, buf, sizeof(buf));
	assert_non_null(
		strstr(buf, "{\"begin\":0,\"end\":33,\"text\":\"" OFTEN "\",\"count\":24,"));
	for (const char *at = buf; (at = strstr(at, "{\"document\":")); at++) {
		unsigned doc = (unsigned)strtoul(at + strlen("{\"document\":"), NULL, 10);

		assert_true(doc < 12 && !(docs >> doc & 1));
		docs |= 1u << doc;
	}
	assert_int_equal(__builtin_popcountll(docs), NG_TRACE_LINE_DOCS);
	/* Too short. */
	write_text(stream, &offset, "said in twelve");
	read_lines(stream, &offset, buf, sizeof(buf));
	assert_string_equal(buf, "");
	ng_stream_free(stream);
	corpus_drop(&made.corpus);
}

/* A text that is written while lines of the one before are still to come. */
static void test_next_text(void **state)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	struct made made;
	struct ng_stream *stream;
	uint64_t offset = 0;
	size_t lines = 0;
	char *buf = malloc(1u << 20);
	bool own = false;

	assert_non_null(buf);
	make(&made);
	stream = make_stream(&made, 20);
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(ng_buf_printf(&text, "%s;", OFTEN), 0);
	assert_int_equal(ng_stream_write(stream, 0, text.data, text.len), 0);
	offset = text.len;
	read_lines(stream, &offset, buf, 11);
	assert_string_equal(buf, "{\"begin\":0");
	write_text(stream, &offset, "?" OWN "?");
	for (;;) {
		read_lines(stream, &offset, buf, 1u << 20);
		if (!*buf)
			break;
		for (const char *at = buf; (at = strchr(at, '\n')); at++)
			lines++;
		own = strstr(buf, "{\"begin\":1,\"end\":57,\"text\":\"" OWN);
	}
	assert_int_equal(lines, 2001);
	assert_true(own);
	ng_stream_free(stream);
	corpus_drop(&made.corpus);
	free(buf);
}

static void test_limits(void **state)
{
	uint8_t *text = malloc(NG_TRACING_TEXT_MAX);
	struct made made;
	struct ng_stream *stream;
	uint64_t offset = NG_TRACING_TEXT_MAX;
	ng_cancel cancel = true;
	char buf[1000];
	size_t got;

	assert_non_null(text);
	memset(text, 'q', NG_TRACING_TEXT_MAX);
	make(&made);
	stream = make_stream(&made, 20);
	memcpy(text + NG_TRACING_TEXT_MAX - strlen(OWN), OWN, strlen(OWN));
	assert_int_equal(ng_stream_write(stream, 0, text, NG_TRACING_TEXT_MAX), 0);
	assert_int_equal(ng_stream_write(stream, offset, text, 1), -EFBIG);
	/* Interrupted, it goes on where it was. */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ng_stream_read(stream, offset, 1, &cancel, (uint8_t *)buf, &got),
				 -EINTR);
	read_lines(stream, &offset, buf, sizeof(buf));
	assert_non_null(strstr(buf, "{\"begin\":1048520,\"end\":1048576,\"text\":\"" OWN "\""));
	/* The next one has as much room again. */
	assert_int_equal(ng_stream_write(stream, offset, text, NG_TRACING_TEXT_MAX), 0);
	assert_int_equal(ng_stream_write(stream, offset + NG_TRACING_TEXT_MAX, text, 1), -EFBIG);
	ng_stream_free(stream);
	corpus_drop(&made.corpus);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_next_text),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
