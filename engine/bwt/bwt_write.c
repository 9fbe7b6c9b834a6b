#include "bwt/bwt_write.h"

#include "base/parallel.h"
#include "bwt/block_pack.h"
#include "bwt/bwt_internal.h"
#include "bwt/code_train.h"

#define SUPERBLOCK (1ull << NG_SUPERBLOCK_LOG)
#define HINT_WORDS (1ull << 20) /* words of marks from call to call of progress */

struct job {
	const struct ng_bwt_text *text;
	const struct ng_coder *coder;
	unsigned base_width, mark_shift;
	uint64_t n_superblocks;
	uint64_t first; /* superblock of the batch being packed */
	struct ng_packed_superblock
		*superblocks; /* [n_superblocks]; pages only while they're needed */
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
	for (uint64_t r = 0; job->superblocks && r < job->n_superblocks; r++)
		ng_packed_superblock_clear(&job->superblocks[r]);
	free(job->superblocks);
}

static uint64_t superblock_end(const struct job *job, uint64_t r)
{
	return ng_min((r + 1) * SUPERBLOCK, job->text->rows);
}

static int superblock_pack(void *userdata, uint64_t i)
{
	struct job *job = userdata;
	uint64_t r = job->first + i;

	if (ng_cancelled(job->cancel))
		return -EINTR;
	return ng_superblock_pack(job->coder, job->text, r * SUPERBLOCK, superblock_end(job, r),
				  job->base_width, job->mark_shift, &job->superblocks[r]);
}

static int blocks_write(struct job *job, unsigned threads, struct ng_shard_writer *shard,
			struct ng_error *err)
{
	static const uint8_t slack[NG_BLOCK_SLACK];
	int r = ng_shard_writer_section(shard, NG_SECTION_BWT_BLOCKS, err);

	/* In batches, so that only some superblocks' pages are in memory. */
	for (job->first = 0; r == 0 && job->first < job->n_superblocks;) {
		uint64_t n = ng_min((uint64_t)threads * 2, job->n_superblocks - job->first);

		r = ng_parallel(n, threads, superblock_pack, job);
		if (r < 0)
			return ng_fail(err, r, "packing the BWT: %s", strerror(-r));
		for (uint64_t i = 0; r == 0 && i < n; i++) {
			struct ng_buf *pages = &job->superblocks[job->first + i].pages;

			r = ng_shard_writer_write(shard, pages->data, pages->len, err);
			ng_buf_free(pages);
		}
		job->first += n;
		report(job, superblock_end(job, job->first - 1));
	}
	return r < 0 ? r : ng_shard_writer_write(shard, slack, sizeof(slack), err);
}

static int map_write(const struct job *job, struct ng_shard_writer *shard, struct ng_error *err)
{
	uint64_t grains = ng_div_up(job->text->rows, NG_GRAIN), block = 0;
	int r = ng_shard_writer_section(shard, NG_SECTION_BWT_MAP, err);

	for (uint64_t g = 0; r == 0 && g < grains; g += NG_MAP_LINE_GRAINS) {
		uint64_t line[NG_MAP_LINE_BYTES / 8] = {block}, within_line = 0;

		for (uint64_t i = 0; i < NG_MAP_LINE_GRAINS && g + i < grains; i++) {
			uint64_t superblock = (g + i) >> (NG_SUPERBLOCK_LOG - NG_GRAIN_LOG);
			uint64_t within = (g + i) & ((SUPERBLOCK >> NG_GRAIN_LOG) - 1);
			uint64_t bit = ng_bit(job->superblocks[superblock].starts, within);

			if (i % 64 == 0 && i)
				line[1] |= within_line << (9 * (i / 64 - 1));
			line[2 + i / 64] |= bit << (i % 64);
			within_line += bit;
		}
		block += within_line;
		r = ng_shard_writer_write(shard, line, sizeof(line), err);
	}
	return r;
}

static int superblocks_write(const struct job *job, struct ng_shard_writer *shard,
			     struct ng_error *err)
{
	ng_cleanup(ng_freep) struct ng_superblock_facts *facts =
		calloc(job->n_superblocks, sizeof(*facts));
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = -ENOMEM;

	if (facts) {
		for (uint64_t i = 0; i < job->n_superblocks; i++)
			facts[i] = job->superblocks[i].facts;
		r = ng_superblocks_write(facts, job->n_superblocks, &buf);
	}
	if (r < 0)
		return ng_fail(err, r, "out of memory for the BWT's superblock tables");
	r = ng_shard_writer_section(shard, NG_SECTION_BWT_SUPERBLOCKS, err);
	if (r == 0)
		r = ng_shard_writer_write(shard, buf.data, buf.len, err);
	return r;
}

static int tables_write(const struct ng_code_lengths *lengths, unsigned n_tables,
			struct ng_shard_writer *shard, struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = ng_code_lengths_write(lengths, n_tables, &buf);

	if (r < 0)
		return ng_fail(err, r, "out of memory for the code tables");
	r = ng_shard_writer_section(shard, NG_SECTION_BWT_TABLES, err);
	if (r == 0)
		r = ng_shard_writer_write(shard, buf.data, buf.len, err);
	return r;
}

/* The block of every NG_MARK_HINTth marked row. */
static int hints_write(const struct job *job, struct ng_shard_writer *shard, struct ng_error *err)
{
	const struct ng_bwt_text *text = job->text;
	uint64_t words = ng_div_up(text->rows, 64), blocks = 0, n_blocks = 0, before = 0, marks = 0;
	struct ng_packed_writer writer;
	int r = ng_shard_writer_section(shard, NG_SECTION_MARK_HINTS, err);

	for (uint64_t i = 0; i < job->n_superblocks; i++) {
		n_blocks += job->superblocks[i].facts.n_blocks;
		marks += job->superblocks[i].facts.count[NG_MARKS];
	}
	if (r == 0)
		r = ng_packed_writer_begin(&writer, shard, ng_div_up(marks, NG_MARK_HINT),
					   n_blocks - 1, err);
	for (uint64_t w = 0, next = 0; r == 0 && w < words; w++) {
		uint64_t grain = w * 64 / NG_GRAIN, superblock = grain * NG_GRAIN / SUPERBLOCK;

		if (w % HINT_WORDS == 0)
			report(job, text->rows);
		if (w * 64 % NG_GRAIN == 0)
			blocks += ng_bit(job->superblocks[superblock].starts,
					 grain % (SUPERBLOCK / NG_GRAIN));
		before += (unsigned)__builtin_popcountll(text->marks[w]);
		/* A word has fewer marks than there are from hint to hint. */
		if (next >= before)
			continue;
		r = ng_packed_writer_put(&writer, blocks - 1, err);
		next += NG_MARK_HINT;
	}
	return r < 0 ? r : ng_packed_writer_end(&writer, err);
}

int ng_bwt_write(const struct ng_bwt_text *text, unsigned mark_shift, unsigned threads,
		 struct ng_shard_writer *shard, const ng_cancel *cancel,
		 void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		 struct ng_error *err)
{
	ng_cleanup(ng_freep) struct ng_code_lengths *lengths = NULL;
	ng_cleanup(ng_coder_freep) struct ng_coder *coder = NULL;
	ng_cleanup(job_clear) struct job job = {.text = text,
						.base_width = ng_block_base_width(text->rows),
						.mark_shift = mark_shift,
						.cancel = cancel,
						.progress = progress,
						.userdata = userdata};
	unsigned n_tables;
	int r;

	job.n_superblocks = ng_div_up(text->rows, SUPERBLOCK);
	job.superblocks = calloc(job.n_superblocks, sizeof(*job.superblocks));
	if (!job.superblocks)
		return ng_fail(err, -ENOMEM, "out of memory for the BWT's superblocks");
	r = ng_code_train(text, threads, progress, userdata, &lengths, &n_tables);
	if (r == 0)
		r = ng_coder_new(lengths, n_tables, &coder);
	if (r < 0)
		return ng_fail(err, r, "preparing the BWT's codes: %s", strerror(-r));
	job.coder = coder;
	r = blocks_write(&job, threads, shard, err);
	if (r == 0)
		r = map_write(&job, shard, err);
	if (r == 0)
		r = superblocks_write(&job, shard, err);
	if (r == 0)
		r = hints_write(&job, shard, err);
	if (r == 0)
		r = tables_write(lengths, n_tables, shard, err);
	return r;
}
