/* SPDX-License-Identifier: Apache-2.0 */
#include "format/framelayout.h"

#include <assert.h>
#include <pthread.h>
#include <zdict.h>
#include <zstd.h>

#include "base/file.h"
#include "base/tempfile.h"
#include "format/shardfile.h"

#define BATCH_BYTES  NG_FRAMES_TRAIN_BYTES
#define BATCH_FRAMES (BATCH_BYTES / NG_FRAME_BYTES)
#define COPY_BYTES   (1u << 20)

/* A dictionary is worth its room when it is a small part of what it was made from: of shares of 8,
 * 16, 32 and 64, the last gave the smallest files for 0.3 to 8 MB of English (level 9: 1 MB in
 * 0.455, 0.422, 0.406 and 0.402; 0.434 without; 100 MB in 0.346). */
#define DICT_SHARE     64u
#define DICT_BYTES_MIN 4096u
#define TRIAL_FRAMES   64u /* compressed with and without it, to see whether it gains anything */

/* Frames in a group are compressed one after the other in a context of their own. zstd does not
 * promise that a context that has compressed something else before gives the same bytes; so its
 * history must depend on the frames alone, not on how threads happened to take them. */
#define GROUP_FRAMES 16u

struct ng_frames_writer {
	int level;
	unsigned threads;
	char *tmp_dir;
	int tmp_fd;
	bool trained; /* or found not worth it */
	struct ng_buf dict;
	ZSTD_CDict *cdict; /* NULL: no dictionary */
	uint64_t raw_bytes;
	uint64_t packed_bytes;
	struct ng_buf ends; /* of frames in the temporary file, 8 bytes each, beginning with 0 */
	size_t fill;        /* of raw */
	uint8_t *raw;       /* BATCH_BYTES */
	uint8_t *packed;    /* BATCH_FRAMES slots of slot_bytes */
	size_t slot_bytes;
};

static int fail_memory(struct ng_error *err)
{
	return ng_fail(err, -ENOMEM, "out of memory while compressing");
}

int ng_frames_writer_new(int level, unsigned threads, struct ng_tempdir tmp,
			 struct ng_frames_writer **ret_writer, struct ng_error *err)
{
	ng_cleanup(ng_frames_writer_freep) struct ng_frames_writer *w = NULL;
	static const uint64_t zero;

	if (level < ZSTD_minCLevel() || level > ZSTD_maxCLevel())
		return ng_fail(err, -EINVAL, "%d is no compression level; it may be %d to %d",
			       level, ZSTD_minCLevel(), ZSTD_maxCLevel());
	w = calloc(1, sizeof(*w));
	if (!w)
		return fail_memory(err);
	w->tmp_fd = -1;
	w->level = level;
	w->threads = ng_max(threads, 1u);
	w->slot_bytes = ZSTD_compressBound(NG_FRAME_BYTES);
	w->tmp_dir = strdup(tmp.path);
	w->raw = malloc(BATCH_BYTES);
	w->packed = malloc(BATCH_FRAMES * w->slot_bytes);
	if (!w->tmp_dir || !w->raw || !w->packed || ng_buf_append(&w->ends, &zero, sizeof(zero)))
		return fail_memory(err);
	w->tmp_fd = ng_tempfile_open(tmp);
	if (w->tmp_fd < 0)
		return ng_fail(err, w->tmp_fd, "%s: cannot make a temporary file: %s", tmp.path,
			       strerror(-w->tmp_fd));
	*ret_writer = ng_steal_ptr(&w);
	return 0;
}

static ZSTD_CCtx *new_context(const struct ng_frames_writer *w, const ZSTD_CDict *cdict)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	if (!ctx)
		return NULL;
	/* The dictionary's number in each frame would tell the reader nothing. */
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_dictIDFlag, 0);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, w->level);
	ZSTD_CCtx_refCDict(ctx, cdict);
	return ctx;
}

/* Compress frame i of the batch into slot. Returns zstd's result. */
static size_t compress_frame(const struct ng_frames_writer *w, ZSTD_CCtx *ctx, unsigned i,
			     uint8_t *slot)
{
	size_t offset = (size_t)i * NG_FRAME_BYTES;

	return ZSTD_compress2(ctx, slot, w->slot_bytes, w->raw + offset,
			      ng_min(w->fill - offset, (size_t)NG_FRAME_BYTES));
}

/* What every stride-th of n frames compress to; 0 when memory ran out. */
static size_t trial_bytes(const struct ng_frames_writer *w, const ZSTD_CDict *cdict, unsigned n,
			  unsigned stride)
{
	ZSTD_CCtx *ctx = new_context(w, cdict);
	size_t total = 0;

	for (unsigned i = 0; ctx && i < n; i += stride) {
		size_t len = compress_frame(w, ctx, i, w->packed);

		if (ZSTD_isError(len)) {
			total = 0;
			break;
		}
		total += len;
	}
	ZSTD_freeCCtx(ctx);
	return total;
}

/* Drop the dictionary if the batch it was made from would not gain its bytes back. Records that
 * differ only in numbers, for instance, compress well without. */
static int weigh_dictionary(struct ng_frames_writer *w, unsigned n, struct ng_error *err)
{
	unsigned stride = ng_max(n / TRIAL_FRAMES, 1u);
	size_t with = trial_bytes(w, w->cdict, n, stride);
	size_t without = trial_bytes(w, NULL, n, stride);

	if (!with || !without)
		return fail_memory(err);
	if (with < without && (without - with) * stride > w->dict.len)
		return 0;
	ZSTD_freeCDict(w->cdict);
	w->cdict = NULL;
	ng_buf_free(&w->dict);
	return 0;
}

/* Make the dictionary from the first batch, if it is long enough. Training is deterministic: zstd
 * does it on one thread, and derives even the dictionary's number from its content. */
static int train(struct ng_frames_writer *w, struct ng_error *err)
{
	size_t cap = ng_min(w->fill / DICT_SHARE, (size_t)NG_FRAMES_DICT_BYTES_MAX);
	size_t sizes[BATCH_FRAMES], len;
	unsigned n = 0;

	w->trained = true;
	if (cap < DICT_BYTES_MIN)
		return 0;
	for (size_t done = 0; done < w->fill; done += sizes[n++])
		sizes[n] = ng_min(w->fill - done, (size_t)NG_FRAME_BYTES);
	if (ng_buf_reserve(&w->dict, cap))
		return fail_memory(err);
	len = ZDICT_trainFromBuffer(w->dict.data, cap, w->raw, sizes, n);
	if (ZDICT_isError(len))
		return 0; /* such data gains nothing by a dictionary */
	w->dict.len = len;
	w->cdict = ZSTD_createCDict(w->dict.data, len, w->level);
	return w->cdict ? weigh_dictionary(w, n, err) : fail_memory(err);
}

struct batch {
	struct ng_frames_writer *writer;
	unsigned n_frames; /* BATCH_FRAMES at most */
	atomic_uint next_group;
	atomic_int result;
	size_t packed_bytes[BATCH_FRAMES];
};

static int compress_group(struct batch *batch, unsigned first, unsigned end)
{
	struct ng_frames_writer *w = batch->writer;
	ZSTD_CCtx *ctx = new_context(w, w->cdict);
	size_t len = 0;

	if (!ctx)
		return -ENOMEM;
	for (unsigned i = first; i < end && !ZSTD_isError(len); i++) {
		len = compress_frame(w, ctx, i, w->packed + i * w->slot_bytes);
		batch->packed_bytes[i] = len;
	}
	ZSTD_freeCCtx(ctx);
	/* The slot is large enough for anything: what remains to fail is memory. */
	return ZSTD_isError(len) ? -ENOMEM : 0;
}

static void *compress_groups(void *arg)
{
	struct batch *batch = arg;

	while (!atomic_load(&batch->result)) {
		unsigned first = atomic_fetch_add(&batch->next_group, 1) * GROUP_FRAMES;
		int r;

		if (first >= batch->n_frames)
			break;
		r = compress_group(batch, first, ng_min(first + GROUP_FRAMES, batch->n_frames));
		if (r)
			atomic_store(&batch->result, r);
	}
	return NULL;
}

static int write_temporary(struct ng_frames_writer *w, size_t len, struct ng_error *err)
{
	size_t done = 0;
	int r = ng_file_write_at(w->tmp_fd, w->packed, len, w->packed_bytes, &done);

	if (r < 0)
		return ng_fail(err, r, "%s: cannot write %zu more bytes to a temporary file: %s%s",
			       w->tmp_dir, len - done, strerror(-r), ng_file_advice(r));
	return 0;
}

/* Move the compressed frames together and out. */
static int store_batch(struct ng_frames_writer *w, const struct batch *batch, struct ng_error *err)
{
	size_t len = 0;
	int r;

	for (unsigned i = 0; i < batch->n_frames; i++) {
		uint64_t end;

		memmove(w->packed + len, w->packed + i * w->slot_bytes, batch->packed_bytes[i]);
		len += batch->packed_bytes[i];
		end = w->packed_bytes + len;
		if (ng_buf_append(&w->ends, &end, sizeof(end)))
			return fail_memory(err);
	}
	r = write_temporary(w, len, err);
	if (r)
		return r;
	w->packed_bytes += len;
	w->raw_bytes += w->fill;
	w->fill = 0;
	return 0;
}

static int compress_batch(struct ng_frames_writer *w, struct ng_error *err)
{
	struct batch batch = {.writer = w,
			      .n_frames = (unsigned)ng_div_up(w->fill, NG_FRAME_BYTES)};
	pthread_t threads[BATCH_FRAMES / GROUP_FRAMES];
	unsigned n_groups = (batch.n_frames + GROUP_FRAMES - 1) / GROUP_FRAMES;
	unsigned n_threads = 0;
	int r = w->trained ? 0 : train(w, err);

	if (r)
		return r;
	/* This thread is one of them; where others cannot be had, it does all of the work. */
	while (n_threads + 1 < ng_min(w->threads, n_groups) &&
	       !pthread_create(&threads[n_threads], NULL, compress_groups, &batch))
		n_threads++;
	compress_groups(&batch);
	while (n_threads)
		pthread_join(threads[--n_threads], NULL);
	if (atomic_load(&batch.result))
		return fail_memory(err);
	return store_batch(w, &batch, err);
}

int ng_frames_writer_add(struct ng_frames_writer *writer, const void *data, size_t len,
			 struct ng_error *err)
{
	const uint8_t *p = data;

	while (len) {
		size_t n = ng_min(len, BATCH_BYTES - writer->fill);

		memcpy(writer->raw + writer->fill, p, n);
		writer->fill += n;
		p += n;
		len -= n;
		if (writer->fill == BATCH_BYTES) {
			int r = compress_batch(writer, err);

			if (r)
				return r;
		}
	}
	return 0;
}

static int copy_frames(struct ng_frames_writer *w, struct ng_shard_writer *shard,
		       struct ng_error *err)
{
	uint64_t done = 0;

	while (done < w->packed_bytes) {
		size_t want = ng_min(w->packed_bytes - done, (uint64_t)COPY_BYTES);
		int r = ng_file_read_at(w->tmp_fd, w->packed, want, done, NULL);

		if (r < 0)
			return ng_fail(err, r, "%s: cannot read the temporary file back: %s",
				       w->tmp_dir, strerror(-r));
		r = ng_shard_writer_write(shard, w->packed, want, err);
		if (r)
			return r;
		done += want;
	}
	return 0;
}

static int write_directory(struct ng_frames_writer *w, struct ng_shard_writer *shard,
			   struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	struct ng_frames_header header = {
		.raw_bytes = w->raw_bytes,
		.frame_bytes = NG_FRAME_BYTES,
		.dict_bytes = (uint32_t)w->dict.len,
	};

	if (ng_buf_append(&buf, &header, sizeof(header)) ||
	    ng_buf_append(&buf, w->dict.data, w->dict.len) ||
	    ng_buf_zero(&buf, ng_align_up(buf.len, 8) - buf.len) ||
	    ng_ef_encode((const uint64_t *)(const void *)w->ends.data, w->ends.len / 8, &buf))
		return fail_memory(err);
	return ng_shard_writer_write(shard, buf.data, buf.len, err);
}

int ng_frames_writer_finish(struct ng_frames_writer *writer, struct ng_shard_writer *shard,
			    uint32_t data_section, uint32_t directory_section, struct ng_error *err)
{
	int r = writer->fill ? compress_batch(writer, err) : 0;

	if (!r)
		r = ng_shard_writer_section(shard, data_section, err);
	if (!r)
		r = copy_frames(writer, shard, err);
	if (!r)
		r = ng_shard_writer_section(shard, directory_section, err);
	return r ? r : write_directory(writer, shard, err);
}

struct ng_frames_writer *ng_frames_writer_free(struct ng_frames_writer *writer)
{
	if (!writer)
		return NULL;
	if (writer->tmp_fd >= 0)
		close(writer->tmp_fd);
	ZSTD_freeCDict(writer->cdict);
	ng_buf_free(&writer->dict);
	ng_buf_free(&writer->ends);
	free(writer->raw);
	free(writer->packed);
	free(writer->tmp_dir);
	free(writer);
	return NULL;
}
