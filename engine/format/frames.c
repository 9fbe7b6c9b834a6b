/* SPDX-License-Identifier: Apache-2.0 */
#include "format/framelayout.h"

#include <zstd.h>

#include "base/prefetch.h"
#include "format/decoders.h"

#define FETCH_FRAMES 64u /* asked of the kernel at a time */

struct ng_frames {
	const struct ng_pages *pages;
	const uint8_t *data;
	uint64_t data_bytes;
	uint64_t raw_bytes;
	const uint8_t *dict;
	size_t dict_bytes;
	struct ng_ef offsets;
	struct ng_decoders *own, *decoders; /* own: NULL where they are shared with other frames */
};

int ng_frames_open(const struct ng_pages *pages, const uint8_t *data, size_t data_bytes,
		   const uint8_t *directory, size_t directory_bytes, struct ng_frames **ret_frames)
{
	ng_cleanup(ng_frames_freep) struct ng_frames *frames = NULL;
	struct ng_frames_header header;
	size_t ef_offset;
	int r;

	if (directory_bytes < sizeof(header) || !ng_pages_ok(pages, directory, sizeof(header)))
		return -EUCLEAN;
	memcpy(&header, directory, sizeof(header));
	if (header.frame_bytes != NG_FRAME_BYTES || header.dict_bytes > NG_FRAMES_DICT_BYTES_MAX)
		return -EUCLEAN;
	ef_offset = sizeof(header) + ng_align_up(header.dict_bytes, 8);
	if (ef_offset > directory_bytes)
		return -EUCLEAN;
	frames = calloc(1, sizeof(*frames));
	if (!frames)
		return -ENOMEM;
	frames->pages = pages;
	frames->data = data;
	frames->data_bytes = data_bytes;
	frames->raw_bytes = header.raw_bytes;
	frames->dict = directory + sizeof(header);
	frames->dict_bytes = header.dict_bytes;
	r = ng_ef_open(pages, directory + ef_offset, directory_bytes - ef_offset, &frames->offsets);
	if (r)
		return r;
	if (frames->offsets.n != ng_div_up(header.raw_bytes, NG_FRAME_BYTES) + 1 ||
	    frames->offsets.last != data_bytes)
		return -EUCLEAN;
	r = ng_decoders_new(&frames->own);
	if (r)
		return r;
	frames->decoders = frames->own;
	*ret_frames = ng_steal_ptr(&frames);
	return 0;
}

void ng_frames_share(struct ng_frames *frames, struct ng_decoders *decoders)
{
	frames->own = ng_decoders_free(frames->own);
	frames->decoders = decoders;
}

struct ng_frames *ng_frames_free(struct ng_frames *frames)
{
	if (frames && frames->decoders && !frames->own)
		ng_decoders_forget(frames->decoders, frames);
	if (frames)
		ng_decoders_free(frames->own);
	free(frames);
	return NULL;
}

uint64_t ng_frames_raw_bytes(const struct ng_frames *frames)
{
	return frames->raw_bytes;
}

/* zstd would take anything for a dictionary of plain content; ours are not. */
static int decoder_take(const struct ng_frames *frames, uint64_t frame, struct ng_decoder **ret_d)
{
	if (frames->dict_bytes && (!ng_pages_ok(frames->pages, frames->dict, frames->dict_bytes) ||
				   !ZSTD_getDictID_fromDict(frames->dict, frames->dict_bytes)))
		return -EUCLEAN;
	return ng_decoders_take(frames->decoders, frames, frame, frames->dict, frames->dict_bytes,
				ret_d);
}

int ng_frames_packed_range(const struct ng_frames *frames, uint64_t first, uint64_t end,
			   uint64_t *ret_lo, uint64_t *ret_hi)
{
	bool bad = false;
	uint64_t lo = ng_ef_get(&frames->offsets, first, &bad);
	uint64_t hi = ng_ef_get(&frames->offsets, end, &bad);

	if (bad || lo > hi || hi > frames->data_bytes)
		return -EUCLEAN;
	*ret_lo = lo;
	*ret_hi = hi;
	return 0;
}

/* Have the kernel read some frames at once, since the mapping has no readahead of its own. */
static void fetch(const struct ng_frames *frames, uint64_t first, uint64_t end)
{
	uint64_t lo, hi;

	if (ng_frames_packed_range(frames, first, end, &lo, &hi) || lo == hi)
		return;
	hi = ng_min(hi, lo + FETCH_FRAMES * NG_FRAME_BYTES);
	ng_prefetch(frames->data + lo, hi - lo);
}

static int decompress(const struct ng_frames *frames, struct ng_decoder *d, uint64_t frame,
		      size_t len)
{
	uint64_t lo, hi;
	size_t n;
	int r = ng_frames_packed_range(frames, frame, frame + 1, &lo, &hi);

	if (r)
		return r;
	/* A frame has some bytes. */
	if (lo == hi || !ng_pages_ok(frames->pages, frames->data + lo, hi - lo))
		return -EUCLEAN;
	n = ZSTD_decompress_usingDict(d->ctx, d->raw, len, frames->data + lo, hi - lo,
				      ng_decoder_dict(d), d->dict_bytes);
	return ZSTD_isError(n) || n != len ? -EUCLEAN : 0;
}

/* Bytes [begin, end) of a frame. */
static int read_frame(const struct ng_frames *frames, struct ng_decoder *d, uint64_t frame,
		      size_t begin, size_t end, uint8_t *buf)
{
	size_t raw_len =
		ng_min(frames->raw_bytes - frame * NG_FRAME_BYTES, (uint64_t)NG_FRAME_BYTES);
	int r;

	if (d->frame != frame) {
		d->frame = NG_NO_FRAME;
		r = decompress(frames, d, frame, raw_len);
		if (r)
			return r;
		d->frame = frame;
	}
	memcpy(buf, d->raw + begin, end - begin);
	return 0;
}

int ng_frames_read(const struct ng_frames *frames, uint64_t offset, size_t len, uint8_t *buf)
{
	uint64_t first = offset / NG_FRAME_BYTES, end;
	struct ng_decoder *d;
	int r;

	if (offset > frames->raw_bytes || len > frames->raw_bytes - offset)
		return -EINVAL;
	if (!len)
		return 0;
	end = ng_div_up(offset + len, NG_FRAME_BYTES);
	r = decoder_take(frames, first, &d);
	if (r)
		return r;
	for (uint64_t frame = first; frame < end && !r; frame++) {
		size_t from = frame == first ? offset % NG_FRAME_BYTES : 0;
		size_t to = ng_min(offset + len - frame * NG_FRAME_BYTES, (uint64_t)NG_FRAME_BYTES);

		if ((frame - first) % FETCH_FRAMES == 0 && d->frame != frame)
			fetch(frames, frame, ng_min(frame + FETCH_FRAMES, end));
		r = read_frame(frames, d, frame, from, to, buf);
		buf += to - from;
	}
	ng_decoders_return(frames->decoders, d);
	return r;
}
