/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/merge_plan.h"

#include <fcntl.h>
#include <pthread.h>

#include "base/file.h"
#include "base/machine.h"
#include "merge/cost.h"
#include "merge/merge_order.h"
#include "merge/segment_text.h"

struct piece {
	uint64_t first, end; /* numbers of the segments that it was merged from */
	uint64_t rows;
	uint64_t text_at;
	bool has_text; /* in the file of texts */
	bool foreign;  /* not to be removed */
	int dir_fd;    /* path is opened from it, borrowed */
	char *path;
};

struct ng_merge_plan {
	int dir_fd; /* borrowed */
	bool resumes;
	char *dir;
	size_t shard;
	char *text_path;
	int text_fd;
	struct piece *pieces;
	size_t n, cap;
};

static void piece_name(const struct ng_merge_plan *plan, uint64_t first, uint64_t end,
		       char ret[NG_STEP_FILE_MAX])
{
	snprintf(ret, NG_STEP_FILE_MAX, "segment-%05zu-%ju-%ju", plan->shard, (uintmax_t)first,
		 (uintmax_t)end);
}

static int piece_path(const struct ng_merge_plan *plan, uint64_t first, uint64_t end,
		      char **ret_path)
{
	char name[NG_STEP_FILE_MAX], *path;

	piece_name(plan, first, end, name);
	if (asprintf(&path, "%s/%s", plan->dir, name) < 0)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

static struct ng_file_at piece_file(const struct piece *piece)
{
	return (struct ng_file_at){piece->dir_fd, piece->path};
}

/* 0, or -1 with errno; where there is none, it is removed. */
static int file_remove(const struct ng_merge_plan *plan, const char *path)
{
	struct ng_file_at file = {plan->dir_fd, path};

	return unlinkat(plan->dir_fd, ng_file_name(&file), 0) < 0 && errno != ENOENT ? -1 : 0;
}

int ng_merge_plan_new(int dir_fd, const char *dir, size_t shard, bool resumes,
		      struct ng_merge_plan **ret_plan, struct ng_error *err)
{
	ng_cleanup(ng_merge_plan_freep) struct ng_merge_plan *plan = calloc(1, sizeof(*plan));
	struct ng_file_at text;
	int r;

	if (!plan)
		return ng_fail(err, -ENOMEM, "out of memory");
	plan->text_fd = -1;
	plan->dir_fd = dir_fd;
	plan->resumes = resumes;
	plan->shard = shard;
	plan->dir = strdup(dir);
	if (!plan->dir || asprintf(&plan->text_path, "%s/text-%05zu", dir, shard) < 0) {
		plan->text_path = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	text = (struct ng_file_at){dir_fd, plan->text_path};
	r = ng_file_make(dir_fd, ng_file_name(&text), O_RDWR | (resumes ? 0 : O_EXCL),
			 &plan->text_fd);
	if (r < 0)
		return ng_fail(err, r, "%s: %s", plan->text_path, strerror(-r));
	*ret_plan = ng_steal_ptr(&plan);
	return 0;
}

struct ng_merge_plan *ng_merge_plan_free(struct ng_merge_plan *plan)
{
	if (!plan)
		return NULL;
	for (size_t i = 0; i < plan->n; i++)
		free(plan->pieces[i].path);
	free(plan->pieces);
	ng_closep(&plan->text_fd);
	free(plan->text_path);
	free(plan->dir);
	free(plan);
	return NULL;
}

/* One more piece behind the others; *ret_piece: it, until the next one. */
static int piece_add(struct ng_merge_plan *plan, uint64_t rows, struct piece **ret_piece)
{
	const struct piece *last = plan->n ? &plan->pieces[plan->n - 1] : NULL;
	struct piece piece = {
		.first = plan->n, .end = plan->n + 1, .rows = rows, .dir_fd = plan->dir_fd};

	piece.text_at = last ? last->text_at + last->rows : 0;
	if (plan->n == plan->cap) {
		size_t cap = 2 * plan->cap + 16;
		struct piece *grown = reallocarray(plan->pieces, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		plan->pieces = grown;
		plan->cap = cap;
	}
	plan->pieces[plan->n] = piece;
	*ret_piece = &plan->pieces[plan->n++];
	return 0;
}

int ng_merge_plan_add(struct ng_merge_plan *plan, uint64_t rows, const char **ret_path,
		      int *ret_text_fd, uint64_t *ret_text_at)
{
	struct piece *piece;

	if (piece_add(plan, rows, &piece) < 0 ||
	    piece_path(plan, piece->first, piece->end, &piece->path) < 0)
		return -ENOMEM;
	piece->has_text = true;
	*ret_path = piece->path;
	*ret_text_fd = plan->text_fd;
	*ret_text_at = piece->text_at;
	return 0;
}

int ng_merge_plan_add_shard(struct ng_merge_plan *plan, uint64_t rows, struct ng_file_at shard)
{
	struct piece *piece;

	if (piece_add(plan, rows, &piece) < 0)
		return -ENOMEM;
	piece->foreign = true;
	piece->dir_fd = shard.dir_fd;
	piece->path = strdup(shard.path);
	return piece->path ? 0 : -ENOMEM;
}

size_t ng_merge_plan_segments(const struct ng_merge_plan *plan)
{
	return plan->n;
}

uint64_t ng_merge_plan_rows(const struct ng_merge_plan *plan, size_t i)
{
	return plan->pieces[i].rows;
}

/* ---- neighbours merged ---- */

/* Text that is read back from a piece. */
struct fetching {
	const struct ng_segment_merge_options *options;
	const struct ng_shard_file *file;
	pthread_t caller;
};

static void on_text(void *userdata, uint64_t done, uint64_t total)
{
	const struct fetching *f = userdata;

	atomic_store(&f->options->progress->done_bytes, done);
	if (ng_machine_resident() > f->options->resident_bytes)
		ng_shard_file_release(f->file);
	/* Any of the threads comes here, but reports are for one. */
	if (f->options->report && pthread_equal(pthread_self(), f->caller))
		f->options->report(f->options->userdata);
}

/* The text of a piece that was no batch of this build. */
static int text_fetch(const struct ng_merge_plan *plan, struct piece *piece,
		      const struct ng_segment_merge_options *options, struct ng_error *err)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	ng_cleanup(ng_segment_close) struct ng_segment segment = {0};
	struct fetching fetching = {.options = options, .caller = pthread_self()};
	struct ng_error why;
	int r;

	if (piece->has_text)
		return 0;
	ng_shard_phase(options->progress, NG_PHASE_MERGE, piece->rows,
		       ng_cost(NG_COST_FETCH, piece->rows, options->threads));
	r = ng_shard_file_open_at(piece_file(piece), &file, err);
	if (r == 0)
		r = ng_segment_open(file, piece->path, &segment, err);
	fetching.file = file;
	if (r == 0) {
		r = ng_segment_text_write(&segment, plan->text_fd, piece->text_at, options->threads,
					  options->cancel, on_text, &fetching, &why);
		if (r < 0)
			ng_fail(err, r, "%s, of %s: %s", plan->text_path, piece->path, why.text);
	}
	if (r == 0 && ng_shard_file_faulted(file))
		r = ng_fail(err, -EIO, "%s: cannot be read", piece->path);
	piece->has_text = r == 0;
	return r;
}

static int pair_merge(struct ng_merge_plan *plan, size_t i, struct ng_journal *journal,
		      const struct ng_segment_merge_options *options, const char *path,
		      struct ng_error *err)
{
	struct piece *left = &plan->pieces[i], *right = left + 1;
	struct ng_segment_merge_text text = {plan->text_fd, left->text_at, right->text_at};
	struct ng_step step = {.kind = NG_STEP_MERGED,
			       .shard = plan->shard,
			       .first = left->first,
			       .end = right->end,
			       .rows = left->rows + right->rows};
	int r;

	if (journal && ng_journal_find(journal, step.kind, step.shard, step.first, step.end))
		return 0;
	r = text_fetch(plan, ng_segment_merge_reads_left(left->rows, right->rows) ? left : right,
		       options, err);
	if (r < 0)
		return r;
	/* What a killed run left of it. */
	if (plan->resumes && file_remove(plan, path) < 0)
		return ng_fail(err, -errno, "%s: cannot be removed: %s", path, strerror(errno));
	r = ng_segment_merge(piece_file(left), piece_file(right), &text, options,
			     (struct ng_file_at){plan->dir_fd, path}, &step.file_bytes,
			     &step.checksum, err);
	if (r < 0 || !journal)
		return r;
	piece_name(plan, step.first, step.end, step.file);
	return ng_journal_add(journal, &step, err);
}

static void piece_remove(const struct ng_merge_plan *plan, struct piece *piece)
{
	if (!piece->foreign)
		file_remove(plan, piece->path);
	free(piece->path);
}

/* Piece i and the one behind it become one. */
static int neighbours_merge(struct ng_merge_plan *plan, size_t i, struct ng_journal *journal,
			    const struct ng_segment_merge_options *options, struct ng_error *err)
{
	struct piece *left = &plan->pieces[i], *right = left + 1;
	ng_cleanup(ng_freep) char *path = NULL;
	int r = piece_path(plan, left->first, right->end, &path);

	if (r < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = pair_merge(plan, i, journal, options, path, err);
	if (r < 0)
		return r;
	piece_remove(plan, left);
	piece_remove(plan, right);
	left->path = ng_steal_ptr(&path);
	left->foreign = false;
	left->dir_fd = plan->dir_fd;
	left->has_text &= right->has_text;
	left->end = right->end;
	left->rows += right->rows;
	plan->n--;
	memmove(right, right + 1, (plan->n - i - 1) * sizeof(*right));
	return 0;
}

/* Pieces that were numbers [i, j) of the order become one, which is piece `at`. */
static int stretch_merge(struct ng_merge_plan *plan, const struct ng_merge_order *order, unsigned i,
			 unsigned j, size_t at, struct ng_journal *journal,
			 const struct ng_segment_merge_options *options, struct ng_error *err)
{
	unsigned cut;
	int r;

	if (j - i == 1)
		return 0;
	cut = ng_merge_order_cut(order, i, j);
	r = stretch_merge(plan, order, i, cut, at, journal, options, err);
	if (r == 0)
		r = stretch_merge(plan, order, cut, j, at + 1, journal, options, err);
	return r < 0 ? r : neighbours_merge(plan, at, journal, options, err);
}

int ng_merge_plan_run(struct ng_merge_plan *plan, struct ng_journal *journal,
		      const struct ng_segment_merge_options *options, struct ng_file_at *ret_file,
		      struct ng_error *err)
{
	ng_cleanup(ng_freep) struct ng_merge_order *order = NULL;
	int r = ng_merge_order_new(&order) < 0 ? ng_fail(err, -ENOMEM, "out of memory") : 0;

	while (r == 0 && plan->n > 1) {
		unsigned n = (unsigned)ng_min(plan->n, (size_t)NG_MERGE_ORDER_MAX);
		uint64_t rows[NG_MERGE_ORDER_MAX];

		for (unsigned i = 0; i < n; i++)
			rows[i] = plan->pieces[i].rows;
		ng_merge_order_make(order, rows, n);
		r = stretch_merge(plan, order, 0, n, 0, journal, options, err);
	}
	if (r == 0)
		*ret_file = piece_file(&plan->pieces[0]);
	return r;
}

void ng_merge_plan_remove(struct ng_merge_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (!plan->pieces[i].foreign)
			file_remove(plan, plan->pieces[i].path);
	file_remove(plan, plan->text_path);
}
