/* SPDX-License-Identifier: Apache-2.0 */
#include "query/shard.h"

#include "query/chars.h"

/* What inverts the samples, and the frequent patterns, if there are any. */
static int samples_open(struct ng_shard *shard, const struct ng_packed *numbers,
			struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;
	int r = ng_segment_section(shard->file, shard->path, NG_SECTION_SHORTCUTS, &data, &bytes,
				   err);

	if (r < 0)
		return r;
	if (ng_permutation_open(numbers, ng_shard_file_pages(shard->file), data, bytes,
				&shard->sa) < 0)
		return ng_segment_damaged(shard->path,
					  "permutation shortcuts that don't fit the samples", err);
	if (!ng_shard_file_section(shard->file, NG_SECTION_FREQUENT, &data, &bytes))
		return 0;
	if (ng_frequent_open(ng_shard_file_pages(shard->file), data, bytes, shard->params.rows,
			     &shard->frequent) < 0)
		return ng_segment_damaged(shard->path, "the table of frequent patterns doesn't fit",
					  err);
	shard->has_frequent = true;
	return 0;
}

static int segment_open(struct ng_shard *shard, struct ng_error *err)
{
	struct ng_segment segment;
	int r = ng_segment_open(shard->file, shard->path, &segment, err);

	if (r < 0)
		return r;
	shard->params = segment.params;
	shard->bwt = segment.bwt;
	shard->sample_starts = segment.sample_starts;
	shard->doc_starts = segment.doc_starts;
	return samples_open(shard, &segment.samples, err);
}

static int documents_open(struct ng_shard *shard, struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;
	int r = ng_segment_frames(shard->file, shard->path, NG_SECTION_META_FRAMES,
				  NG_SECTION_META_DIRECTORY, &shard->meta, err);

	if (r == 0)
		r = ng_segment_starts(shard->file, shard->path, NG_SECTION_META_STARTS,
				      shard->params.docs, ng_frames_raw_bytes(shard->meta),
				      &shard->meta_starts, err);
	if (r < 0 || !ng_shard_file_section(shard->file, NG_SECTION_TEXT_FRAMES, &data, &bytes))
		return r;
	r = ng_segment_frames(shard->file, shard->path, NG_SECTION_TEXT_FRAMES,
			      NG_SECTION_TEXT_DIRECTORY, &shard->text, err);
	if (r == 0 && ng_frames_raw_bytes(shard->text) != shard->params.text_bytes)
		return ng_segment_damaged(shard->path, "the text store has a wrong size", err);
	return r;
}

static void shard_closep(struct ng_shard **shard)
{
	ng_shard_close(*shard);
}

int ng_shard_open(const char *path, struct ng_shard **ret_shard, struct ng_error *err)
{
	ng_cleanup(shard_closep) struct ng_shard *shard = calloc(1, sizeof(*shard));
	const uint8_t *data;
	size_t bytes;
	int r;

	if (!shard || !(shard->path = strdup(path)) || !(shard->chars = ng_chars_new()))
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	r = ng_shard_file_open(path, &shard->file, err);
	/* A file of what was removed is none. */
	if (r == 0 && ng_shard_file_section(shard->file, NG_SECTION_REMOVED, &data, &bytes))
		r = ng_segment_damaged(path, "it says which documents are removed", err);
	if (r == 0) {
		ng_shard_file_ask_heads(shard->file);
		r = segment_open(shard, err);
	}
	if (r == 0)
		r = documents_open(shard, err);
	if (r == -ENOMEM)
		ng_fail(err, r, "%s: out of memory", path);
	if ((r == 0 || r == -EUCLEAN) && shard->file && ng_shard_file_faulted(shard->file))
		r = ng_fail(err, -EIO, "%s: a part of it cannot be read", path);
	if (r < 0)
		return r;
	*ret_shard = ng_steal_ptr(&shard);
	return 0;
}

struct ng_shard *ng_shard_close(struct ng_shard *shard)
{
	if (!shard)
		return NULL;
	ng_removed_close(shard->removed);
	ng_frames_free(shard->meta);
	ng_frames_free(shard->text);
	ng_bwt_close(shard->bwt);
	ng_chars_free(shard->chars);
	ng_shard_file_close(shard->file);
	free(shard->path);
	free(shard);
	return NULL;
}

int ng_shard_remove(struct ng_shard *shard, const char *path, struct ng_error *err)
{
	ng_cleanup(ng_removed_closep) struct ng_removed *removed = NULL;
	int r = ng_removed_open(path, &removed, err);

	if (r < 0)
		return r;
	if (removed->params.shard_checksum != ng_shard_file_checksum(shard->file) ||
	    removed->params.shard_rows != shard->params.rows ||
	    (removed->docs.n && removed->docs.last >= shard->params.docs))
		return ng_fail(err, -EUCLEAN, "%s: is not of %s", path, shard->path);
	ng_removed_close(shard->removed);
	shard->removed = ng_steal_ptr(&removed);
	return 0;
}

void ng_shard_share(struct ng_shard *shard, struct ng_decoders *decoders)
{
	ng_frames_share(shard->meta, decoders);
	if (shard->text)
		ng_frames_share(shard->text, decoders);
}

int ng_shard_result(const struct ng_shard *shard, int r)
{
	if (r == -EUCLEAN || (r >= 0 && ng_shard_faulted(shard)))
		return ng_shard_damaged(shard);
	return r;
}
