/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/bwt_write.h"

#include "base/parallel.h"
#include "bwt/bwt_internal.h"
#include "bwt/cell_encode.h"

#define SUPERBLOCK (1ull << NG_SUPERBLOCK_LOG)
#define BATCH      8u           /* superblocks that a thread has encoded before they're written */
#define HINT_WORDS (1ull << 20) /* words of marks from call to call of progress */

struct job {
	const struct ng_bwt_text *text;
	unsigned mark_shift;
	uint64_t n_superblocks, n_cells;
	uint64_t first;                    /* superblock of the batch that is being encoded */
	struct ng_superblock_facts *facts; /* [n_superblocks] */
	uint16_t *cell_bytes;              /* [n_cells] */
	struct ng_buf *cells;              /* of the batch's superblocks */
	uint64_t n_batch;
	const ng_cancel *cancel;
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	void *userdata;
};

static void report(const struct job *job, uint64_t done)
{
	if (job->progress)
		job->progress(job->userdata, done, job->text->rows);
}

static void job_clear(struct job *job)
{
	for (uint64_t i = 0; job->cells && i < job->n_batch; i++)
		ng_buf_free(&job->cells[i]);
	free(job->cells);
	free(job->cell_bytes);
	free(job->facts);
}

static int superblock_encode(void *userdata, uint64_t i)
{
	struct job *job = userdata;
	ng_cleanup(ng_cell_encoder_freep) struct ng_cell_encoder *encoder = NULL;
	uint64_t r = job->first + i, cell = r * NG_SUPERBLOCK_CELLS;
	uint64_t end = ng_min(cell + NG_SUPERBLOCK_CELLS, job->n_cells);
	struct ng_buf *buf = &job->cells[i];
	uint8_t bytes[NG_CELL_BYTES_MAX + 8];
	int err;

	if (ng_cancelled(job->cancel))
		return -EINTR;
	err = ng_cell_encoder_new(&encoder);
	buf->len = 0;
	for (unsigned in = 0; err == 0 && cell < end; cell++, in++) {
		uint64_t begin = cell * NG_CELL;
		size_t n =
			ng_cell_encode(encoder, job->text, begin,
				       (unsigned)ng_min(job->text->rows - begin, (uint64_t)NG_CELL),
				       job->mark_shift, &job->facts[r],
				       (uint16_t)(1u << in / NG_GROUP_CELLS), bytes);

		job->cell_bytes[cell] = (uint16_t)n;
		err = ng_buf_append(buf, bytes, n);
	}
	return err;
}

static int cells_write(struct job *job, unsigned threads, struct ng_shard_writer *shard,
		       struct ng_error *err)
{
	static const uint8_t slack[NG_CELL_REACH];
	int r = ng_shard_writer_section(shard, NG_SECTION_BWT_CELLS, err);

	/* In batches, so that only some superblocks' cells are in memory. */
	for (job->first = 0; r == 0 && job->first < job->n_superblocks;) {
		uint64_t n = ng_min(job->n_batch, job->n_superblocks - job->first);

		r = ng_parallel(n, threads, superblock_encode, job);
		if (r < 0)
			return ng_fail(err, r, "encoding the BWT: %s", strerror(-r));
		for (uint64_t i = 0; r == 0 && i < n; i++)
			r = ng_shard_writer_write(shard, job->cells[i].data, job->cells[i].len,
						  err);
		job->first += n;
		report(job, ng_min(job->first * SUPERBLOCK, job->text->rows));
	}
	return r < 0 ? r : ng_shard_writer_write(shard, slack, sizeof(slack), err);
}

static int directory_write(const struct job *job, struct ng_shard_writer *shard,
			   struct ng_error *err)
{
	int r = ng_shard_writer_section(shard, NG_SECTION_BWT_DIRECTORY, err);

	for (uint64_t cell = 0, at = 0; r == 0 && cell < job->n_cells;) {
		uint64_t end = ng_min(cell + NG_LINE_CELLS, job->n_cells), begin = at;
		uint8_t line[NG_LINE_BYTES] = {0};

		ng_store64(line, at);
		for (unsigned i = 0; cell < end; i++, cell++) {
			at += job->cell_bytes[cell];
			ng_store16(line + 8 + 2 * i, (uint16_t)(at - begin));
		}
		r = ng_shard_writer_write(shard, line, sizeof(line), err);
	}
	return r;
}

static int superblocks_write(const struct job *job, struct ng_shard_writer *shard,
			     struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = ng_superblocks_write(job->facts, job->n_superblocks, &buf);

	if (r < 0)
		return ng_fail(err, r, "out of memory for the BWT's superblocks");
	r = ng_shard_writer_section(shard, NG_SECTION_BWT_SUPERBLOCKS, err);
	if (r == 0)
		r = ng_shard_writer_write(shard, buf.data, buf.len, err);
	return r;
}

/* The cell of every NG_MARK_HINTth marked row. */
static int hints_write(const struct job *job, struct ng_shard_writer *shard, struct ng_error *err)
{
	const struct ng_bwt_text *text = job->text;
	uint64_t words = ng_div_up(text->rows, 64), before = 0, marks = 0;
	struct ng_packed_writer writer;
	int r = ng_shard_writer_section(shard, NG_SECTION_MARK_HINTS, err);

	for (uint64_t i = 0; i < job->n_superblocks; i++)
		marks += job->facts[i].count[NG_MARKS];
	if (r == 0)
		r = ng_packed_writer_begin(&writer, shard, ng_div_up(marks, NG_MARK_HINT),
					   job->n_cells - 1, err);
	for (uint64_t w = 0, next = 0; r == 0 && w < words; w++) {
		if (w % HINT_WORDS == 0)
			report(job, text->rows);
		before += (unsigned)__builtin_popcountll(text->marks[w]);
		/* A word has no more marks than there are from hint to hint. */
		if (next >= before)
			continue;
		r = ng_packed_writer_put(&writer, w * 64 / NG_CELL, err);
		next += NG_MARK_HINT;
	}
	return r < 0 ? r : ng_packed_writer_end(&writer, err);
}

_Static_assert(NG_MARK_HINT >= 64, "one hint a word of marks at most");

int ng_bwt_write(const struct ng_bwt_text *text, unsigned mark_shift, unsigned threads,
		 struct ng_shard_writer *shard, const ng_cancel *cancel,
		 void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		 struct ng_error *err)
{
	ng_cleanup(job_clear) struct job job = {.text = text,
						.mark_shift = mark_shift,
						.n_superblocks = ng_div_up(text->rows, SUPERBLOCK),
						.n_cells = ng_div_up(text->rows, NG_CELL),
						.n_batch = BATCH * (uint64_t)threads,
						.cancel = cancel,
						.progress = progress,
						.userdata = userdata};
	int r;

	job.facts = calloc(job.n_superblocks, sizeof(*job.facts));
	job.cell_bytes = calloc(job.n_cells, sizeof(*job.cell_bytes));
	job.cells = calloc(job.n_batch, sizeof(*job.cells));
	if (!job.facts || !job.cell_bytes || !job.cells)
		return ng_fail(err, -ENOMEM, "out of memory for the BWT's superblocks");
	r = cells_write(&job, threads, shard, err);
	if (r == 0)
		r = directory_write(&job, shard, err);
	if (r == 0)
		r = superblocks_write(&job, shard, err);
	if (r == 0)
		r = hints_write(&job, shard, err);
	return r;
}
