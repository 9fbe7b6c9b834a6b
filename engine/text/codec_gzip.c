/* SPDX-License-Identifier: Apache-2.0 */
/* gzip: zlib verifies the CRC and the length of every member, and skips a header's name, comment
 * and extra field without keeping them. And bzip2. */
#include <bzlib.h>
#define ZLIB_CONST
#include <zlib.h>

#include "text/codec.h"

#define GZIP_WINDOW_BITS 31 /* 15, and a gzip header */

static unsigned clip(size_t n)
{
	return (unsigned)ng_min(n, (size_t)1 << 30);
}

static int gzip_begin(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
		      const char **ret_why)
{
	z_stream *z = *state;

	if (z)
		return inflateReset(z) == Z_OK ? 0 : -ENOMEM;
	z = calloc(1, sizeof(*z));
	if (!z)
		return -ENOMEM;
	if (inflateInit2(z, GZIP_WINDOW_BITS) != Z_OK) {
		free(z);
		return -ENOMEM;
	}
	*state = z;
	return 0;
}

static int gzip_run(void *state, struct ng_codec_io *io, const char **ret_why)
{
	z_stream *z = state;
	unsigned in = clip(io->in_len), out = clip(io->out_room);
	int r;

	z->next_in = io->in;
	z->avail_in = in;
	z->next_out = io->out;
	z->avail_out = out;
	r = inflate(z, Z_NO_FLUSH);
	io->in += in - z->avail_in;
	io->in_len -= in - z->avail_in;
	io->out += out - z->avail_out;
	io->out_room -= out - z->avail_out;
	switch (r) {
	case Z_STREAM_END:
		return 1;
	case Z_OK:
	case Z_BUF_ERROR: /* nothing could be done: more input or room is wanted */
		return 0;
	case Z_MEM_ERROR:
		return -ENOMEM;
	default:
		*ret_why = z->msg ? z->msg : "invalid data";
		return -EBADMSG;
	}
}

static uint64_t gzip_takes(const void *state)
{
	return 64u << 10;
}

static void gzip_end(void *state)
{
	inflateEnd(state);
	free(state);
}

static int bzip2_begin(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
		       const char **ret_why)
{
	bz_stream *bz = *state;

	if (bz)
		BZ2_bzDecompressEnd(bz);
	else
		bz = malloc(sizeof(*bz));
	if (!bz)
		return -ENOMEM;
	*state = bz;
	memset(bz, 0, sizeof(*bz));
	return BZ2_bzDecompressInit(bz, 0, 0) == BZ_OK ? 0 : -ENOMEM;
}

static int bzip2_run(void *state, struct ng_codec_io *io, const char **ret_why)
{
	bz_stream *bz = state;
	unsigned in = clip(io->in_len), out = clip(io->out_room);
	int r;

	bz->next_in = (char *)io->in;
	bz->avail_in = in;
	bz->next_out = (char *)io->out;
	bz->avail_out = out;
	r = BZ2_bzDecompress(bz);
	io->in += in - bz->avail_in;
	io->in_len -= in - bz->avail_in;
	io->out += out - bz->avail_out;
	io->out_room -= out - bz->avail_out;
	switch (r) {
	case BZ_STREAM_END:
		return 1;
	case BZ_OK:
		return 0;
	case BZ_MEM_ERROR:
		return -ENOMEM;
	default:
		*ret_why = r == BZ_DATA_ERROR ? "checksum or data error" : "invalid header";
		return -EBADMSG;
	}
}

static uint64_t bzip2_takes(const void *state)
{
	return 4u << 20;
}

static void bzip2_end(void *state)
{
	BZ2_bzDecompressEnd(state);
	free(state);
}

const struct ng_codec ng_codec_gzip = {
	.name = "gzip",
	.begin = gzip_begin,
	.run = gzip_run,
	.takes = gzip_takes,
	.end = gzip_end,
	.by_hand = "gzip -dc",
};

const struct ng_codec ng_codec_bzip2 = {
	.name = "bzip2",
	.begin = bzip2_begin,
	.run = bzip2_run,
	.takes = bzip2_takes,
	.end = bzip2_end,
	.by_hand = "bzip2 -dc",
};
