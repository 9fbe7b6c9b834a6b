/* SPDX-License-Identifier: Apache-2.0 */
/* xz, lzma and lzip, by liblzma, which is told how much memory it may take. A .lzma file has no
 * checksum; that of the others is verified. */
#include <lzma.h>

#include "text/codec.h"

typedef lzma_ret (*open_fn)(lzma_stream *stream, uint64_t memory_bytes);

static int begin(void **state, uint64_t memory_bytes, open_fn open)
{
	static const lzma_stream none = LZMA_STREAM_INIT;
	lzma_stream *stream = *state;

	/* The next stream uses the memory of the one before. */
	if (!stream) {
		stream = malloc(sizeof(*stream));
		if (!stream)
			return -ENOMEM;
		*stream = none;
		*state = stream;
	}
	return open(stream, memory_bytes) == LZMA_OK ? 0 : -ENOMEM;
}

static lzma_ret open_xz(lzma_stream *stream, uint64_t memory_bytes)
{
	/* A check that this liblzma cannot compute must not pass for one that is right. */
	return lzma_stream_decoder(stream, memory_bytes, LZMA_TELL_UNSUPPORTED_CHECK);
}

static lzma_ret open_lzip(lzma_stream *stream, uint64_t memory_bytes)
{
	return lzma_lzip_decoder(stream, memory_bytes, 0);
}

static int xz_begin(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
		    const char **ret_why)
{
	return begin(state, memory_bytes, open_xz);
}

static int lzma_begin(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
		      const char **ret_why)
{
	return begin(state, memory_bytes, lzma_alone_decoder);
}

static int lzip_begin(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
		      const char **ret_why)
{
	return begin(state, memory_bytes, open_lzip);
}

static int run(void *state, struct ng_codec_io *io, const char **ret_why)
{
	lzma_stream *stream = state;
	lzma_ret r;

	stream->next_in = io->in;
	stream->avail_in = io->in_len;
	stream->next_out = io->out;
	stream->avail_out = io->out_room;
	r = lzma_code(stream, LZMA_RUN);
	io->in = stream->next_in;
	io->in_len = stream->avail_in;
	io->out = stream->next_out;
	io->out_room = stream->avail_out;
	switch (r) {
	case LZMA_STREAM_END:
		return 1;
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* nothing could be done: more input or room is wanted */
		return 0;
	case LZMA_MEM_ERROR:
		return -ENOMEM;
	case LZMA_MEMLIMIT_ERROR:
		return -E2BIG;
	case LZMA_UNSUPPORTED_CHECK:
	case LZMA_OPTIONS_ERROR:
		*ret_why = "a filter or checksum that is unknown here";
		return -EBADMSG;
	default:
		*ret_why = "checksum or data error";
		return -EBADMSG;
	}
}

static uint64_t takes(const void *state)
{
	return lzma_memusage(state);
}

static void end(void *state)
{
	lzma_end(state);
	free(state);
}

const struct ng_codec ng_codec_xz = {
	.name = "xz",
	.begin = xz_begin,
	.run = run,
	.takes = takes,
	.end = end,
	.by_hand = "xz -dc",
};

const struct ng_codec ng_codec_lzma = {
	.name = "lzma",
	.begin = lzma_begin,
	.run = run,
	.takes = takes,
	.end = end,
	.by_hand = "xz -dc",
};

const struct ng_codec ng_codec_lzip = {
	.name = "lzip",
	.begin = lzip_begin,
	.run = run,
	.takes = takes,
	.end = end,
	.by_hand = "lzip -dc",
};
