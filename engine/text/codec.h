/* SPDX-License-Identifier: Apache-2.0 */
/* Decompressors of one stream each, all behind one shape: what is pushed in comes out decompressed.
 * Checksums are verified wherever the format has them. Each takes the memory that the format's
 * window needs, and refuses one beyond what it is given. Not thread-safe. */
#pragma once

#include "base/base.h"

struct ng_codec_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_room;
};

struct ng_codec {
	const char *name;

	/* Begin a stream, of which head shows at least NG_CODEC_HEAD_BYTES (fewer where the file
	 * ends). *state is NULL, or that of a stream of this codec that has ended. memory_bytes
	 * bounds the window. -ENOMEM, -E2BIG (the window is larger), -EBADMSG with *ret_why. */
	int (*begin)(void **state, const uint8_t *head, size_t len, uint64_t memory_bytes,
		     const char **ret_why);

	/* Take from in, give to out. Returns 1 when the stream has ended, 0 when it wants more of
	 * either, or -EBADMSG (damaged, *ret_why says how), -E2BIG, -ENOMEM. */
	int (*run)(void *state, struct ng_codec_io *io, const char **ret_why);

	/* Memory that the window and the like take, in bytes, as far as the stream has told. */
	uint64_t (*takes)(const void *state);

	/* Whether the file may end here, where the format marks no end; NULL: it does. */
	bool (*may_end)(const void *state);

	void (*end)(void *state);

	/* What decompresses it by hand, to be piped, when it takes too much memory here. */
	const char *by_hand;
};

#define NG_CODEC_HEAD_BYTES 32u

extern const struct ng_codec ng_codec_gzip;
extern const struct ng_codec ng_codec_zstd;
extern const struct ng_codec ng_codec_xz;
extern const struct ng_codec ng_codec_lzma;
extern const struct ng_codec ng_codec_lzip;
extern const struct ng_codec ng_codec_bzip2;
extern const struct ng_codec ng_codec_lz4;
extern const struct ng_codec ng_codec_lz4_legacy;

/* The window that a zstd frame asks for, in bytes, by the header that begins it; 0: no such header
 * (or too few bytes of it). */
uint64_t ng_codec_zstd_window(const uint8_t *head, size_t len);
