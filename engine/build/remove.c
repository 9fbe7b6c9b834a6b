/* SPDX-License-Identifier: Apache-2.0 */
#include "build/remove.h"

#include "base/parallel.h"
#include "build/appenddir.h"
#include "build/memory.h"
#include "build/remove_rows.h"
#include "format/shardpath.h"

/* Documents whose metadata is read between two looks at the cancel flag. */
#define DOCS_A_LOOK 256u

struct removal {
	const struct ng_build_options *options;
	const struct ng_doc_choice *choice;
	struct ng_remove_rows_options rows;
	struct ng_appenddir *dir;
	struct ng_shard_paths *paths;
	struct ng_manifest old, fresh, all; /* all: both, for names that nobody has */
	bool meant;                         /* any document by its metadata */
	struct ng_remove_summary summary;
	size_t next_name; /* of a file of what was removed: no smaller number is free */
};

static void removal_clear(struct removal *m)
{
	ng_manifest_clear(&m->old);
	ng_manifest_clear(&m->fresh);
	ng_manifest_clear(&m->all);
	ng_shard_paths_free(m->paths);
	ng_appenddir_free(m->dir);
}

/* ---- a shard, and which of its documents are to go ---- */

struct shard {
	const struct ng_manifest_shard *entry;
	uint64_t first; /* number of its first document */
	char *path;
	struct ng_shard_file *file;
	struct ng_segment segment;
	struct ng_removed *removed; /* before; NULL: nothing */
	uint64_t *docs;             /* that are to be removed afterwards, ascending */
	uint64_t n;
	uint64_t before; /* of those meant, removed before */
};

static void shard_close(struct shard *shard)
{
	ng_removed_close(shard->removed);
	ng_segment_close(&shard->segment);
	ng_shard_file_close(shard->file);
	free(shard->path);
	free(shard->docs);
}

static int shard_open(struct removal *m, struct shard *shard, struct ng_error *err)
{
	const struct ng_manifest_shard *entry = shard->entry;
	ng_cleanup(ng_freep) char *removed = NULL;
	int r = ng_shard_paths_get(m->paths, entry->file, &shard->path, err);

	if (r == 0)
		r = ng_shard_file_open_at(ng_appenddir_file(m->dir, entry->file, shard->path),
					  &shard->file, err);
	if (r == 0 && ng_shard_file_checksum(shard->file) != entry->checksum)
		r = ng_fail(err, -EUCLEAN, "%s: is not the shard that %s names", shard->path,
			    NG_MANIFEST_NAME);
	if (r == 0)
		r = ng_segment_open(shard->file, shard->path, &shard->segment, err);
	if (r == 0 && shard->segment.params.docs != entry->docs)
		r = ng_segment_damaged(shard->path, "another number of documents", err);
	if (r == 0 && entry->removed.file)
		r = ng_shard_paths_get(m->paths, entry->removed.file, &removed, err);
	if (r == 0 && removed)
		r = ng_removed_open_at(ng_appenddir_file(m->dir, entry->removed.file, removed),
				       &shard->removed, err);
	if (r == 0 && removed &&
	    ng_shard_file_checksum(shard->removed->file) != entry->removed.checksum)
		r = ng_fail(err, -EUCLEAN, "%s: is not the file that %s names", removed,
			    NG_MANIFEST_NAME);
	return r;
}

/* Metadata of one document after the other. */
struct metadata {
	struct ng_frames *frames;
	struct ng_ef starts;
	struct ng_buf buf;
};

static void metadata_close(struct metadata *meta)
{
	ng_frames_free(meta->frames);
	ng_buf_free(&meta->buf);
}

static int metadata_open(const struct shard *shard, struct metadata *meta, struct ng_error *err)
{
	int r = ng_segment_frames(shard->file, shard->path, NG_SECTION_META_FRAMES,
				  NG_SECTION_META_DIRECTORY, &meta->frames, err);

	return r < 0 ? r
		     : ng_segment_starts(shard->file, shard->path, NG_SECTION_META_STARTS,
					 shard->entry->docs, ng_frames_raw_bytes(meta->frames),
					 &meta->starts, err);
}

static int metadata_meant(const struct removal *m, struct metadata *meta, uint64_t doc)
{
	bool bad = false;
	uint64_t begin = ng_ef_get(&meta->starts, doc, &bad);
	uint64_t end = ng_ef_get(&meta->starts, doc + 1, &bad);
	int r = bad || end < begin ? -EUCLEAN : 0;

	meta->buf.len = 0;
	if (r == 0)
		r = ng_buf_reserve(&meta->buf, end - begin + 1);
	if (r == 0 && begin < end)
		r = ng_frames_read(meta->frames, begin, end - begin, meta->buf.data);
	if (r < 0)
		return r == -EINVAL ? -EUCLEAN : r;
	return ng_doc_choice_meant(m->choice, (const char *)meta->buf.data, end - begin);
}

/* Whether a document of the shard is meant: 1, 0 or an error. */
static int is_meant(struct removal *m, const struct shard *shard, struct metadata *meta,
		    uint64_t doc)
{
	int r;

	if (ng_doc_choice_has(m->choice, shard->first + doc))
		return 1;
	r = meta->frames ? metadata_meant(m, meta, doc) : 0;
	m->meant |= r > 0;
	return r;
}

/* Which documents will be removed: those that are, and those that are meant. */
static int shard_choose(struct removal *m, struct shard *shard, struct ng_error *err)
{
	ng_cleanup(metadata_close) struct metadata meta = {.buf = NG_BUF_INIT};
	int r = m->choice->n_fields ? metadata_open(shard, &meta, err) : 0;
	bool bad = false;

	if (r < 0)
		return r;
	shard->docs = calloc(shard->entry->docs + 1, sizeof(*shard->docs));
	if (!shard->docs)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (uint64_t d = 0; d < shard->entry->docs; d++) {
		bool was = shard->removed && ng_removed_has(shard->removed, d, &bad);

		if (d % DOCS_A_LOOK == 0 && ng_cancelled(m->options->cancel))
			return ng_fail(err, -EINTR, "interrupted");
		r = bad ? -EUCLEAN : is_meant(m, shard, &meta, d);
		if (r < 0)
			return r == -ENOMEM ? ng_fail(err, r, "out of memory")
					    : ng_segment_damaged(shard->path,
								 "its metadata, or "
								 "what was removed",
								 err);
		shard->before += was && r;
		if (was || r)
			shard->docs[shard->n++] = d;
	}
	return 0;
}

/* ---- all of them ---- */

/* Write what will be removed from a shard, and have the manifest say so. */
static int shard_write(struct removal *m, const struct shard *shard,
		       struct ng_manifest_shard *entry, char file[NG_MANIFEST_FILE_MAX],
		       struct ng_error *err)
{
	const struct ng_manifest_removed *was = &shard->entry->removed;
	struct ng_manifest_removed removed;
	ng_cleanup(ng_freep) char *path = NULL;
	int r;

	/* The old manifest needs its files until the new one is in its place. */
	m->next_name = ng_manifest_free_removed_name(&m->all,
						     ng_max(m->next_name, m->fresh.n_shards), file);
	if (asprintf(&path, "%s/%s", ng_appenddir_path(m->dir), file) < 0) {
		path = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	r = ng_remove_rows(shard->file, &shard->segment, shard->path, shard->docs, shard->n,
			   &m->rows, (struct ng_file_at){ng_appenddir_fd(m->dir), path}, &removed,
			   err);
	if (r < 0)
		return r;
	m->summary.docs += removed.docs - was->docs;
	m->summary.text_bytes += removed.text_bytes - was->text_bytes;
	entry->removed = removed;
	entry->removed.file = file;
	entry->removed.held = was->held + (removed.docs - was->docs);
	return 0;
}

static int shard_remove(struct removal *m, size_t s, uint64_t first, struct ng_error *err)
{
	ng_cleanup(shard_close) struct shard shard = {.entry = &m->old.shards[s], .first = first};
	struct ng_manifest_shard entry = *shard.entry;
	char file[NG_MANIFEST_FILE_MAX];
	bool may = m->choice->n_fields;
	int r = 0;

	for (size_t i = 0; i < m->choice->n_ranges; i++)
		may |= m->choice->ranges[i].first < first + entry.docs &&
		       m->choice->ranges[i].end > first;
	if (may)
		r = shard_open(m, &shard, err);
	if (r == 0 && may)
		r = shard_choose(m, &shard, err);
	if (r == 0 && shard.n > entry.removed.docs)
		r = shard_write(m, &shard, &entry, file, err);
	m->summary.before += shard.before;
	m->summary.left_docs += ng_manifest_left_docs(&entry);
	m->summary.left_text_bytes += ng_manifest_left_bytes(&entry);
	if (r == 0 &&
	    (ng_manifest_add(&m->fresh, &entry) < 0 || ng_manifest_add(&m->all, &entry) < 0))
		r = ng_fail(err, -ENOMEM, "out of memory");
	return r;
}

static int removal_begin(struct removal *m, struct ng_error *err)
{
	const struct ng_build_options *options = m->options;
	uint64_t end = ng_doc_choice_end(m->choice), docs = 0;
	int r = ng_appenddir_new(options->output, &m->old, &m->dir, err);

	if (r == 0)
		r = ng_shard_paths_new(options->output, options->outside, &m->paths, err);
	if (r < 0)
		return r;
	for (size_t s = 0; s < m->old.n_shards; s++) {
		docs += m->old.shards[s].docs;
		if (ng_manifest_add(&m->all, &m->old.shards[s]) < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
	}
	if (end > docs)
		return ng_fail(err, -ENOENT,
			       "%s: there never was a document %ju: it has numbers below %ju",
			       options->output, (uintmax_t)end - 1, (uintmax_t)docs);
	m->rows.threads = options->threads ? options->threads : ng_processors();
	m->rows.memory_bytes = options->memory_bytes ? options->memory_bytes : ng_memory_default();
	m->rows.cancel = options->cancel;
	m->fresh.format_version = m->old.format_version;
	m->fresh.sa_sampling = m->old.sa_sampling;
	m->fresh.text_store = m->old.text_store;
	return ng_manifest_set_options(&m->fresh, (const char *const *)m->old.options,
				       m->old.n_options) < 0
		       ? ng_fail(err, -ENOMEM, "out of memory")
		       : 0;
}

int ng_remove(const struct ng_build_options *options, const struct ng_doc_choice *choice,
	      struct ng_remove_summary *ret_summary, struct ng_error *err)
{
	ng_cleanup(removal_clear) struct removal m = {.options = options, .choice = choice};
	uint64_t first = 0;
	int r = removal_begin(&m, err);

	for (size_t s = 0; r == 0 && s < m.old.n_shards; s++) {
		r = shard_remove(&m, s, first, err);
		first += m.old.shards[s].docs;
	}
	if (r == 0 && choice->n_fields && !m.meant)
		r = ng_fail(err, -ENOENT,
			    "%s: no document has such a field with that value; nothing is removed",
			    options->output);
	if (r == 0 && ng_cancelled(options->cancel))
		r = ng_fail(err, -EINTR, "interrupted");
	if (r == 0 && m.summary.docs)
		r = ng_appenddir_publish(m.dir, &m.fresh, err);
	if (r == 0)
		*ret_summary = m.summary;
	return r;
}
