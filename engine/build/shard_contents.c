/* SPDX-License-Identifier: Apache-2.0 */
#include "build/shard_contents.h"

#include "base/machine.h"
#include "bwt/segment.h"
#include "format/shardpath.h"

void ng_shard_contents_close(struct ng_shard_contents *c)
{
	ng_frames_free(c->meta);
	ng_frames_free(c->text);
	ng_removed_close(c->removed);
	ng_shard_file_close(c->file);
}

void ng_shard_contents_limit(const struct ng_shard_contents *c)
{
	if (ng_machine_resident() > c->resident_bytes)
		ng_shard_file_release(c->file);
}

static void verify_progress(void *userdata, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	ng_shard_contents_limit(userdata);
}

/* Damage mustn't get new checksums. */
static int shard_verify(struct ng_shard_contents *c, const char *path,
			const struct ng_manifest_shard *shard, const ng_cancel *cancel,
			struct ng_error *err)
{
	int r = -EUCLEAN;

	if (ng_shard_file_checksum(c->file) == shard->checksum)
		r = ng_shard_file_verify(c->file, cancel, NULL, verify_progress, c);
	else if (ng_shard_path_outside(shard->file))
		return ng_fail(err, r,
			       "%s: is not the shard that was joined; the index that it is of was "
			       "made anew since: join them again",
			       path);
	if (r == -EUCLEAN)
		return ng_fail(err, r, "%s: is damaged, and is not merged; see ngramfsck(1)", path);
	return r < 0 ? ng_fail(err, r, "%s: %s", path, strerror(-r)) : 0;
}

int ng_shard_contents_open(struct ng_shard_contents *c, struct ng_file_at at,
			   const struct ng_manifest_shard *shard, bool text_store,
			   const ng_cancel *cancel, struct ng_error *err)
{
	const char *path = at.path;
	int r = ng_shard_file_open_at(at, &c->file, err);

	if (r == 0)
		r = shard_verify(c, path, shard, cancel, err);
	if (r == 0)
		r = ng_segment_frames(c->file, path, NG_SECTION_META_FRAMES,
				      NG_SECTION_META_DIRECTORY, &c->meta, err);
	if (r == 0)
		r = ng_segment_starts(c->file, path, NG_SECTION_META_STARTS, shard->docs,
				      ng_frames_raw_bytes(c->meta), &c->meta_starts, err);
	if (r == 0)
		r = ng_segment_starts(c->file, path, NG_SECTION_DOC_STARTS, shard->docs,
				      shard->text_bytes + shard->docs, &c->doc_starts, err);
	if (r == 0 && text_store)
		r = ng_segment_frames(c->file, path, NG_SECTION_TEXT_FRAMES,
				      NG_SECTION_TEXT_DIRECTORY, &c->text, err);
	return r;
}

/* Bytes [begin, end) of a stream into buf. */
static int bytes_fetch(const struct ng_frames *frames, uint64_t begin, uint64_t end,
		       struct ng_buf *buf)
{
	/* Before memory is asked for. */
	int r = begin <= end && end <= ng_frames_raw_bytes(frames) ? 0 : -EUCLEAN;

	buf->len = 0;
	if (r == 0)
		r = ng_buf_reserve(buf, end - begin + 1);
	if (r == 0 && begin < end)
		r = ng_frames_read(frames, begin, end - begin, buf->data);
	return r == -EINVAL ? -EUCLEAN : r;
}

int ng_shard_contents_copy(struct ng_shard_contents *c, uint64_t d, const char *path,
			   struct ng_buf *meta, struct ng_buf *text, struct ng_shard_docs *docs,
			   struct ng_error *err)
{
	bool bad = false;
	uint64_t begin = ng_ef_get(&c->doc_starts, d, &bad);
	uint64_t end = ng_ef_get(&c->doc_starts, d + 1, &bad);
	uint64_t from = ng_ef_get(&c->meta_starts, d, &bad);
	uint64_t to = ng_ef_get(&c->meta_starts, d + 1, &bad);
	int r;

	if (bad || end <= begin)
		return ng_segment_damaged(path, "document starts don't fit", err);
	r = bytes_fetch(c->meta, from, to, meta);
	/* The store has no separators. */
	if (r == 0 && c->text)
		r = bytes_fetch(c->text, begin - d, end - d - 1, text);
	if (r == -EUCLEAN)
		return ng_segment_damaged(path, "compressed frames don't fit", err);
	if (r < 0)
		return ng_fail(err, r, "%s: cannot be read: %s", path, strerror(-r));
	return ng_shard_docs_add(docs, text->data, end - begin - 1, (const char *)meta->data,
				 to - from, err);
}
