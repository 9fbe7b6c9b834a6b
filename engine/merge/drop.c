/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/drop.h"

#include "bwt/bwt_read.h"
#include "bwt/bwt_write.h"
#include "format/segment_write.h"
#include "merge/merged.h"

struct drop {
	const struct ng_segment *segment;
	const struct ng_removed *removed;
	const struct ng_drop_options *options;
	uint8_t *gone;     /* [docs]: whether each is removed */
	uint64_t *ends;    /* [docs]: positions of their separators afterwards */
	uint64_t *samples; /* [docs + 1]: number of each one's first sample afterwards */
	uint64_t rows;     /* afterwards */
	struct ng_merged out;
	/* Where the walk over the rows is. */
	uint64_t to, sample, to_sample;
	uint64_t next_removed, removed_row; /* the next removed row, and its number among them */
};

static void drop_clear(struct drop *d)
{
	free(d->gone);
	free(d->ends);
	free(d->samples);
	ng_merged_clear(&d->out);
}

/* Where documents and their samples begin afterwards. */
static int documents_place(struct drop *d)
{
	const struct ng_segment *segment = d->segment;
	uint64_t docs = segment->params.docs, at = 0, n = 0;
	bool bad = false;

	d->gone = calloc(docs, sizeof(*d->gone));
	d->ends = calloc(docs, sizeof(*d->ends));
	d->samples = calloc(docs + 1, sizeof(*d->samples));
	if (!d->gone || !d->ends || !d->samples)
		return -ENOMEM;
	for (uint64_t i = 0; i < d->removed->docs.n; i++) {
		uint64_t doc = ng_ef_get(&d->removed->docs, i, &bad);

		if (bad || doc >= docs || d->gone[doc])
			return -EUCLEAN;
		d->gone[doc] = true;
	}
	for (uint64_t doc = 0; doc < docs; doc++) {
		uint64_t begin = ng_ef_get(&segment->doc_starts, doc, &bad);
		uint64_t end = ng_ef_get(&segment->doc_starts, doc + 1, &bad);

		if (bad || end <= begin)
			return -EUCLEAN;
		at += d->gone[doc] ? 0 : end - begin - 1;
		d->ends[doc] = at++;
		n += ng_doc_samples(d->gone[doc] ? 0 : end - begin - 1, segment->params.sa_rate);
		d->samples[doc + 1] = n;
	}
	d->rows = at;
	return at == segment->params.rows - d->removed->rows.n + d->removed->docs.n ? 0 : -EUCLEAN;
}

static void set_bit(uint64_t *bits, uint64_t i)
{
	bits[i >> 6] |= 1ull << (i & 63);
}

/* The number that a sample of the shard has afterwards. */
static uint64_t sample_move(const struct drop *d, uint64_t sample, bool *bad)
{
	const struct ng_ef *starts = &d->segment->sample_starts;
	uint64_t doc = ng_ef_rank(starts, sample, bad), first;

	if (doc == 0 || doc > d->segment->params.docs)
		*bad = true;
	if (*bad)
		return 0;
	first = ng_ef_get(starts, doc - 1, bad);
	sample = d->samples[doc - 1] + (sample - first);
	if (sample >= d->samples[doc])
		*bad = true;
	return sample;
}

static int mark_put(struct drop *d, uint64_t sample)
{
	if (d->to_sample >= d->out.n_samples)
		return -EUCLEAN;
	set_bit(d->out.marks, d->to);
	d->out.samples[d->to_sample++] = (uint32_t)sample;
	return 0;
}

static bool is_removed(struct drop *d, uint64_t row, bool *bad)
{
	if (row != d->removed_row)
		return false;
	d->next_removed++;
	d->removed_row = d->next_removed < d->removed->rows.n
				 ? ng_ef_get(&d->removed->rows, d->next_removed, bad)
				 : UINT64_MAX;
	if (d->removed_row <= row)
		*bad = true;
	return true;
}

/* Row number i of a cell. */
static int row_take(struct drop *d, const struct ng_bwt_rows *rows, uint32_t i)
{
	uint64_t row = rows->start + i, sample = 0;
	bool marked = ng_bit(rows->marks, i), bad = false, separator;
	bool removed = is_removed(d, row, &bad);
	int r = 0;

	if (marked && !removed)
		sample = sample_move(d, ng_packed_get(&d->segment->samples, d->sample, &bad), &bad);
	d->sample += marked;
	/* Of a removed document its separator stays, which is all of it then. */
	if (removed && row >= d->segment->params.docs)
		return bad ? -EUCLEAN : 0;
	if (bad || d->to >= d->rows || (removed && !d->gone[row]))
		return -EUCLEAN;
	separator = removed || (!rows->symbol[i] && ng_bit(rows->separators, i));
	d->out.bwt[d->to] = removed ? 0 : rows->symbol[i];
	if (separator && d->out.separators)
		set_bit(d->out.separators, d->to);
	if (removed)
		r = mark_put(d, d->samples[row]);
	else if (marked)
		r = mark_put(d, sample);
	d->to++;
	return r;
}

static int rows_take(struct drop *d)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = malloc(sizeof(*rows));
	const struct ng_bwt *bwt = d->segment->bwt;
	bool bad = false;
	int r = rows ? 0 : -ENOMEM;

	d->removed_row = ng_ef_get(&d->removed->rows, 0, &bad);
	for (uint64_t cell = 0; r == 0 && !bad && cell < ng_bwt_cells(bwt); cell++) {
		if (ng_cancelled(d->options->cancel))
			return -EINTR;
		r = ng_bwt_read_cell(bwt, cell, rows);
		for (uint32_t i = 0; r == 0 && i < rows->n; i++)
			r = row_take(d, rows, i);
	}
	if (r == 0 && (bad || d->to != d->rows || d->to_sample != d->out.n_samples))
		r = -EUCLEAN;
	return r;
}

static int segment_write(const struct drop *d, struct ng_file_at file, struct ng_error *err)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *writer = NULL;
	struct ng_shard_params params = d->segment->params;
	uint64_t bytes, checksum;
	int r = ng_shard_writer_new_at(file, &writer, err);

	params.rows = d->rows;
	params.text_bytes = d->rows - params.docs;
	if (r == 0)
		r = ng_shard_writer_section(writer, NG_SECTION_PARAMS, err);
	if (r == 0)
		r = ng_shard_writer_write(writer, &params, sizeof(params), err);
	if (r == 0)
		r = ng_doc_starts_write(d->ends, params.docs, params.sa_rate, writer, err);
	if (r == 0)
		r = ng_bwt_write(&d->out.text, ng_mark_shift(params.sa_rate), d->options->threads,
				 writer, d->options->cancel, NULL, NULL, err);
	if (r == 0)
		r = ng_samples_write(writer, d->out.samples, d->out.n_samples, NULL, NULL, err);
	return r < 0 ? r : ng_shard_writer_finish(writer, &bytes, &checksum, err);
}

int ng_drop(const struct ng_segment *segment, const struct ng_removed *removed,
	    const char *shard_path, const struct ng_drop_options *options, struct ng_file_at file,
	    uint64_t *ret_rows, struct ng_error *err)
{
	ng_cleanup(drop_clear) struct drop d = {
		.segment = segment, .removed = removed, .options = options};
	uint64_t lo, hi;
	int r = documents_place(&d);

	ng_bwt_symbol_rows(segment->bwt, 0, &lo, &hi);
	if (r == 0) {
		r = ng_merged_new(d.rows, d.samples[segment->params.docs], lo < hi,
				  options->memory_bytes, options->tmp, &d.out, err);
		if (r < 0)
			return r;
		r = rows_take(&d);
	}
	if (r == -EUCLEAN)
		return ng_segment_damaged(shard_path, "what was removed from it doesn't fit", err);
	if (r < 0)
		return ng_fail(err, r, r == -EINTR ? "interrupted" : "out of memory");
	r = segment_write(&d, file, err);
	if (r == 0)
		*ret_rows = d.rows;
	return r;
}
