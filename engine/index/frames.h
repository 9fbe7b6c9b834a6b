/* A byte stream in zstd frames of a fixed raw size, so that any range of it can be read by
 * decompressing only the frames that it touches. All frames share a dictionary that is trained on
 * the stream's beginning. Holds the metadata and, where asked for, the text. */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "index/ef.h"

#define NG_FRAME_BYTES 16384u

struct ng_shard_writer;

/* ---- writing ---- */

struct ng_frames_writer;

/* level: zstd's. The first NG_FRAMES_TRAIN_BYTES of the stream are held back to train the
 * dictionary (up to 112 KiB; none when the stream is too short to gain by it). Compresses on
 * `threads` threads; the bytes don't depend on their number. */
#define NG_FRAMES_TRAIN_BYTES (8u << 20)
int ng_frames_writer_new(int level, unsigned threads, struct ng_frames_writer **ret_writer);
int ng_frames_writer_add(struct ng_frames_writer *writer, const void *data, size_t len);

/* Write everything into two sections of a shard: the frames (compressed, back to back), and their
 * directory (raw size, dictionary, Elias-Fano offsets of the frames). Compressed frames are kept
 * in memory or in an unlinked temporary file in tmp_dir until then. */
int ng_frames_writer_finish(struct ng_frames_writer *writer, struct ng_shard_writer *shard,
			    uint32_t data_section, uint32_t directory_section,
			    struct ng_error *err);
struct ng_frames_writer *ng_frames_writer_free(struct ng_frames_writer *writer);

/* ---- reading ---- */

struct ng_frames;

/* data and directory: the two sections. The memory stays the caller's and must live as long.
 * -EUCLEAN when lengths don't fit, -ENOMEM. */
int ng_frames_open(const uint8_t *data, size_t data_bytes, const uint8_t *directory,
		   size_t directory_bytes, struct ng_frames **ret_frames);
struct ng_frames *ng_frames_free(struct ng_frames *frames);

uint64_t ng_frames_raw_bytes(const struct ng_frames *frames);

/* Raw bytes [offset, offset + len) into buf. -EINVAL when out of range, -EUCLEAN when a frame
 * doesn't decompress to what it should, -ENOMEM. Thread-safe. */
int ng_frames_read(const struct ng_frames *frames, uint64_t offset, size_t len, uint8_t *buf);
