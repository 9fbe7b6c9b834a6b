/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/interleave.h"

#include <pthread.h>

#include "base/parallel.h"
#include "bwt/bwt_read.h"

/* Rows of the host that a thread takes at a time. */
#define PART_ROWS (4u << 20)

/* What is in a file gives its memory back after so many rows. */
#define RELEASE_ROWS (8u << 20)

/* A segment whose rows are taken. */
struct source {
	const struct ng_segment *segment;
	uint64_t samples_before; /* of the documents before this segment's */
};

/* A part of a bucket's rows: counts[begin, end), and where what they say begins. */
struct part {
	uint64_t begin, end;
	uint64_t guests;               /* rows of the guest before it */
	uint64_t samples, samples_end; /* of both before it, and before the next one */
};

/* Both BWTs on their way into one. */
struct merge {
	struct source host, guest;
	struct ng_merged *out;
	_Atomic uint64_t *marks, *separators; /* out's, to be written: parts share words */
	uint8_t *bwt;
	const struct ng_interleave_options *options;
	/* The bucket that is merged, in parts. */
	const uint32_t *counts;
	uint64_t first;
	struct part *parts;
	uint64_t guests, samples; /* before the bucket */
	pthread_t caller;
	pthread_mutex_t lock; /* of the two below */
	uint64_t done, released;
};

/* A BWT being read in the order of its rows. */
struct reader {
	const struct source *source;
	struct ng_bwt_rows *rows; /* of cell number cell - 1 */
	uint64_t cell;
	uint32_t at;
	uint64_t sample;
};

/* What one thread has of a part. */
struct worker {
	struct merge *merge;
	struct reader host, guest;
	uint64_t row, sample; /* of the result, that come next */
};

static int cell_next(struct worker *w, struct reader *reader)
{
	const struct ng_bwt *bwt = reader->source->segment->bwt;

	reader->at = 0;
	if (ng_cancelled(w->merge->options->cancel))
		return -EINTR;
	return reader->cell >= ng_bwt_cells(bwt)
		       ? -EUCLEAN
		       : ng_bwt_read_cell(bwt, reader->cell++, reader->rows);
}

/* Begin to read at a row, which may be the one behind the last. */
static int reader_begin(struct worker *w, struct reader *reader, const struct source *source,
			uint64_t row)
{
	const struct ng_segment *segment = source->segment;
	int r;

	*reader = (struct reader){.source = source, .rows = malloc(sizeof(*reader->rows))};
	if (!reader->rows)
		return -ENOMEM;
	reader->rows->n = 0;
	reader->cell = ng_bwt_cells(segment->bwt);
	reader->sample = segment->samples.n;
	if (row >= segment->params.rows)
		return 0;
	reader->cell = row / NG_CELL;
	r = cell_next(w, reader);
	if (r < 0)
		return r;
	if (row < reader->rows->start || row - reader->rows->start >= reader->rows->n)
		return -EUCLEAN;
	reader->at = (uint32_t)(row - reader->rows->start);
	reader->sample = reader->rows->marks_before;
	for (uint32_t i = 0; i < reader->at; i += 64) {
		uint64_t mask = reader->at - i < 64 ? (1ull << (reader->at - i)) - 1 : UINT64_MAX;

		reader->sample +=
			(unsigned)__builtin_popcountll(reader->rows->marks[i / 64] & mask);
	}
	return 0;
}

static bool has_nul(const struct ng_segment *segment)
{
	uint64_t lo, hi;

	ng_bwt_symbol_rows(segment->bwt, 0, &lo, &hi);
	return lo < hi;
}

static void set_bit(_Atomic uint64_t *bits, uint64_t i)
{
	atomic_fetch_or_explicit(&bits[i >> 6], 1ull << (i & 63), memory_order_relaxed);
}

/* What a reader's row has besides its symbol. */
static int sample_take(struct worker *w, struct reader *reader, uint64_t row)
{
	const struct ng_packed *samples = &reader->source->segment->samples;
	struct ng_merged *out = w->merge->out;
	bool bad = false;

	if (reader->sample >= samples->n || w->sample >= out->n_samples)
		return -EUCLEAN;
	set_bit(w->merge->marks, row);
	out->samples[w->sample++] = (uint32_t)(reader->source->samples_before +
					       ng_packed_get(samples, reader->sample++, &bad));
	return bad ? -EUCLEAN : 0;
}

/* The next n rows of a reader, all in the cell that it is in. */
static int rows_take(struct worker *w, struct reader *reader, uint32_t n)
{
	const struct ng_bwt_rows *rows = reader->rows;
	struct merge *m = w->merge;
	uint64_t to = w->row - reader->at;
	uint32_t end = reader->at + n;

	for (uint32_t i = reader->at; i < end; i++) {
		m->bwt[to + i] = rows->symbol[i];
		if (__builtin_expect(ng_bit(rows->marks, i), 0) &&
		    sample_take(w, reader, to + i) < 0)
			return -EUCLEAN;
		if (m->separators && !rows->symbol[i] && ng_bit(rows->separators, i))
			set_bit(m->separators, to + i);
	}
	reader->at = end;
	w->row += n;
	return 0;
}

static int rows_move(struct worker *w, struct reader *reader, uint64_t n)
{
	if (n > w->merge->out->text.rows - w->row)
		return -EUCLEAN;
	while (n) {
		uint32_t here = (uint32_t)ng_min(n, (uint64_t)(reader->rows->n - reader->at));
		int r = here ? rows_take(w, reader, here) : cell_next(w, reader);

		if (r < 0)
			return r;
		n -= here;
	}
	return 0;
}

/* counts[i] rows of the guest, then one of the host, if it isn't at its end. */
static int part_move(struct worker *w, const struct part *part)
{
	const struct merge *m = w->merge;
	uint64_t host_rows = m->host.segment->params.rows, alone = 0;
	int r = 0;

	for (uint64_t i = part->begin; r == 0 && i < part->end; i++) {
		if (m->counts[i]) {
			r = rows_move(w, &w->host, alone);
			if (r == 0)
				r = rows_move(w, &w->guest, m->counts[i]);
			alone = 0;
		}
		alone += m->first + i < host_rows;
	}
	return r < 0 ? r : rows_move(w, &w->host, alone);
}

/* A part is done. Only the caller's thread may be asked to report. */
static void part_done(struct merge *m, uint64_t rows)
{
	pthread_mutex_lock(&m->lock);
	m->done += rows;
	if (m->done - m->released >= RELEASE_ROWS) {
		m->released = m->done;
		ng_merged_release(m->out);
	}
	if (m->options->progress && pthread_equal(pthread_self(), m->caller))
		m->options->progress(m->options->userdata, m->done, m->out->text.rows);
	pthread_mutex_unlock(&m->lock);
}

static void worker_clear(struct worker *w)
{
	free(w->host.rows);
	free(w->guest.rows);
}

static int part_merge(void *userdata, uint64_t i)
{
	struct merge *m = userdata;
	struct part *part = &m->parts[i];
	uint64_t hosts = ng_min(m->first + part->begin, m->host.segment->params.rows), begin;
	ng_cleanup(worker_clear) struct worker w = {.merge = m, .row = hosts + part->guests};
	int r = 0;

	begin = w.row;
	if (part->guests > m->guest.segment->params.rows)
		return -EUCLEAN;
	r = reader_begin(&w, &w.host, &m->host, hosts);
	if (r == 0)
		r = reader_begin(&w, &w.guest, &m->guest, part->guests);
	if (r < 0)
		return r;
	part->samples = w.sample = w.host.sample + w.guest.sample;
	r = part_move(&w, part);
	if (r < 0)
		return r;
	part->samples_end = w.sample;
	part_done(m, w.row - begin);
	return 0;
}

/* Rows of the guest in a part. */
static int part_count(void *userdata, uint64_t i)
{
	struct merge *m = userdata;
	struct part *part = &m->parts[i];
	uint64_t guests = 0;

	for (uint64_t k = part->begin; k < part->end; k++)
		guests += m->counts[k];
	part->guests = guests;
	return 0;
}

/* The rows of a bucket, n of whose counts are those from row m->first of the host on. */
static int bucket_merge(struct merge *m, uint64_t n)
{
	uint64_t part_rows = m->options->part_rows ? m->options->part_rows : PART_ROWS;
	uint64_t n_parts = ng_div_up(n, part_rows);
	ng_cleanup(ng_freep) struct part *parts = calloc(n_parts, sizeof(*parts));
	int r;

	if (!parts)
		return -ENOMEM;
	m->parts = parts;
	for (uint64_t i = 0; i < n_parts; i++)
		parts[i] = (struct part){.begin = i * part_rows,
					 .end = ng_min((i + 1) * part_rows, n)};
	ng_parallel(n_parts, m->options->threads, part_count, m);
	for (uint64_t i = 0; i < n_parts; i++) {
		uint64_t here = parts[i].guests;

		parts[i].guests = m->guests;
		m->guests += here;
	}
	r = ng_parallel(n_parts, m->options->threads, part_merge, m);
	/* What the parts found for themselves must fit. */
	for (uint64_t i = 0; r == 0 && i < n_parts; i++) {
		if (parts[i].samples != m->samples)
			r = -EUCLEAN;
		m->samples = parts[i].samples_end;
	}
	return r;
}

static int buckets_merge(struct merge *m, struct ng_gaps *gaps, struct ng_error *err)
{
	uint64_t n;

	for (uint64_t i = 0; i < ng_gaps_buckets(gaps); i++) {
		int r = ng_gaps_bucket(gaps, i, &m->first, &n, &m->counts, err);

		if (r < 0)
			return r;
		r = bucket_merge(m, n);
		if (r == -EINTR)
			return ng_fail(err, r, "interrupted");
		if (r == -ENOMEM)
			return ng_fail(err, r, "out of memory for merging");
		if (r < 0)
			return ng_fail(err, r, "a segment that is merged is damaged");
	}
	if (m->guests != m->guest.segment->params.rows || m->samples != m->out->n_samples)
		return ng_fail(err, -EUCLEAN, "segments don't merge: one of them is damaged");
	return 0;
}

int ng_interleave(const struct ng_segment *host, const struct ng_segment *guest,
		  struct ng_gaps *gaps, const struct ng_interleave_options *options,
		  struct ng_merged *ret_merged, struct ng_error *err)
{
	ng_cleanup(ng_merged_clear) struct ng_merged out = {0};
	uint64_t rows = host->params.rows + guest->params.rows;
	uint64_t samples = host->samples.n + guest->samples.n;
	struct merge m = {.host = {host, options->guest_first ? guest->samples.n : 0},
			  .guest = {guest, options->guest_first ? 0 : host->samples.n},
			  .out = &out,
			  .options = options,
			  .caller = pthread_self()};
	int r;

	r = ng_merged_new(rows, samples, has_nul(host) || has_nul(guest), options->memory_bytes,
			  options->tmp, &out, err);
	if (r < 0)
		return r;
	m.bwt = out.bwt;
	m.marks = (_Atomic uint64_t *)out.marks;
	m.separators = (_Atomic uint64_t *)out.separators;
	pthread_mutex_init(&m.lock, NULL);
	r = buckets_merge(&m, gaps, err);
	pthread_mutex_destroy(&m.lock);
	if (r < 0)
		return r;
	*ret_merged = out;
	out = (struct ng_merged){0};
	return 0;
}
