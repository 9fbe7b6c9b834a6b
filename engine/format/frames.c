#include "format/framelayout.h"

#include <pthread.h>
#include <zstd.h>

#include "base/prefetch.h"

#define POOL_MAX     4u  /* decoders kept; more threads than that make their own */
#define FETCH_FRAMES 64u /* asked of the kernel at a time */
#define NO_FRAME     UINT64_MAX

/* What one thread decompresses with. It remembers the last frame that it was asked a part of:
 * neighbouring documents' metadata mostly lies in one frame. */
struct decoder {
	ZSTD_DCtx *ctx;
	uint64_t frame; /* whose bytes raw holds, or NO_FRAME */
	uint8_t raw[NG_FRAME_BYTES];
};

struct pool {
	pthread_mutex_t lock;
	ZSTD_DDict *ddict; /* made when first needed: it takes 140 KB */
	unsigned n_idle;
	struct decoder *idle[POOL_MAX];
};

struct ng_frames {
	const struct ng_pages *pages;
	const uint8_t *data;
	uint64_t data_bytes;
	uint64_t raw_bytes;
	const uint8_t *dict;
	size_t dict_bytes;
	struct ng_ef offsets;
	struct pool *pool; /* what changes under readers */
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
	frames->pool = calloc(1, sizeof(*frames->pool));
	if (!frames->pool)
		return -ENOMEM;
	pthread_mutex_init(&frames->pool->lock, NULL);
	*ret_frames = ng_steal_ptr(&frames);
	return 0;
}

static void decoder_free(struct decoder *d)
{
	ZSTD_freeDCtx(d->ctx);
	free(d);
}

struct ng_frames *ng_frames_free(struct ng_frames *frames)
{
	struct pool *pool = frames ? frames->pool : NULL;

	if (pool) {
		while (pool->n_idle)
			decoder_free(pool->idle[--pool->n_idle]);
		ZSTD_freeDDict(pool->ddict);
		pthread_mutex_destroy(&pool->lock);
		free(pool);
	}
	free(frames);
	return NULL;
}

uint64_t ng_frames_raw_bytes(const struct ng_frames *frames)
{
	return frames->raw_bytes;
}

/* Under the lock. zstd would take anything for a dictionary of plain content; ours are not. */
static int make_ddict(const struct ng_frames *frames)
{
	struct pool *pool = frames->pool;

	if (!frames->dict_bytes || pool->ddict)
		return 0;
	if (!ng_pages_ok(frames->pages, frames->dict, frames->dict_bytes) ||
	    !ZSTD_getDictID_fromDict(frames->dict, frames->dict_bytes))
		return -EUCLEAN;
	pool->ddict = ZSTD_createDDict(frames->dict, frames->dict_bytes);
	return pool->ddict ? 0 : -EUCLEAN;
}

/* An idle decoder, the one that holds `frame` if there is one, or a new one. */
static int decoder_take(const struct ng_frames *frames, uint64_t frame, struct decoder **ret_d)
{
	struct pool *pool = frames->pool;
	struct decoder *d = NULL;
	int r;

	pthread_mutex_lock(&pool->lock);
	r = make_ddict(frames);
	if (!r && pool->n_idle) {
		unsigned pick = pool->n_idle - 1;

		for (unsigned i = 0; i < pool->n_idle; i++)
			if (pool->idle[i]->frame == frame)
				pick = i;
		d = pool->idle[pick];
		pool->idle[pick] = pool->idle[--pool->n_idle];
	}
	pthread_mutex_unlock(&pool->lock);
	if (!r && !d) {
		d = malloc(sizeof(*d));
		if (!d)
			return -ENOMEM;
		d->frame = NO_FRAME;
		d->ctx = ZSTD_createDCtx();
		if (!d->ctx) {
			free(d);
			return -ENOMEM;
		}
	}
	if (!r)
		*ret_d = d;
	return r;
}

static void decoder_return(const struct ng_frames *frames, struct decoder *d)
{
	struct pool *pool = frames->pool;

	pthread_mutex_lock(&pool->lock);
	if (pool->n_idle < POOL_MAX) {
		pool->idle[pool->n_idle++] = d;
		d = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	if (d)
		decoder_free(d);
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

static int decompress(const struct ng_frames *frames, struct decoder *d, uint64_t frame,
		      uint8_t *buf, size_t len)
{
	uint64_t lo, hi;
	size_t n;
	int r = ng_frames_packed_range(frames, frame, frame + 1, &lo, &hi);

	if (r)
		return r;
	/* A frame has some bytes. */
	if (lo == hi || !ng_pages_ok(frames->pages, frames->data + lo, hi - lo))
		return -EUCLEAN;
	n = ZSTD_decompress_usingDDict(d->ctx, buf, len, frames->data + lo, hi - lo,
				       frames->pool->ddict);
	return ZSTD_isError(n) || n != len ? -EUCLEAN : 0;
}

/* Bytes [begin, end) of a frame. */
static int read_frame(const struct ng_frames *frames, struct decoder *d, uint64_t frame,
		      size_t begin, size_t end, uint8_t *buf)
{
	size_t raw_len =
		ng_min(frames->raw_bytes - frame * NG_FRAME_BYTES, (uint64_t)NG_FRAME_BYTES);
	int r;

	if (d->frame != frame) {
		if (begin == 0 && end == raw_len)
			return decompress(frames, d, frame, buf, raw_len);
		d->frame = NO_FRAME;
		r = decompress(frames, d, frame, d->raw, raw_len);
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
	struct decoder *d;
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
	decoder_return(frames, d);
	return r;
}
