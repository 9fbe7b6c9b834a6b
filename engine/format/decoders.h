/* SPDX-License-Identifier: Apache-2.0 */
/* What frames are decompressed with: contexts of zstd, and dictionaries. Both take much more memory
 * than a frame, and there may be thousands of streams of frames; so those of an index share a few.
 * All functions are thread-safe. */
#pragma once

#include "base/base.h"
#include "format/framelayout.h"

#include <zstd.h>

struct ng_decoders;

/* What one thread decompresses with. It remembers the last frame that it was asked a part of:
 * neighbouring documents' metadata mostly lies in one frame. */
struct ng_decoder {
	ZSTD_DCtx *ctx;
	const void *stream; /* whose dictionary dict holds, and whose frame raw does, */
	uint64_t frame;     /* or NG_NO_FRAME */
	size_t dict_bytes;  /* at the end of dict; 0: the stream has none */
	/* A frame is decompressed right behind its dictionary, and nowhere else: what it repeats
	 * of it is for zstd of one piece with the frame then, which saves a fourth of the time. */
	uint8_t dict[NG_FRAMES_DICT_BYTES_MAX];
	uint8_t raw[NG_FRAME_BYTES];
};

#define NG_NO_FRAME UINT64_MAX

static inline uint8_t *ng_decoder_dict(struct ng_decoder *decoder)
{
	return decoder->dict + NG_FRAMES_DICT_BYTES_MAX - decoder->dict_bytes;
}

/* -ENOMEM. */
int ng_decoders_new(struct ng_decoders **ret_decoders);
/* None may be taken any more. */
struct ng_decoders *ng_decoders_free(struct ng_decoders *decoders);

/* A decoder for one thread, to be given back soon: the one that holds this frame of the stream, if
 * there is one, or else one that holds its dictionary. stream: anything that stands for it.
 * dict[0..dict_bytes-1]: its dictionary, of at most NG_FRAMES_DICT_BYTES_MAX, the same each time,
 * which is copied; dict_bytes 0: it has none. -ENOMEM. */
int ng_decoders_take(struct ng_decoders *decoders, const void *stream, uint64_t frame,
		     const void *dict, size_t dict_bytes, struct ng_decoder **ret_decoder);
void ng_decoders_return(struct ng_decoders *decoders, struct ng_decoder *decoder);

/* A stream is no more: none of its decoders may be taken. */
void ng_decoders_forget(struct ng_decoders *decoders, const void *stream);
