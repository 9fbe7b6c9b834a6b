/* SPDX-License-Identifier: Apache-2.0 */
#include "files/tracing.h"

#include <time.h>

#include "files/transcript.h"

/* Sizes of pieces of lines: small at first, then twice as large each time. A piece also ends when
 * so much time has passed. */
#define PIECE_BYTES_FIRST (64u << 10)
#define PIECE_BYTES_MAX   (1u << 20)
#define PIECE_MS          100

struct tracing {
	struct ng_stream stream;
	struct ng_transcript transcript;
	struct ng_buf written; /* a text that hasn't been ended */
	struct ng_buf text;    /* the one that is being traced */
	struct ng_trace *trace;
	bool found;                /* stretch is the next, whose line isn't made yet */
	struct ng_maximal stretch; /* of trace */
	struct ng_tracing_options options;
	size_t piece_bytes;
	struct ng_parked parked;
};

static int tracing_write(struct ng_stream *stream, uint64_t offset, const uint8_t *data, size_t len)
{
	struct tracing *t = (struct tracing *)stream;
	int r;

	if (len > NG_TRACING_TEXT_MAX - t->written.len)
		return -EFBIG;
	r = ng_transcript_reserve(&t->transcript, offset, len);
	if (r == 0)
		r = ng_buf_append(&t->written, data, len);
	if (r)
		return r;
	ng_transcript_write(&t->transcript, offset, data, len);
	atomic_store(&stream->bytes, ng_transcript_end(&t->transcript));
	atomic_store(&stream->bytes_most,
		     ng_transcript_end(&t->transcript) + NG_STREAM_PENDING_BYTES);
	return 0;
}

/* End the text that has been written and begin to trace it. */
static int begin(struct tracing *t)
{
	ng_cleanup(ng_trace_freep) struct ng_trace *trace = NULL;
	int r = ng_trace_new(t->stream.index->index, t->written.data, t->written.len,
			     &t->options.trace, &trace);

	if (r)
		return r;
	t->text = t->written;
	t->written = NG_BUF_INIT;
	t->trace = ng_steal_ptr(&trace);
	return 0;
}

static void end(struct tracing *t)
{
	t->trace = ng_trace_free(t->trace);
	ng_buf_free(&t->text);
}

/* Append the next line: 1; or there is none: 0. */
static int next_line(struct tracing *t, const ng_cancel *cancel)
{
	int r;

	while (!t->found) {
		if (!t->trace && t->written.len == 0)
			return 0;
		r = t->trace ? 0 : begin(t);
		if (r == 0)
			r = ng_trace_next(t->trace, cancel, &t->stretch);
		if (r < 0)
			return r;
		t->found = r > 0;
		if (!t->found)
			end(t);
	}
	r = ng_trace_line(t->stream.index->index, &t->options.line, t->text.data, &t->stretch,
			  cancel, &t->transcript.content);
	if (r)
		return r;
	t->found = false;
	return 1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int tracing_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct tracing *t = (struct tracing *)stream;
	int64_t until = now_ms() + PIECE_MS;
	size_t before;
	int r = 1;

	ng_transcript_trim(&t->transcript);
	before = t->transcript.content.len;
	while (r > 0 && t->transcript.content.len - before < t->piece_bytes) {
		r = next_line(t, cancel);
		if (now_ms() >= until && t->transcript.content.len > before)
			break;
	}
	if (t->transcript.content.len == before) {
		if (r == 0)
			atomic_store(&stream->bytes_most, 0);
		return ng_min(r, 0);
	}
	t->piece_bytes = ng_min(t->piece_bytes * 2, (size_t)PIECE_BYTES_MAX);
	atomic_store(&stream->bytes, ng_transcript_end(&t->transcript));
	return 0;
}

static int tracing_read(struct ng_stream *stream, uint64_t offset, size_t len,
			const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	struct tracing *t = (struct tracing *)stream;

	return ng_transcript_read(&t->transcript, offset, len, buf, ret_len);
}

static size_t tracing_held(const struct ng_stream *stream)
{
	const struct tracing *t = (const struct tracing *)stream;

	return t->transcript.content.cap + t->written.cap + t->text.cap +
	       (t->trace ? ng_trace_held(t->trace) : 0);
}

static void tracing_shed(struct ng_stream *stream)
{
	struct tracing *t = (struct tracing *)stream;
	struct ng_buf *const bufs[] = {&t->transcript.content, &t->written, &t->text};

	if (t->trace)
		ng_trace_shed(t->trace);
	if (tracing_held(stream))
		ng_disk_park(ng_streams_disk(stream->streams), ng_array_size(bufs), bufs,
			     &t->parked);
}

static int tracing_wake(struct ng_stream *stream)
{
	struct tracing *t = (struct tracing *)stream;
	struct ng_buf *const bufs[] = {&t->transcript.content, &t->written, &t->text};
	int r;

	if (!t->parked.bytes)
		return 0;
	r = ng_disk_unpark(ng_streams_disk(stream->streams), ng_array_size(bufs), bufs, &t->parked);
	if (r)
		return r;
	if (t->trace)
		ng_trace_set_text(t->trace, t->text.data);
	return 0;
}

static void tracing_free(struct ng_stream *stream)
{
	struct tracing *t = (struct tracing *)stream;

	if (stream->streams)
		ng_disk_drop(ng_streams_disk(stream->streams), &t->parked);
	end(t);
	ng_buf_free(&t->written);
	ng_transcript_free(&t->transcript);
	free(t);
}

int ng_tracing_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		   const struct ng_tracing_options *options, struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = tracing_grow,
		.read = tracing_read,
		.write = tracing_write,
		.held = tracing_held,
		.shed = tracing_shed,
		.wake = tracing_wake,
		.free = tracing_free,
	};
	struct tracing *t = calloc(1, sizeof(*t));

	if (!t) {
		if (indexes)
			ng_indexes_put(indexes, index);
		return -ENOMEM;
	}
	ng_stream_init(&t->stream, &ops, indexes, index);
	t->options = *options;
	t->piece_bytes = PIECE_BYTES_FIRST;
	*ret_stream = &t->stream;
	return 0;
}
