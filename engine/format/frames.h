/* SPDX-License-Identifier: Apache-2.0 */
/* A byte stream in zstd frames of a fixed raw size, so that any range of it can be read by
 * decompressing only the frames that it touches. All frames share a dictionary that is trained on
 * the stream's beginning. Holds the metadata and, where asked for, the text. */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/tempfile.h"
#include "format/ef.h"

#define NG_FRAME_BYTES 16384u

struct ng_shard_writer;

/* ---- writing ---- */

struct ng_frames_writer;

/* The first NG_FRAMES_TRAIN_BYTES of the stream are held back to train the dictionary: a 64th of
 * them, 112 KiB at most, none when the stream gains less by it than it takes. */
#define NG_FRAMES_TRAIN_BYTES (8u << 20)

/* level: zstd's. Compresses on `threads` threads (0 counts as 1); the bytes written don't depend
 * on their number. Compressed frames wait in an unlinked temporary file in tmp, which is not
 * used after this call. Takes some 17 MiB, and a zstd context a thread. A writer is for one thread
 * at a time. All functions return 0 or a negative errno with err set; -EINVAL for a level that
 * zstd doesn't know. After an error the writer can only be freed. */
int ng_frames_writer_new(int level, unsigned threads, struct ng_tempdir tmp,
			 struct ng_frames_writer **ret_writer, struct ng_error *err);
int ng_frames_writer_add(struct ng_frames_writer *writer, const void *data, size_t len,
			 struct ng_error *err);

/* Write everything into two sections of a shard: the frames (compressed, back to back), and their
 * directory (raw size, dictionary, Elias-Fano offsets of the frames). */
int ng_frames_writer_finish(struct ng_frames_writer *writer, struct ng_shard_writer *shard,
			    uint32_t data_section, uint32_t directory_section,
			    struct ng_error *err);
struct ng_frames_writer *ng_frames_writer_free(struct ng_frames_writer *writer);

static inline void ng_frames_writer_freep(struct ng_frames_writer **writer)
{
	ng_frames_writer_free(*writer);
}

/* ---- reading ---- */

struct ng_frames;

/* data and directory: the two sections, in these pages or, where they are NULL, in memory. It stays
 * the caller's and must live as long. -EUCLEAN when lengths don't fit, -ENOMEM. */
int ng_frames_open(const struct ng_pages *pages, const uint8_t *data, size_t data_bytes,
		   const uint8_t *directory, size_t directory_bytes, struct ng_frames **ret_frames);
struct ng_frames *ng_frames_free(struct ng_frames *frames);

static inline void ng_frames_freep(struct ng_frames **frames)
{
	ng_frames_free(*frames);
}

/* From here on decompress with decoders that others use, too (format/decoders.h), which must live
 * as long. Before anything is read. */
struct ng_decoders;
void ng_frames_share(struct ng_frames *frames, struct ng_decoders *decoders);

uint64_t ng_frames_raw_bytes(const struct ng_frames *frames);

/* Raw bytes [offset, offset + len) into buf. -EINVAL when out of range, -EUCLEAN when a frame
 * or a page is damaged, -ENOMEM. Thread-safe. */
int ng_frames_read(const struct ng_frames *frames, uint64_t offset, size_t len, uint8_t *buf);

/* Where frames [first, end) lie in data, [*ret_lo, *ret_hi); requires first <= end <= the number of
 * frames, which is that of NG_FRAME_BYTES in raw_bytes, rounded up. -EUCLEAN. */
int ng_frames_packed_range(const struct ng_frames *frames, uint64_t first, uint64_t end,
			   uint64_t *ret_lo, uint64_t *ret_hi);
