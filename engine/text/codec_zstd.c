/* SPDX-License-Identifier: Apache-2.0 */
/* zstd. A frame says what window it needs, up to 2 GiB here, as --long=31 makes. Of a window only
 * that much is ever touched as has been decompressed, so one beyond the bound on memory is refused
 * when the frame's content goes beyond it, not before: many are larger than what they hold. */
#include <zstd.h>
#include <zstd_errors.h>

#include "text/codec.h"

#define WINDOW_LOG_MAX 31

struct zstd {
	ZSTD_DStream *stream;
	uint64_t takes;
	uint64_t room; /* bytes that may still come of this frame; UINT64_MAX: any number */
};

uint64_t ng_codec_zstd_window(const uint8_t *head, size_t len)
{
	static const unsigned id_bytes[] = {0, 1, 2, 4};
	unsigned log, flags;
	uint64_t size;
	size_t at;

	if (len < 18 || memcmp(head, "\x28\xb5\x2f\xfd", 4) != 0)
		return 0;
	flags = head[4];
	if (!(flags & 0x20)) {
		log = 10 + (head[5] >> 3);
		return (1ull << log) + ((1ull << log) / 8) * (head[5] & 7);
	}
	/* A single segment: the window is the content. */
	at = 5 + id_bytes[flags & 3];
	switch (flags >> 6) {
	case 0:
		size = head[at];
		break;
	case 1:
		size = ng_load16(head + at) + 256u;
		break;
	case 2:
		size = ng_load32(head + at);
		break;
	default:
		size = ng_load64(head + at);
	}
	return ng_max(size, (uint64_t)1);
}

static int zstd_begin(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
		      const char **ret_why)
{
	uint64_t window = ng_codec_zstd_window(head, len);
	struct zstd *zstd = *state;

	if (window > 1ull << WINDOW_LOG_MAX)
		return -E2BIG;
	if (!zstd) {
		zstd = malloc(sizeof(*zstd));
		if (!zstd)
			return -ENOMEM;
		zstd->stream = ZSTD_createDStream();
		if (!zstd->stream) {
			free(zstd);
			return -ENOMEM;
		}
		*state = zstd;
		ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	}
	zstd->takes = ng_min(window, memory_bytes);
	zstd->room = window > memory_bytes ? memory_bytes : UINT64_MAX;
	return 0;
}

static int zstd_run(void *state, struct ng_codec_io *io, const char **ret_why)
{
	struct zstd *zstd = state;
	ZSTD_inBuffer in = {.src = io->in, .size = io->in_len};
	ZSTD_outBuffer out = {.dst = io->out, .size = io->out_room};
	size_t r = ZSTD_decompressStream(zstd->stream, &out, &in);

	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_room -= out.pos;
	if (ZSTD_isError(r)) {
		ZSTD_ErrorCode code = ZSTD_getErrorCode(r);

		if (code == ZSTD_error_memory_allocation)
			return -ENOMEM;
		if (code == ZSTD_error_frameParameter_windowTooLarge)
			return -E2BIG;
		*ret_why = code == ZSTD_error_dictionary_wrong
				   ? "it was compressed with a dictionary, without which it "
				     "cannot be decompressed; pipe it: zstd -dc -D DICTIONARY "
				     "FILE | mkngramfs -o INDEX -"
				   : ZSTD_getErrorName(r);
		return -EBADMSG;
	}
	if (r == 0)
		return 1;
	if (zstd->room != UINT64_MAX) {
		if (out.pos > zstd->room)
			return -E2BIG;
		zstd->room -= out.pos;
	}
	return 0;
}

static uint64_t zstd_takes(const void *state)
{
	const struct zstd *zstd = state;

	return zstd->takes;
}

static void zstd_end(void *state)
{
	struct zstd *zstd = state;

	ZSTD_freeDStream(zstd->stream);
	free(zstd);
}

const struct ng_codec ng_codec_zstd = {
	.name = "zstd",
	.begin = zstd_begin,
	.run = zstd_run,
	.takes = zstd_takes,
	.end = zstd_end,
	.by_hand = "zstd -dc --long=31",
};
