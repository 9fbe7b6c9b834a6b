#include "build/interleave.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/tempfile.h"
#include "index/bwt_read.h"

#define PROGRESS_ROWS (8u << 20) /* what is in a file gives its memory back after so many */

/* A BWT being read in the order of its rows. */
struct reader {
	const struct ng_segment *segment;
	struct ng_bwt_rows *rows; /* of block number block - 1 */
	uint64_t block;
	uint32_t at;
	uint64_t sample;
	uint64_t samples_before; /* of the documents before this segment's */
};

/* Both BWTs on their way into one. */
struct merge {
	struct reader host, guest;
	struct ng_merged *out;
	uint64_t *marks, *separators; /* out's, to be written */
	uint8_t *bwt;
	uint64_t row, reported;
	const struct ng_interleave_options *options;
};

static int reader_new(struct reader *reader, const struct ng_segment *segment,
		      uint64_t samples_before)
{
	*reader = (struct reader){.segment = segment,
				  .rows = malloc(sizeof(*reader->rows)),
				  .samples_before = samples_before};
	if (!reader->rows)
		return -ENOMEM;
	reader->rows->n = 0;
	return 0;
}

static int block_next(struct reader *reader)
{
	reader->at = 0;
	if (reader->block >= ng_bwt_blocks(reader->segment->bwt))
		return -EUCLEAN;
	return ng_bwt_read_block(reader->segment->bwt, reader->block++, reader->rows);
}

static bool has_nul(const struct ng_segment *segment)
{
	uint64_t lo, hi;

	ng_bwt_symbol_rows(segment->bwt, 0, &lo, &hi);
	return lo < hi;
}

/* What a reader's row i has besides its symbol. */
static int sample_take(struct merge *m, struct reader *reader, uint64_t row)
{
	struct ng_merged *out = m->out;
	const struct ng_packed *samples = &reader->segment->samples;

	if (reader->sample >= samples->n)
		return -EUCLEAN;
	m->marks[row >> 6] |= 1ull << (row & 63);
	out->samples[out->n_samples++] =
		(uint32_t)(reader->samples_before + ng_packed_get(samples, reader->sample++));
	return 0;
}

/* The next n rows of a reader, all in the block that it is in. */
static int rows_take(struct merge *m, struct reader *reader, uint32_t n)
{
	const struct ng_bwt_rows *rows = reader->rows;
	uint64_t to = m->row - reader->at;
	uint32_t end = reader->at + n;

	for (uint32_t i = reader->at; i < end; i++) {
		m->bwt[to + i] = rows->symbol[i];
		if (__builtin_expect(ng_bit(rows->marks, i), 0) &&
		    sample_take(m, reader, to + i) < 0)
			return -EUCLEAN;
		if (m->separators && !rows->symbol[i] && ng_bit(rows->separators, i))
			m->separators[(to + i) >> 6] |= 1ull << ((to + i) & 63);
	}
	reader->at = end;
	m->row += n;
	return 0;
}

static int rows_move(struct merge *m, struct reader *reader, uint64_t n)
{
	while (n) {
		uint32_t here = (uint32_t)ng_min(n, (uint64_t)(reader->rows->n - reader->at));
		int r = here ? rows_take(m, reader, here) : block_next(reader);

		if (r < 0)
			return r;
		n -= here;
	}
	return 0;
}

/* Now and then. */
static int pause_merge(struct merge *m)
{
	if (m->row - m->reported < PROGRESS_ROWS)
		return 0;
	m->reported = m->row;
	ng_merged_release(m->out);
	if (m->options->progress)
		m->options->progress(m->options->userdata, m->row, m->out->text.rows);
	return ng_cancelled(m->options->cancel) ? -EINTR : 0;
}

/* The rows of a bucket: counts[i] of the guest, then one of the host, if it isn't at its end. */
static int bucket_merge(struct merge *m, const uint32_t *counts, uint64_t first, uint64_t n)
{
	uint64_t host_rows = m->host.segment->params.rows, alone = 0;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < n; i++) {
		if (counts[i]) {
			r = rows_move(m, &m->host, alone);
			if (r == 0)
				r = rows_move(m, &m->guest, counts[i]);
			if (r == 0)
				r = pause_merge(m);
			alone = 0;
		}
		alone += first + i < host_rows;
	}
	return r < 0 ? r : rows_move(m, &m->host, alone);
}

static int buckets_merge(struct merge *m, struct ng_gaps *gaps, struct ng_error *err)
{
	uint64_t total = m->out->text.rows, first, n;
	const uint32_t *counts;

	for (uint64_t i = 0; i < ng_gaps_buckets(gaps); i++) {
		int r = ng_gaps_bucket(gaps, i, &first, &n, &counts, err);

		if (r < 0)
			return r;
		r = bucket_merge(m, counts, first, n);
		if (r == -EINTR)
			return ng_fail(err, r, "interrupted");
		if (r < 0)
			return ng_fail(err, r, "a segment that is merged is damaged");
	}
	if (m->row != total ||
	    m->out->n_samples != m->host.segment->samples.n + m->guest.segment->samples.n)
		return ng_fail(err, -EUCLEAN, "segments don't merge: one of them is damaged");
	return 0;
}

/* ---- the room for it ---- */

static int file_map(struct ng_merged *merged, const char *tmp_dir, struct ng_error *err)
{
	ng_cleanup(ng_closep) int fd = ng_tempfile_open(tmp_dir);
	int r;

	if (fd < 0)
		return ng_fail(err, fd, "%s: cannot make a temporary file: %s", tmp_dir,
			       strerror(-fd));
	/* All of it now: a mapping that finds no room later dies. */
	r = -posix_fallocate(fd, 0, (off_t)merged->map_bytes);
	if (r < 0)
		return ng_fail(err, r, "%s: no room for %zu bytes that merging takes: %s", tmp_dir,
			       merged->map_bytes, strerror(-r));
	merged->map = mmap(NULL, merged->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	merged->in_file = true;
	return 0;
}

static int merged_new(uint64_t rows, uint64_t samples, bool with_separators,
		      const struct ng_interleave_options *options, struct merge *m,
		      struct ng_error *err)
{
	struct ng_merged *merged = m->out;
	size_t bits = (rows / 64 + 2) * sizeof(uint64_t), bwt = ng_align_up(rows, 4096);
	int r = 0;

	merged->map_bytes = bwt + (with_separators ? 2 : 1) * bits + samples * sizeof(uint32_t);
	if (merged->map_bytes > options->memory_bytes)
		r = file_map(merged, options->tmp_dir, err);
	else
		merged->map = mmap(NULL, merged->map_bytes, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r < 0)
		return r;
	if (merged->map == MAP_FAILED) {
		merged->map = NULL;
		return ng_fail(err, -ENOMEM, "no memory for merging %ju rows", (uintmax_t)rows);
	}
	m->bwt = merged->map;
	m->marks = (uint64_t *)(void *)(m->bwt + bwt);
	m->separators = with_separators ? m->marks + bits / sizeof(uint64_t) : NULL;
	merged->samples =
		(uint32_t *)(m->marks + (with_separators ? 2 : 1) * bits / sizeof(uint64_t));
	merged->text = (struct ng_bwt_text){m->bwt, m->separators, m->marks, rows};
	return 0;
}

void ng_merged_clear(struct ng_merged *merged)
{
	if (merged->map)
		munmap(merged->map, merged->map_bytes);
	*merged = (struct ng_merged){0};
}

void ng_merged_release(const struct ng_merged *merged)
{
	if (merged->in_file)
		madvise(merged->map, merged->map_bytes, MADV_DONTNEED);
}

static void merge_clear(struct merge *m)
{
	free(m->host.rows);
	free(m->guest.rows);
}

int ng_interleave(const struct ng_segment *host, const struct ng_segment *guest,
		  struct ng_gaps *gaps, const struct ng_interleave_options *options,
		  struct ng_merged *ret_merged, struct ng_error *err)
{
	ng_cleanup(ng_merged_clear) struct ng_merged out = {0};
	ng_cleanup(merge_clear) struct merge m = {.out = &out, .options = options};
	uint64_t rows = host->params.rows + guest->params.rows;
	uint64_t samples = host->samples.n + guest->samples.n;
	int r;

	if (samples > UINT32_MAX)
		return ng_fail(err, -EFBIG, "%ju samples are more than a shard can have",
			       (uintmax_t)samples);
	r = merged_new(rows, samples, has_nul(host) || has_nul(guest), options, &m, err);
	if (r < 0)
		return r;
	if (reader_new(&m.host, host, options->guest_first ? guest->samples.n : 0) < 0 ||
	    reader_new(&m.guest, guest, options->guest_first ? 0 : host->samples.n) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = buckets_merge(&m, gaps, err);
	if (r < 0)
		return r;
	*ret_merged = out;
	out = (struct ng_merged){0};
	return 0;
}
