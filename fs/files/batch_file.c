/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "files/batch_file.h"
#include "files/spool.h"
#include "files/transcript.h"

/* Sizes of pieces of answers: small at first, then twice as large each time. A piece also ends when
 * so many bytes of questions have been answered, or so much time has passed. */
#define PIECE_BYTES_FIRST (64u << 10)
#define PIECE_BYTES_MAX   (1u << 20)
#define PIECE_ASKED_BYTES (4u << 20)
#define PIECE_MS          100

/* Bytes taken from the spool at once. */
#define TAKE_BYTES (256u << 10)

struct batch_file {
	struct ng_stream stream;
	ng_batch_file_answer answer;
	struct ng_settings settings;
	struct ng_spool spool; /* written, and not yet looked at */
	/* Taken from it: lines [next, asked.len), the last one perhaps not complete. */
	struct ng_buf asked;
	size_t next;
	bool skipping; /* it has become too long, and its rest is dropped */
	struct ng_transcript transcript;
	size_t piece_bytes;
	size_t together;
	struct ng_asked_line *lines; /* [together], while it grows */
	uint64_t n_lines;            /* that have been written */
	struct ng_parked parked;
};

static uint64_t count_lines(const uint8_t *data, size_t len)
{
	const uint8_t *end = data + len;
	uint64_t n = 0;

	while (data < end && (data = memchr(data, '\n', (size_t)(end - data)))) {
		data++;
		n++;
	}
	return n;
}

static int batch_file_write(struct ng_stream *stream, uint64_t offset, const uint8_t *data,
			    size_t len)
{
	struct batch_file *file = (struct batch_file *)stream;
	uint64_t n_lines = file->n_lines + count_lines(data, len);
	int r = 0;

	if (stream->streams)
		file->spool.disk = ng_streams_disk(stream->streams);
	if (stream->streams && n_lines > ng_streams_lines_most(stream->streams))
		r = -EDQUOT;
	if (r == 0)
		r = ng_transcript_reserve(&file->transcript, offset, len);
	if (r == 0)
		r = ng_spool_append(&file->spool, data, len);
	if (r)
		return r;
	file->n_lines = n_lines;
	ng_transcript_write(&file->transcript, offset, data, len);
	atomic_store(&stream->bytes, ng_transcript_end(&file->transcript));
	atomic_store(&stream->bytes_most,
		     ng_transcript_end(&file->transcript) + NG_STREAM_PENDING_BYTES);
	return 0;
}

/* Drop the beginning of what was taken, which is answered; and read on in the spool. *ret_more is
 * false at its end. */
static int take(struct batch_file *file, bool *ret_more)
{
	size_t left = file->asked.len - file->next, got;
	uint8_t *newline;
	int r;

	if (file->next)
		memmove(file->asked.data, file->asked.data + file->next, left);
	file->asked.len = left;
	file->next = 0;
	r = ng_buf_reserve(&file->asked, TAKE_BYTES);
	if (r == 0)
		r = ng_spool_take(&file->spool, TAKE_BYTES, file->asked.data + left, &got);
	if (r)
		return r;
	*ret_more = got > 0;
	file->asked.len += got;
	if (file->skipping) {
		newline = memchr(file->asked.data + left, '\n', got);
		got = newline ? (size_t)(file->asked.data + file->asked.len - newline) : 0;
		if (newline)
			memmove(file->asked.data + left, newline, got);
		file->asked.len = left + got;
	}
	return 0;
}

/* Complete lines, as many as are answered together at most; *ret_end is where the last one ends. */
static size_t find_lines(struct batch_file *file, size_t *ret_end)
{
	size_t n = 0, at = file->next;

	while (n < file->together && at < file->asked.len) {
		const uint8_t *text = file->asked.data + at;
		const uint8_t *newline = memchr(text, '\n', file->asked.len - at);

		if (!newline)
			break;
		file->lines[n++] =
			(struct ng_asked_line){.text = text, .len = (size_t)(newline - text)};
		at += (size_t)(newline - text) + 1;
	}
	*ret_end = at;
	return n;
}

/* The next lines to be answered, and how many; none when there is no complete one. */
static int next_lines(struct batch_file *file, const ng_cancel *cancel, size_t *ret_n,
		      size_t *ret_end)
{
	bool more = true;
	int r = 0;

	for (;;) {
		size_t n = find_lines(file, ret_end);

		if (n) {
			/* The one whose rest was dropped is the first. */
			file->lines[0].cut = file->skipping;
			*ret_n = n;
			return 0;
		}
		if (file->asked.len - file->next > NG_BATCH_FILE_LINE_MAX) {
			file->asked.len = file->next + NG_BATCH_FILE_LINE_MAX;
			file->skipping = true;
		}
		/* A line without an end is looked at until its writer is tired. */
		r = ng_cancelled(cancel) ? -EINTR : take(file, &more);
		if (r || !more) {
			*ret_n = 0;
			return r;
		}
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int make_piece(struct batch_file *file, const ng_cancel *cancel)
{
	struct ng_stream *stream = &file->stream;
	struct ng_buf *content = &file->transcript.content;
	size_t asked_bytes = 0, before, n, end;
	int64_t until = now_ms() + PIECE_MS;
	int r = 0;

	ng_transcript_trim(&file->transcript);
	before = content->len;
	while (r == 0 && content->len - before < file->piece_bytes &&
	       asked_bytes < PIECE_ASKED_BYTES) {
		size_t good = content->len;

		r = next_lines(file, cancel, &n, &end);
		if (r || n == 0)
			break;
		r = file->answer(stream->index, file->lines, n, &file->settings, cancel, content);
		if (r) {
			content->len = good;
			break;
		}
		asked_bytes += end - file->next;
		file->next = end;
		file->skipping = false;
		if (now_ms() >= until)
			break;
	}
	if (content->len == before) {
		if (r == 0)
			atomic_store(&stream->bytes_most, 0);
		return r;
	}
	file->piece_bytes = ng_min(file->piece_bytes * 2, (size_t)PIECE_BYTES_MAX);
	atomic_store(&stream->bytes, ng_transcript_end(&file->transcript));
	return 0;
}

static int batch_file_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct batch_file *file = (struct batch_file *)stream;
	int r;

	file->lines = calloc(file->together, sizeof(*file->lines));
	if (!file->lines)
		return -ENOMEM;
	r = make_piece(file, cancel);
	free(file->lines);
	file->lines = NULL;
	return r;
}

static int batch_file_read(struct ng_stream *stream, uint64_t offset, size_t len,
			   const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	struct batch_file *file = (struct batch_file *)stream;

	return ng_transcript_read(&file->transcript, offset, len, buf, ret_len);
}

static size_t batch_file_held(const struct ng_stream *stream)
{
	const struct batch_file *file = (const struct batch_file *)stream;

	return file->transcript.content.cap + file->asked.cap + file->spool.front.cap;
}

static void batch_file_shed(struct ng_stream *stream)
{
	struct batch_file *file = (struct batch_file *)stream;
	struct ng_buf *const bufs[] = {&file->transcript.content, &file->asked, &file->spool.front};

	if (batch_file_held(stream))
		ng_disk_park(ng_streams_disk(stream->streams), ng_array_size(bufs), bufs,
			     &file->parked);
}

static int batch_file_wake(struct ng_stream *stream)
{
	struct batch_file *file = (struct batch_file *)stream;
	struct ng_buf *const bufs[] = {&file->transcript.content, &file->asked, &file->spool.front};

	if (!file->parked.bytes)
		return 0;
	return ng_disk_unpark(ng_streams_disk(stream->streams), ng_array_size(bufs), bufs,
			      &file->parked);
}

static void batch_file_free(struct ng_stream *stream)
{
	struct batch_file *file = (struct batch_file *)stream;

	if (stream->streams)
		ng_disk_drop(ng_streams_disk(stream->streams), &file->parked);
	ng_spool_clear(&file->spool);
	ng_buf_free(&file->asked);
	ng_transcript_free(&file->transcript);
	free(file);
}

int ng_batch_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		      ng_batch_file_answer answer, const struct ng_settings *settings,
		      size_t together, struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = batch_file_grow,
		.read = batch_file_read,
		.write = batch_file_write,
		.held = batch_file_held,
		.shed = batch_file_shed,
		.wake = batch_file_wake,
		.free = batch_file_free,
	};
	struct batch_file *file = calloc(1, sizeof(*file));

	if (!file) {
		if (indexes)
			ng_indexes_put(indexes, index);
		return -ENOMEM;
	}
	ng_stream_init(&file->stream, &ops, indexes, index);
	file->answer = answer;
	file->settings = *settings;
	file->together = together;
	file->spool = NG_SPOOL_INIT;
	file->piece_bytes = PIECE_BYTES_FIRST;
	*ret_stream = &file->stream;
	return 0;
}
