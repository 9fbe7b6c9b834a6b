/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/segment_merge.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/machine.h"
#include "bwt/bwt_write.h"
#include "format/segment_write.h"
#include "merge/cost.h"
#include "merge/insertions.h"
#include "merge/interleave.h"

/* A segment in a file. */
struct side {
	struct ng_shard_file *file;
	struct ng_segment segment;
	const char *path;
	uint64_t text_at; /* where its text begins in the file of texts */
};

struct merge {
	struct side left, right;
	struct side *host, *guest;
	int text_fd;
	const struct ng_segment_merge_options *options;
	const struct ng_merged *merged; /* while it is encoded */
};

static void side_close(struct side *side)
{
	ng_segment_close(&side->segment);
	side->file = ng_shard_file_close(side->file);
}

static void merge_close(struct merge *m)
{
	side_close(&m->left);
	side_close(&m->right);
}

static int side_open(struct side *side, struct ng_file_at file, uint64_t text_at,
		     struct ng_error *err)
{
	int r;

	side->path = file.path;
	side->text_at = text_at;
	r = ng_shard_file_open_at(file, &side->file, err);
	return r < 0 ? r : ng_segment_open(side->file, file.path, &side->segment, err);
}

/* ---- the guest's text ---- */

static uint64_t guest_doc_bytes(void *userdata, uint64_t doc)
{
	const struct merge *m = userdata;
	const struct ng_ef *starts = &m->guest->segment.doc_starts;
	bool bad = false;
	uint64_t begin = ng_ef_get(starts, doc, &bad), end = ng_ef_get(starts, doc + 1, &bad);

	return !bad && end > begin ? end - begin - 1 : 0;
}

static int guest_read(void *userdata, uint64_t doc, uint64_t offset, uint8_t *buf, size_t len,
		      struct ng_error *err)
{
	const struct merge *m = userdata;
	bool bad = false;
	uint64_t at =
		m->guest->text_at + ng_ef_get(&m->guest->segment.doc_starts, doc, &bad) + offset;
	size_t done = 0;
	int r;

	if (bad)
		return ng_fail(err, -EUCLEAN, "%s: damaged", m->guest->path);
	r = ng_file_read_at(m->text_fd, buf, len, at, &done);
	if (r == 0 && done < len)
		return ng_fail(err, -EIO, "cannot read the text to merge: it ends early");
	if (r < 0)
		return ng_fail(err, r, "cannot read the text to merge: %s", strerror(-r));
	return 0;
}

static void release(const struct merge *m)
{
	ng_shard_file_release(m->left.file);
	ng_shard_file_release(m->right.file);
	if (m->merged)
		ng_merged_release(m->merged);
}

static void pages_limit(void *userdata)
{
	const struct merge *m = userdata;

	if (ng_machine_resident() > m->options->resident_bytes)
		release(m);
}

static void on_progress(void *userdata, uint64_t done, uint64_t total)
{
	const struct merge *m = userdata;

	atomic_store(&m->options->progress->done_bytes, done);
	pages_limit(userdata);
	if (m->options->report)
		m->options->report(m->options->userdata);
}

/* ---- the steps ---- */

static int gaps_find(struct merge *m, struct ng_gaps *gaps, struct ng_error *err)
{
	const struct ng_shard_params *guest = &m->guest->segment.params;
	struct ng_insertion_source source = {.docs = guest->docs,
					     .text_bytes = guest->text_bytes,
					     .userdata = m,
					     .doc_bytes = guest_doc_bytes,
					     .read = guest_read};
	/* The guest's separators come before all of the host's, or behind them. */
	uint64_t first = m->guest == &m->left ? 0 : m->host->segment.params.docs;
	struct ng_rank_source ranks = ng_bwt_rank_source(m->host->segment.bwt);
	int r;

	ng_shard_phase(m->options->progress, NG_PHASE_MERGE, guest->text_bytes,
		       ng_cost(NG_COST_INSERT, guest->rows, m->options->threads));
	r = ng_insertions_find(&ranks, first, &source, NULL, m->options->threads, gaps,
			       m->options->cancel, on_progress, m, err);
	return r < 0 ? r : ng_gaps_flush(gaps, err);
}

static int starts_write(const struct merge *m, struct ng_shard_writer *shard, struct ng_error *err)
{
	const struct ng_segment *left = &m->left.segment, *right = &m->right.segment;
	uint64_t n = left->params.docs + right->params.docs;
	ng_cleanup(ng_freep) uint64_t *ends = calloc(n, sizeof(*ends));
	bool bad = false;

	if (!ends)
		return ng_fail(err, -ENOMEM, "out of memory for %ju documents", (uintmax_t)n);
	for (uint64_t d = 0; d < left->params.docs; d++)
		ends[d] = ng_ef_get(&left->doc_starts, d + 1, &bad) - 1;
	for (uint64_t d = 0; d < right->params.docs; d++)
		ends[left->params.docs + d] =
			left->params.rows + ng_ef_get(&right->doc_starts, d + 1, &bad) - 1;
	if (bad)
		return ng_fail(err, -EUCLEAN, "a segment that is merged is damaged");
	return ng_doc_starts_write(ends, n, m->options->sa_rate, shard, err);
}

static int segment_write(struct merge *m, struct ng_merged *merged, struct ng_file_at file,
			 uint64_t *ret_bytes, uint64_t *ret_checksum, struct ng_error *err)
{
	const struct ng_segment_merge_options *options = m->options;
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	struct ng_shard_params params = m->left.segment.params;
	int r = ng_shard_writer_new_at(file, &shard, err);

	params.rows += m->right.segment.params.rows;
	params.docs += m->right.segment.params.docs;
	params.text_bytes += m->right.segment.params.text_bytes;
	if (r == 0)
		r = ng_shard_writer_section(shard, NG_SECTION_PARAMS, err);
	if (r == 0)
		r = ng_shard_writer_write(shard, &params, sizeof(params), err);
	if (r == 0)
		r = starts_write(m, shard, err);
	ng_shard_phase(options->progress, NG_PHASE_ENCODE, params.rows,
		       ng_cost(NG_COST_ENCODE, params.rows, options->threads));
	/* What the segments hold isn't needed any more. */
	m->merged = merged;
	release(m);
	if (r == 0)
		r = ng_bwt_write(&merged->text, ng_mark_shift(options->sa_rate), options->threads,
				 shard, options->cancel, on_progress, m, err);
	if (r == 0)
		r = ng_samples_write(shard, merged->samples, merged->n_samples, pages_limit, m,
				     err);
	m->merged = NULL;
	return r < 0 ? r : ng_shard_writer_finish(shard, ret_bytes, ret_checksum, err);
}

static int interleave(struct merge *m, struct ng_gaps *gaps, struct ng_merged *ret_merged,
		      struct ng_error *err)
{
	struct ng_interleave_options options = {.guest_first = m->guest == &m->left,
						.memory_bytes = m->options->memory_bytes / 4,
						.tmp = m->options->tmp,
						.threads = m->options->threads,
						.part_rows = m->options->part_rows,
						.cancel = m->options->cancel,
						.progress = on_progress,
						.userdata = m};

	uint64_t rows = m->left.segment.params.rows + m->right.segment.params.rows;

	ng_shard_phase(m->options->progress, NG_PHASE_MERGE, rows,
		       ng_cost(NG_COST_INTERLEAVE, rows, m->options->threads));
	return ng_interleave(&m->host->segment, &m->guest->segment, gaps, &options, ret_merged,
			     err);
}

/* Something that could not be read came as zeroes. */
static int sides_check(const struct merge *m, struct ng_error *err)
{
	const struct side *sides[] = {&m->left, &m->right};

	for (size_t i = 0; i < ng_array_size(sides); i++)
		if (ng_shard_file_faulted(sides[i]->file))
			return ng_fail(err, -EIO, "%s: cannot be read", sides[i]->path);
	return 0;
}

int ng_segment_merge(struct ng_file_at left, struct ng_file_at right,
		     const struct ng_segment_merge_text *text,
		     const struct ng_segment_merge_options *options, struct ng_file_at file,
		     uint64_t *ret_bytes, uint64_t *ret_checksum, struct ng_error *err)
{
	ng_cleanup(merge_close) struct merge m = {.options = options, .text_fd = text->fd};
	ng_cleanup(ng_gaps_freep) struct ng_gaps *gaps = NULL;
	ng_cleanup(ng_merged_clear) struct ng_merged merged = {0};
	bool reads_left;
	int r = side_open(&m.left, left, text->left_at, err);

	if (r == 0)
		r = side_open(&m.right, right, text->right_at, err);
	if (r < 0)
		return r;
	reads_left = ng_segment_merge_reads_left(m.left.segment.params.rows,
						 m.right.segment.params.rows);
	m.host = reads_left ? &m.right : &m.left;
	m.guest = reads_left ? &m.left : &m.right;
	r = ng_gaps_new(m.host->segment.params.rows, options->memory_bytes / 4, options->tmp,
			options->threads, &gaps, err);
	if (r == 0)
		r = gaps_find(&m, gaps, err);
	if (r == 0)
		r = interleave(&m, gaps, &merged, err);
	gaps = ng_gaps_free(gaps);
	if (r == 0)
		r = segment_write(&m, &merged, file, ret_bytes, ret_checksum, err);
	if (r == 0)
		r = sides_check(&m, err);
	if (r == 0)
		ng_shard_phase_end(options->progress);
	return r;
}
