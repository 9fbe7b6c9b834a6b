/* SPDX-License-Identifier: Apache-2.0 */
#include "files/batch_file.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

/* An answer is the length of the line, a tab, and its first bytes. */
#define SHOWN 20u

static const struct ng_settings folding = {.fold = true};

static int answer(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf)
{
	assert_true(settings->fold); /* as file_open says */
	for (size_t i = 0; i < n; i++) {
		int r = ng_buf_printf(buf, "%zu%s\t%.*s\n", lines[i].len, lines[i].cut ? "+" : "",
				      (int)ng_min(lines[i].len, (size_t)SHOWN), lines[i].text);

		/* After some of them: they must not show. */
		if (r == 0 && ng_cancelled(cancel))
			return -EINTR;
		if (r)
			return r;
	}
	return 0;
}

/* A file opened for reading and writing, as the kernel has it: one offset, and a read asks for the
 * size first. */
struct file {
	struct ng_stream *stream;
	uint64_t offset;
};

static void file_open(struct file *file)
{
	struct ng_settings settings = folding;

	file->offset = 0;
	assert_int_equal(ng_batch_file_new(NULL, NULL, answer, &settings, NG_BATCH_FILE_LINES,
					   &file->stream),
			 0);
	/* It keeps a copy. */
	settings.fold = false;
}

static void file_write(struct file *file, const void *data, size_t len)
{
	assert_int_equal(ng_stream_write(file->stream, file->offset, data, len), 0);
	file->offset += len;
}

/* Up to len bytes, as the kernel hands on what is read. */
static size_t file_read(struct file *file, uint8_t *buf, size_t len)
{
	size_t got = 0;

	assert_int_equal(ng_stream_read(file->stream, file->offset, len, NULL, buf, &got), 0);
	assert_true(got <= len);
	file->offset += got;
	return got;
}

static void reads(struct file *file, size_t len, const char *want)
{
	uint8_t buf[256] = {0};
	size_t n = 0, got;

	/* As with a pipe, a read gives what there is. */
	do {
		got = file_read(file, buf + n, len - n);
		n += got;
	} while (got && n < len);

	if (n != strlen(want) || memcmp(buf, want, n) != 0)
		fail_msg("'%.*s' instead of '%s'", (int)n, buf, want);
}

static void writes(struct file *file, const char *text)
{
	file_write(file, text, strlen(text));
}

static void test_layout(void **state)
{
	struct file file;

	file_open(&file);
	reads(&file, 100, "");
	writes(&file, "abc\nde\n");
	reads(&file, 100, "3\tabc\n2\tde\n");
	reads(&file, 100, "");
	assert_int_equal(file.offset, 18);
	/* A line is answered when it is complete. */
	writes(&file, "x");
	reads(&file, 100, "");
	writes(&file, "y\n\nz");
	reads(&file, 100, "2\txy\n0\t\n");
	/* What wasn't read comes behind what is written next, however little is read. */
	writes(&file, "\n1\n22\n");
	reads(&file, 3, "1\tz");
	writes(&file, "333\n4444\n");
	reads(&file, 2, "\n1");
	writes(&file, "55555\n");
	reads(&file, 4, "\t1\n2");
	reads(&file, 100, "\t22\n3\t333\n4\t4444\n5\t55555\n");
	reads(&file, 100, "");
	ng_stream_free(file.stream);
}

/* Somebody who appends isn't where the reader is. */
static void test_append(void **state)
{
	struct file file;
	uint64_t end;
	uint8_t none[1];

	file_open(&file);
	writes(&file, "abc\n");
	assert_int_equal(file_read(&file, none, 0), 0);
	end = atomic_load(&file.stream->bytes);
	assert_int_equal(end, 4 + 6);
	assert_int_equal(ng_stream_write(file.stream, end, (const uint8_t *)"de\n", 3), 0);
	file.offset = end + 3;
	reads(&file, 100, "3\tabc\n2\tde\n");
	/* Nor is somebody who writes at the beginning all the time, or far behind the end. */
	assert_int_equal(ng_stream_write(file.stream, 0, (const uint8_t *)"f\n", 2), 0);
	file.offset = 2;
	reads(&file, 100, "1\tf\n");
	assert_int_equal(ng_stream_write(file.stream, 1 << 30, (const uint8_t *)"gg\n", 3), 0);
	file.offset = (1 << 30) + 3;
	reads(&file, 100, "2\tgg\n");
	assert_int_equal(ng_stream_write(file.stream, INT64_MAX, (const uint8_t *)"h\n", 2),
			 -EFBIG);
	ng_stream_free(file.stream);
}

static void test_cancelled(void **state)
{
	struct file file;
	ng_cancel cancel = true;
	uint8_t byte;
	size_t got;

	file_open(&file);
	writes(&file, "abc\n");
	assert_int_equal(ng_stream_read(file.stream, 4, 1, &cancel, &byte, &got), -EINTR);
	reads(&file, 100, "3\tabc\n");
	ng_stream_free(file.stream);
}

/* Lines longer than may be, and the ones around them. */
static void test_long_lines(void **state)
{
	static const size_t lengths[] = {NG_BATCH_FILE_LINE_MAX - 1, NG_BATCH_FILE_LINE_MAX,
					 3 * NG_BATCH_FILE_LINE_MAX + 17};
	ng_cleanup(ng_freep) uint8_t *line = malloc(4 * NG_BATCH_FILE_LINE_MAX);
	struct file file;
	char want[100];

	assert_non_null(line);
	memset(line, 'q', 4 * NG_BATCH_FILE_LINE_MAX);
	file_open(&file);
	for (size_t i = 0; i < ng_array_size(lengths); i++) {
		bool cut = lengths[i] > NG_BATCH_FILE_LINE_MAX;

		writes(&file, "a\n");
		file_write(&file, line, lengths[i]);
		writes(&file, "\nbc\n");
		snprintf(want, sizeof(want), "1\ta\n%zu%s\t%.*s\n2\tbc\n",
			 ng_min(lengths[i], (size_t)NG_BATCH_FILE_LINE_MAX), cut ? "+" : "",
			 (int)SHOWN, "qqqqqqqqqqqqqqqqqqqqqqqq");
		reads(&file, 100, want);
	}
	/* A long one whose end hasn't come. */
	file_write(&file, line, 4 * NG_BATCH_FILE_LINE_MAX);
	reads(&file, 100, "");
	writes(&file, "\n");
	snprintf(want, sizeof(want), "%u+\t%.*s\n", NG_BATCH_FILE_LINE_MAX, (int)SHOWN,
		 "qqqqqqqqqqqqqqqqqqqqqqqq");
	reads(&file, 100, want);
	ng_stream_free(file.stream);
}

/* Many lines, written and read in pieces of random lengths, against the answers in a row. */
static void test_random(void **state)
{
	ng_cleanup(ng_buf_free) struct ng_buf asked = NG_BUF_INIT, want = NG_BUF_INIT;
	uint8_t *buf = malloc(200000);
	uint64_t rng = 11;
	size_t written = 0, got = 0;
	struct file file;

	assert_non_null(buf);
	for (unsigned i = 0; i < 300000; i++) {
		char line[64];
		struct ng_asked_line as_line = {(uint8_t *)line, 0, false};

		as_line.len = (size_t)snprintf(line, sizeof(line), "%.*s%u",
					       (int)(scratch_random(&rng) % 20),
					       "abcdefghijklmnopqrstuvwxyz", i);
		assert_int_equal(ng_buf_printf(&asked, "%s\n", line), 0);
		assert_int_equal(answer(NULL, &as_line, 1, &folding, NULL, &want), 0);
	}
	file_open(&file);
	while (got < want.len) {
		uint64_t most = scratch_random(&rng) % 3 ? 500 : 200000;
		size_t len = 1 + scratch_random(&rng) % most;

		/* At first mostly written, so that there is more than stays in memory. */
		if (written < asked.len && scratch_random(&rng) % 10 < 7) {
			len = ng_min(len, asked.len - written);
			file_write(&file, asked.data + written, len);
			written += len;
			continue;
		}
		len = file_read(&file, buf, len);
		assert_true(len > 0 || written < asked.len);
		assert_true(got + len <= want.len);
		assert_memory_equal(buf, want.data + got, len);
		got += len;
	}
	assert_int_equal(file_read(&file, buf, 100), 0);
	/* What lies far back is gone, and says so; what was read last is still there. */
	assert_int_equal(ng_stream_read(file.stream, 0, 4096, NULL, buf, &got), -ESPIPE);
	assert_int_equal(ng_stream_read(file.stream, file.offset - 1000, 1000, NULL, buf, &got), 0);
	assert_int_equal(got, 1000);
	assert_memory_equal(buf + 900, want.data + want.len - 100, 100);
	free(buf);
	ng_stream_free(file.stream);
}

/* A write far behind what was read, at a place that isn't kept any more. */
static void test_far_back(void **state)
{
	static const char line[] = "12345678901234567890\n", shown[] = "20\t12345678901234567890\n";
	const size_t lines = 200000, n = sizeof(shown) - 1;
	uint8_t *buf = malloc(1u << 16);
	struct file file, other;
	size_t got = 0;

	assert_non_null(buf);
	file_open(&file);
	for (size_t i = 0; i < lines; i++)
		writes(&file, line);
	other = file;
	while (got < 3u << 20)
		got += file_read(&file, buf, 1u << 16);
	writes(&other, "x\n");
	/* What the kernel hasn't read stands behind it: the rest of an answer, and more of them. */
	got = file_read(&other, buf, 1000);
	assert_int_equal(got, 1000);
	for (size_t at = (size_t)((uint8_t *)memchr(buf, '\n', n) - buf) + 1; at + n <= got;
	     at += n)
		assert_memory_equal(buf + at, shown, n);
	ng_stream_free(file.stream);
	free(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),    cmocka_unit_test(test_append),
		cmocka_unit_test(test_cancelled), cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_random),    cmocka_unit_test(test_far_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
