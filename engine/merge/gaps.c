/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/gaps.h"

#include <assert.h>
#include <pthread.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/tempfile.h"

#define HUGE_PAGE  (2u << 20)
#define PREFETCH   16u          /* ranks ahead */
#define BUFFER_MAX (256u << 10) /* of a bucket and a thread, bytes */

/* A buffer, and as it is in the file: chunks of one size, those of a bucket chained from the last
 * to the first. */
struct chunk {
	uint64_t before;  /* number of the bucket's chunk before, + 1; 0: none */
	uint32_t n;       /* ranks in it */
	uint32_t ranks[]; /* less the bucket's first */
};

struct ng_gaps {
	uint64_t rows;
	uint64_t n_buckets;
	unsigned shift; /* log2 of a bucket's rows; with one bucket it may hold more than all */
	unsigned threads;
	struct ng_tempdir tmp;    /* the path is our own */
	_Atomic uint32_t *counts; /* of a bucket; with many buckets made by ng_gaps_flush */
	size_t counts_bytes;
	/* With many buckets: */
	struct chunk **buffers; /* [threads * n_buckets]; each made when it is needed */
	uint32_t buffer_ranks;  /* in a chunk */
	size_t buffer_bytes;
	pthread_mutex_t lock; /* of the three below */
	int fd;               /* -1: not made yet */
	uint64_t n_chunks;
	uint64_t *last; /* [n_buckets]: the bucket's last chunk, + 1 */
};

/* ---- making ---- */

/* Zeroes, on huge pages where there are any: counting jumps all over them. */
static int counts_new(struct ng_gaps *gaps, uint64_t n)
{
	void *map;

	gaps->counts_bytes = ng_align_up(n * sizeof(*gaps->counts), HUGE_PAGE);
	map = mmap(NULL, gaps->counts_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	if (map == MAP_FAILED)
		return -ENOMEM;
	madvise(map, gaps->counts_bytes, MADV_HUGEPAGE);
	gaps->counts = map;
	return 0;
}

/* Buffers as large as the memory allows, a power of two. */
static int buffers_size(struct ng_gaps *gaps, uint64_t memory_bytes, struct ng_error *err)
{
	uint64_t n = gaps->n_buckets * gaps->threads, bytes = BUFFER_MAX;

	while (bytes > NG_GAPS_BUFFER_MIN && bytes > memory_bytes / n)
		bytes /= 2;
	if (bytes > memory_bytes / n)
		return ng_fail(err, -ENOMEM,
			       "%ju bytes of memory are too few for merging %ju rows on %u threads",
			       (uintmax_t)memory_bytes, (uintmax_t)gaps->rows, gaps->threads);
	gaps->buffer_bytes = bytes;
	gaps->buffer_ranks = (uint32_t)((bytes - offsetof(struct chunk, ranks)) / sizeof(uint32_t));
	return 0;
}

static int buffers_new(struct ng_gaps *gaps)
{
	gaps->buffers = calloc(gaps->n_buckets * gaps->threads, sizeof(*gaps->buffers));
	gaps->last = calloc(gaps->n_buckets, sizeof(*gaps->last));
	return gaps->buffers && gaps->last ? 0 : -ENOMEM;
}

int ng_gaps_new(uint64_t rows, uint64_t memory_bytes, struct ng_tempdir tmp, unsigned threads,
		struct ng_gaps **ret_gaps, struct ng_error *err)
{
	ng_cleanup(ng_gaps_freep) struct ng_gaps *gaps = calloc(1, sizeof(*gaps));
	uint64_t counts = memory_bytes / sizeof(uint32_t);
	int r = 0;

	assert(threads >= 1 && rows >> 40 == 0);
	if (!gaps)
		return ng_fail(err, -ENOMEM, "out of memory");
	gaps->fd = -1;
	pthread_mutex_init(&gaps->lock, NULL);
	gaps->rows = rows;
	gaps->threads = threads;
	gaps->tmp = (struct ng_tempdir){strdup(tmp.path), tmp.fd};
	/* A rank within its bucket has 32 bits. */
	gaps->shift = counts > rows ? ng_bits(rows) : counts ? ng_min(ng_bits(counts) - 1, 32u) : 0;
	gaps->n_buckets = (rows >> gaps->shift) + 1;
	if (gaps->n_buckets > 1)
		r = buffers_size(gaps, memory_bytes, err);
	if (r < 0)
		return r;
	r = gaps->n_buckets > 1 ? buffers_new(gaps) : counts_new(gaps, rows + 1);
	if (r < 0 || !gaps->tmp.path)
		return ng_fail(err, -ENOMEM, "out of memory for merging %ju rows", (uintmax_t)rows);
	*ret_gaps = ng_steal_ptr(&gaps);
	return 0;
}

static void buffers_free(struct ng_gaps *gaps)
{
	for (uint64_t i = 0; gaps->buffers && i < gaps->n_buckets * gaps->threads; i++)
		free(gaps->buffers[i]);
	free(gaps->buffers);
	gaps->buffers = NULL;
}

struct ng_gaps *ng_gaps_free(struct ng_gaps *gaps)
{
	if (!gaps)
		return NULL;
	buffers_free(gaps);
	if (gaps->counts)
		munmap(gaps->counts, gaps->counts_bytes);
	ng_closep(&gaps->fd);
	pthread_mutex_destroy(&gaps->lock);
	free(gaps->last);
	free((char *)gaps->tmp.path);
	free(gaps);
	return NULL;
}

/* ---- the file ---- */

static int file_fail(const struct ng_gaps *gaps, int code, struct ng_error *err)
{
	return ng_fail(err, code, "%s: a temporary file of the merge: %s", gaps->tmp.path,
		       strerror(-code));
}

/* A place in the file for a bucket's next chunk. */
static int chunk_place(struct ng_gaps *gaps, uint64_t bucket, uint64_t *ret_number,
		       uint64_t *ret_before)
{
	int r = 0;

	pthread_mutex_lock(&gaps->lock);
	if (gaps->fd < 0) {
		r = ng_tempfile_open(gaps->tmp);
		if (r >= 0)
			gaps->fd = r;
	}
	if (r >= 0) {
		*ret_before = gaps->last[bucket];
		*ret_number = gaps->n_chunks++;
		gaps->last[bucket] = gaps->n_chunks;
	}
	pthread_mutex_unlock(&gaps->lock);
	return ng_min(r, 0);
}

static int chunk_write(struct ng_gaps *gaps, uint64_t bucket, struct chunk *chunk,
		       struct ng_error *err)
{
	size_t bytes = offsetof(struct chunk, ranks) + chunk->n * sizeof(*chunk->ranks);
	uint64_t number = 0;
	int r = chunk_place(gaps, bucket, &number, &chunk->before);

	if (r == 0)
		r = ng_file_write_at(gaps->fd, chunk, bytes, number * gaps->buffer_bytes, NULL);
	chunk->n = 0;
	return r < 0 ? file_fail(gaps, r, err) : 0;
}

/* Read chunk `number`, in the order of the last first. */
static int chunk_read(const struct ng_gaps *gaps, uint64_t number, struct chunk *chunk)
{
	size_t done = 0;
	int r = ng_file_read_at(gaps->fd, chunk, gaps->buffer_bytes, number * gaps->buffer_bytes,
				&done);

	if (r < 0)
		return r;
	/* The file's last chunk may be shorter. */
	if (done < offsetof(struct chunk, ranks) || chunk->n > gaps->buffer_ranks ||
	    done < offsetof(struct chunk, ranks) + chunk->n * sizeof(*chunk->ranks))
		return -EIO;
	return 0;
}

/* ---- counting ---- */

static int overflow(struct ng_error *err)
{
	return ng_fail(err, -EOVERFLOW, "merging: more than %u equal ranks", UINT32_MAX);
}

static int counts_add(struct ng_gaps *gaps, const uint64_t *ranks, size_t n, struct ng_error *err)
{
	bool full = false;

	for (size_t i = 0; i < n; i++) {
		if (i + PREFETCH < n)
			__builtin_prefetch((void *)&gaps->counts[ranks[i + PREFETCH]], 1);
		assert(ranks[i] <= gaps->rows);
		full |= atomic_fetch_add_explicit(&gaps->counts[ranks[i]], 1,
						  memory_order_relaxed) == UINT32_MAX;
	}
	return full ? overflow(err) : 0;
}

static int buffers_add(struct ng_gaps *gaps, struct chunk **buffers, const uint64_t *ranks,
		       size_t n, struct ng_error *err)
{
	uint64_t mask = (1ull << gaps->shift) - 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t bucket = ranks[i] >> gaps->shift;
		struct chunk *buffer;

		assert(ranks[i] <= gaps->rows);
		buffer = buffers[bucket];
		if (!buffer) {
			buffer = buffers[bucket] = malloc(gaps->buffer_bytes);
			if (!buffer)
				return ng_fail(err, -ENOMEM, "out of memory for merging");
			buffer->n = 0;
		}
		buffer->ranks[buffer->n++] = (uint32_t)(ranks[i] & mask);
		if (buffer->n == gaps->buffer_ranks)
			r = chunk_write(gaps, bucket, buffer, err);
	}
	return r;
}

int ng_gaps_put(struct ng_gaps *gaps, unsigned thread, const uint64_t *ranks, size_t n,
		struct ng_error *err)
{
	assert(thread < gaps->threads);
	if (gaps->n_buckets == 1)
		return counts_add(gaps, ranks, n, err);
	return buffers_add(gaps, gaps->buffers + thread * gaps->n_buckets, ranks, n, err);
}

int ng_gaps_flush(struct ng_gaps *gaps, struct ng_error *err)
{
	int r = 0;

	if (gaps->n_buckets == 1)
		return 0;
	for (uint64_t i = 0; r == 0 && i < gaps->n_buckets * gaps->threads; i++)
		if (gaps->buffers[i] && gaps->buffers[i]->n)
			r = chunk_write(gaps, i % gaps->n_buckets, gaps->buffers[i], err);
	if (r < 0)
		return r;
	buffers_free(gaps);
	return counts_new(gaps, 1ull << gaps->shift) < 0
		       ? ng_fail(err, -ENOMEM, "out of memory for merging")
		       : 0;
}

uint64_t ng_gaps_buckets(const struct ng_gaps *gaps)
{
	return gaps->n_buckets;
}

/* The counts from a bucket's chunks. */
static int counts_read(struct ng_gaps *gaps, uint64_t bucket, uint64_t n_counts,
		       struct ng_error *err)
{
	ng_cleanup(ng_freep) struct chunk *chunk = malloc(gaps->buffer_bytes);
	uint32_t *counts = (uint32_t *)(void *)gaps->counts;
	bool full = false;

	if (!chunk)
		return ng_fail(err, -ENOMEM, "out of memory for merging");
	memset(counts, 0, n_counts * sizeof(*counts));
	for (uint64_t next = gaps->last[bucket], left = gaps->n_chunks; next > 0;
	     next = chunk->before) {
		int r = left-- == 0 || next > gaps->n_chunks ? -EIO
							     : chunk_read(gaps, next - 1, chunk);

		for (uint32_t i = 0; r == 0 && i < chunk->n; i++) {
			if (chunk->ranks[i] >= n_counts)
				r = -EIO;
			else
				full |= ++counts[chunk->ranks[i]] == 0;
		}
		if (r < 0)
			return file_fail(gaps, r, err);
	}
	return full ? overflow(err) : 0;
}

int ng_gaps_bucket(struct ng_gaps *gaps, uint64_t i, uint64_t *ret_first, uint64_t *ret_n,
		   const uint32_t **ret_counts, struct ng_error *err)
{
	uint64_t first = i << gaps->shift, n;
	int r = 0;

	assert(i < gaps->n_buckets);
	n = ng_min(gaps->rows + 1 - first, 1ull << gaps->shift);
	if (gaps->n_buckets > 1)
		r = counts_read(gaps, i, n, err);
	if (r < 0)
		return r;
	*ret_first = first;
	*ret_n = n;
	*ret_counts = (const uint32_t *)(const void *)gaps->counts;
	return 0;
}
