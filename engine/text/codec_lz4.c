/* SPDX-License-Identifier: Apache-2.0 */
/* lz4: frames by liblz4, which verifies their checksums; and the frames of before 2014 (lz4 -l),
 * blocks of up to 8 MiB, which have neither checksum nor end. */
#include <lz4.h>
#include <lz4frame.h>

#include "text/codec.h"

static int lz4_begin(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
		     const char **ret_why)
{
	LZ4F_dctx *dctx;

	if (*state) {
		LZ4F_resetDecompressionContext(*state);
		return 0;
	}
	if (LZ4F_isError(LZ4F_createDecompressionContext(&dctx, LZ4F_VERSION)))
		return -ENOMEM;
	*state = dctx;
	return 0;
}

/* liblz4 gives no numbers to its errors but to those who link it statically. */
static bool is_out_of_memory(size_t code)
{
	return strcmp(LZ4F_getErrorName(code), "ERROR_allocation_failed") == 0;
}

static int lz4_run(void *state, struct ng_codec_io *io, const char **ret_why)
{
	size_t in = io->in_len, out = io->out_room;
	size_t r = LZ4F_decompress(state, io->out, &out, io->in, &in, NULL);

	if (LZ4F_isError(r) && is_out_of_memory(r))
		return -ENOMEM;
	if (LZ4F_isError(r)) {
		*ret_why = LZ4F_getErrorName(r);
		return -EBADMSG;
	}
	io->in += in;
	io->in_len -= in;
	io->out += out;
	io->out_room -= out;
	return r == 0;
}

/* Blocks of 4 MiB at most, and what liblz4 keeps of the one before. */
static uint64_t lz4_takes(const void *state)
{
	return 9u << 20;
}

static void lz4_end(void *state)
{
	LZ4F_freeDecompressionContext(state);
}

/* ---- legacy frames ---- */

#define LEGACY_BLOCK   (8u << 20)
#define LEGACY_MAGIC   0x184c2102u
#define LEGACY_IN_ROOM LZ4_COMPRESSBOUND(LEGACY_BLOCK)

struct legacy {
	bool begun;       /* the magic is read */
	size_t block_len; /* compressed; 0: its size is still to come */
	size_t in_len;    /* of it, read */
	size_t out_at, out_len;
	uint8_t in[LEGACY_IN_ROOM];
	uint8_t out[LEGACY_BLOCK];
};

static int legacy_begin(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
			const char **ret_why)
{
	struct legacy *legacy = *state ? *state : malloc(sizeof(*legacy));

	if (!legacy)
		return -ENOMEM;
	memset(legacy, 0, offsetof(struct legacy, in));
	*state = legacy;
	return 0;
}

/* The size of the next block. 1 when there is none: another frame's magic is as large as no block
 * can be, padding is none, and both stay. */
static int legacy_size(struct legacy *legacy, struct ng_codec_io *io)
{
	uint32_t size;

	if (io->in_len < sizeof(size))
		return 0;
	size = ng_load32(io->in);
	if (size == LEGACY_MAGIC && !legacy->begun) {
		legacy->begun = true;
	} else if (size > LEGACY_IN_ROOM || size == 0) {
		return 1;
	} else {
		legacy->block_len = size;
	}
	io->in += sizeof(size);
	io->in_len -= sizeof(size);
	return 0;
}

static int legacy_run(void *state, struct ng_codec_io *io, const char **ret_why)
{
	struct legacy *legacy = state;
	size_t n = ng_min(legacy->out_len - legacy->out_at, io->out_room);
	int r;

	if (n) {
		memcpy(io->out, legacy->out + legacy->out_at, n);
		legacy->out_at += n;
		io->out += n;
		io->out_room -= n;
		return 0;
	}
	if (!legacy->block_len)
		return legacy_size(legacy, io);
	n = ng_min(legacy->block_len - legacy->in_len, io->in_len);
	memcpy(legacy->in + legacy->in_len, io->in, n);
	legacy->in_len += n;
	io->in += n;
	io->in_len -= n;
	if (legacy->in_len < legacy->block_len)
		return 0;
	r = LZ4_decompress_safe((const char *)legacy->in, (char *)legacy->out, (int)legacy->in_len,
				LEGACY_BLOCK);
	if (r < 0) {
		*ret_why = "invalid block";
		return -EBADMSG;
	}
	legacy->out_at = 0;
	legacy->out_len = (size_t)r;
	legacy->block_len = legacy->in_len = 0;
	return 0;
}

static uint64_t legacy_takes(const void *state)
{
	return sizeof(struct legacy);
}

static bool legacy_may_end(const void *state)
{
	const struct legacy *legacy = state;

	return legacy->begun && !legacy->block_len && legacy->out_at == legacy->out_len;
}

const struct ng_codec ng_codec_lz4 = {
	.name = "lz4",
	.begin = lz4_begin,
	.run = lz4_run,
	.takes = lz4_takes,
	.end = lz4_end,
	.by_hand = "lz4 -dc",
};

const struct ng_codec ng_codec_lz4_legacy = {
	.name = "lz4 legacy",
	.begin = legacy_begin,
	.run = legacy_run,
	.takes = legacy_takes,
	.may_end = legacy_may_end,
	.end = free,
	.by_hand = "lz4 -dc",
};
