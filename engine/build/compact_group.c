/* SPDX-License-Identifier: Apache-2.0 */
#include "build/compact_group.h"

#include "build/compact_work.h"
#include "build/shard_build.h"
#include "build/shard_contents.h"
#include "bwt/segment.h"
#include "merge/drop.h"
#include "merge/merge_plan.h"

#define DOCS_A_CHECK 64u /* documents from check to check of how much memory is in use */

static void report(void *userdata)
{
	const struct ng_compaction *m = userdata;
	struct ng_build_progress progress = {
		.phase = (enum ng_build_phase)atomic_load(&m->progress.phase),
		.shard = (uint32_t)m->shard,
		.done_bytes = atomic_load(&m->progress.done_bytes),
		.total_bytes = atomic_load(&m->progress.total_bytes),
		.work_done = ng_shard_progress_work(&m->progress) / m->options.threads,
		.work_total = m->work / m->options.threads,
	};

	if (m->options.progress)
		m->options.progress(m->options.userdata, &progress);
}

/* The rest is for what isn't in files, and for the pages between two checks. */
static uint64_t resident_bytes(const struct ng_compaction *m)
{
	return m->options.memory_bytes / 4 * 3;
}

static int removed_open(struct ng_compaction *m, const struct ng_manifest_shard *shard,
			struct ng_shard_contents *c, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *path = NULL;
	int r = ng_shard_paths_get(m->paths, shard->removed.file, &path, err);

	if (r < 0)
		return r;
	r = ng_removed_open_at(ng_appenddir_file(m->dir, shard->removed.file, path), &c->removed,
			       err);
	if (r < 0)
		return r;
	r = ng_shard_file_verify(c->removed->file, m->options.cancel, NULL, NULL, NULL);
	if (r < 0 && r != -EUCLEAN)
		return ng_fail(err, r, "%s: %s", path, strerror(-r));
	if (r == 0 && (ng_shard_file_checksum(c->removed->file) != shard->removed.checksum ||
		       c->removed->params.shard_checksum != shard->checksum ||
		       c->removed->params.docs != shard->removed.docs ||
		       c->removed->params.text_bytes != shard->removed.text_bytes))
		r = -EUCLEAN;
	return r == -EUCLEAN ? ng_fail(err, r, "%s: is damaged, and nothing is merged", path) : r;
}

/* Documents of a group: those to be stored, and the numbers of those that were removed. */
struct group {
	struct ng_merge_plan *plan;
	struct ng_shard_docs docs;
	uint64_t *removed;
	size_t n_removed;
	int dir_fd;     /* of the index, borrowed */
	char **dropped; /* paths of segments that were made of shards for this */
	size_t n_dropped;
};

static void group_clear(struct group *group)
{
	if (group->plan)
		ng_merge_plan_remove(group->plan);
	ng_merge_plan_free(group->plan);
	ng_shard_docs_clear(&group->docs);
	for (size_t i = 0; i < group->n_dropped; i++) {
		struct ng_file_at file = {group->dir_fd, group->dropped[i]};

		unlinkat(file.dir_fd, ng_file_name(&file), 0);
		free(group->dropped[i]);
	}
	free(group->dropped);
	free(group->removed);
}

/* A removed document keeps its number, and nothing else. */
static int doc_forget(struct group *group, struct ng_error *err)
{
	uint64_t *grown = reallocarray(group->removed, group->n_removed + 1, sizeof(*grown));

	if (!grown)
		return ng_fail(err, -ENOMEM, "out of memory");
	group->removed = grown;
	group->removed[group->n_removed++] = group->docs.n;
	return ng_shard_docs_add(&group->docs, (const uint8_t *)"", 0, "{}", 2, err);
}

static int docs_add(struct ng_compaction *m, struct ng_shard_contents *c, const char *path,
		    const struct ng_manifest_shard *shard, struct group *group,
		    struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf meta = NG_BUF_INIT, text = NG_BUF_INIT;
	int r = 0;

	for (uint64_t d = 0; r == 0 && d < shard->docs; d++) {
		bool bad = false;
		bool removed = c->removed && ng_removed_has(c->removed, d, &bad);

		if (ng_cancelled(m->options.cancel))
			return ng_fail(err, -EINTR, "interrupted");
		if (d % DOCS_A_CHECK == 0)
			ng_shard_contents_limit(c);
		if (bad)
			return ng_segment_damaged(path, "what was removed from it", err);
		r = removed ? doc_forget(group, err)
			    : ng_shard_contents_copy(c, d, path, &meta, &text, &group->docs, err);
	}
	return r;
}

/* The shard without what was removed, for the merge. *ret_file: its path is the group's. */
static int shard_drop(struct ng_compaction *m, const struct ng_shard_contents *c, const char *path,
		      struct group *group, struct ng_file_at *ret_file, struct ng_error *err)
{
	struct ng_drop_options options = {.memory_bytes = m->plan.jobs_bytes / 4,
					  .tmp = m->tmp,
					  .threads = m->options.threads,
					  .cancel = m->options.cancel};
	char **grown = reallocarray(group->dropped, group->n_dropped + 1, sizeof(*grown));
	ng_cleanup(ng_segment_close) struct ng_segment segment = {0};
	ng_cleanup(ng_freep) char *dropped = NULL;
	struct ng_file_at file;
	uint64_t rows;
	int r;

	if (grown)
		group->dropped = grown;
	if (!grown || asprintf(&dropped, "%s/dropped-%05zu", ng_appenddir_path(m->dir),
			       group->n_dropped) < 0) {
		dropped = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	file = (struct ng_file_at){group->dir_fd, dropped};
	r = ng_segment_open(c->file, path, &segment, err);
	if (r == 0)
		r = ng_drop(&segment, c->removed, path, &options, file, &rows, err);
	if (r < 0)
		return r;
	group->dropped[group->n_dropped++] = ng_steal_ptr(&dropped);
	*ret_file = file;
	return 0;
}

static char *path_of(const struct ng_compaction *m, const char *file)
{
	char *path;

	return asprintf(&path, "%s/%s", ng_appenddir_path(m->dir), file) < 0 ? NULL : path;
}

static int shard_collect(struct ng_compaction *m, const struct ng_manifest_shard *shard,
			 struct group *group, struct ng_error *err)
{
	ng_cleanup(ng_shard_contents_close) struct ng_shard_contents c = {
		.resident_bytes = resident_bytes(m)};
	ng_cleanup(ng_freep) char *path = NULL;
	struct ng_file_at segment;
	int r = ng_shard_paths_get(m->paths, shard->file, &path, err);

	if (r < 0)
		return r;
	segment = ng_appenddir_file(m->dir, shard->file, path);
	r = ng_shard_contents_open(&c, segment, shard, m->old.text_store, m->options.cancel, err);
	if (r == 0 && shard->removed.file)
		r = removed_open(m, shard, &c, err);
	/* What was forgotten before is as it stays. */
	if (r == 0 && shard->removed.held)
		r = shard_drop(m, &c, path, group, &segment, err);
	if (r == 0 &&
	    ng_merge_plan_add_shard(group->plan, ng_compact_rows_left(shard), segment) < 0)
		r = ng_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = docs_add(m, &c, path, shard, group, err);
	if (c.file && (r == 0 || r == -EUCLEAN) && ng_shard_file_faulted(c.file))
		r = ng_fail(err, -EIO, "%s: cannot be read", path);
	return r;
}

static int shards_collect(struct ng_compaction *m, size_t first, size_t end, struct group *group,
			  struct ng_error *err)
{
	uint64_t rows = 0;

	for (size_t i = first; i < end; i++)
		rows += ng_compact_rows(&m->old.shards[i]);
	ng_shard_phase(&m->progress, NG_PHASE_READ, rows,
		       ng_compact_collect_work(&m->old, first, end, m->options.threads));
	for (size_t i = first; i < end; i++) {
		int r = shard_collect(m, &m->old.shards[i], group, err);

		if (r < 0)
			return r;
		atomic_fetch_add(&m->progress.done_bytes, ng_compact_rows(&m->old.shards[i]));
		report(m);
	}
	return 0;
}

/* That the numbers of removed documents are free. */
static int removed_write(struct ng_compaction *m, const struct group *group,
			 struct ng_manifest_shard *entry, char file[NG_MANIFEST_FILE_MAX],
			 struct ng_error *err)
{
	struct ng_manifest_removed *removed = &entry->removed;
	struct ng_removed_params params = {.shard_checksum = entry->checksum,
					   .shard_rows = ng_compact_rows(entry),
					   .docs = group->n_removed};
	ng_cleanup(ng_freep) char *path = NULL;

	if (!group->n_removed)
		return 0;
	ng_manifest_free_removed_name(&m->all, m->all.n_shards, file);
	removed->file = file;
	removed->docs = group->n_removed;
	path = path_of(m, file);
	/* The row of a separator is the number of its document. */
	return path ? ng_removed_write((struct ng_file_at){group->dir_fd, path}, &params,
				       group->removed, group->removed, &removed->file_bytes,
				       &removed->checksum, err)
		    : ng_fail(err, -ENOMEM, "out of memory");
}

static int group_write(struct ng_compaction *m, struct group *group,
		       struct ng_manifest_shard *entry, struct ng_error *err)
{
	struct ng_segment_merge_options merge = {.sa_rate = m->sa_rate,
						 .threads = m->options.threads,
						 .resident_bytes = resident_bytes(m),
						 .memory_bytes = m->plan.jobs_bytes,
						 .tmp = m->tmp,
						 .cancel = m->options.cancel,
						 .progress = &m->progress,
						 .report = report,
						 .userdata = m};
	struct ng_shard_options options = {.sa_rate = m->sa_rate,
					   .threads = m->options.threads,
					   .resident_bytes = merge.resident_bytes,
					   .cancel = m->options.cancel};
	ng_cleanup(ng_freep) char *path = path_of(m, entry->file);
	struct ng_file_at segment;
	int r;

	if (!path)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = ng_merge_plan_run(group->plan, NULL, &merge, &segment, err);
	if (r == 0)
		r = ng_shard_complete(segment, &group->docs, &options,
				      (struct ng_file_at){ng_appenddir_fd(m->dir), path},
				      &m->progress, &entry->file_bytes, &entry->checksum, err);
	if (r == 0)
		ng_shard_phase_end(&m->progress);
	return r;
}

int ng_compact_group(struct ng_compaction *m, size_t first, size_t end, struct ng_error *err)
{
	ng_cleanup(group_clear) struct group group = {0};
	struct ng_shard_docs_options docs_options = {.text_store = m->old.text_store,
						     .threads = m->options.threads,
						     .tmp = m->tmp,
						     .facets = m->facets};
	char file[NG_MANIFEST_FILE_MAX], removed[NG_MANIFEST_FILE_MAX];
	struct ng_manifest_shard entry = {.file = file};
	int r;

	ng_manifest_free_name(&m->all, file);
	for (size_t i = first; i < end; i++) {
		entry.docs += m->old.shards[i].docs;
		entry.text_bytes += ng_manifest_left_bytes(&m->old.shards[i]);
	}
	group.dir_fd = ng_appenddir_fd(m->dir);
	r = ng_merge_plan_new(group.dir_fd, ng_appenddir_path(m->dir), m->all.n_shards, false,
			      &group.plan, err);
	if (r == 0)
		r = ng_shard_docs_begin(&group.docs, &docs_options, err);
	if (r == 0)
		r = shards_collect(m, first, end, &group, err);
	if (r == 0)
		r = group_write(m, &group, &entry, err);
	if (r == 0)
		r = removed_write(m, &group, &entry, removed, err);
	if (r < 0)
		return r;
	if (ng_manifest_add(&m->all, &entry) < 0 || ng_manifest_add(&m->fresh, &entry) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	return 0;
}
