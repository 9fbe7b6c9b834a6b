/* SPDX-License-Identifier: Apache-2.0 */
#include "build/shard_docs.h"

#include "format/segment_write.h"
#include "format/shardfile.h"

#define META_LEVEL  6 /* 19 takes a tenth of all CPU time, for a thousandth of the index */
#define STORE_LEVEL 19

int ng_shard_docs_begin(struct ng_shard_docs *docs, const struct ng_shard_docs_options *options,
			struct ng_error *err)
{
	int r = ng_frames_writer_new(META_LEVEL, options->threads, options->tmp, &docs->meta, err);

	if (r == 0 && options->text_store)
		r = ng_frames_writer_new(STORE_LEVEL, options->threads, options->tmp, &docs->store,
					 err);
	if (r == 0 && !options->facets.none && ng_facet_writer_new(&options->facets, &docs->facets))
		r = ng_fail(err, -ENOMEM, "out of memory for facets");
	return r;
}

void ng_shard_docs_clear(struct ng_shard_docs *docs)
{
	free(docs->ends);
	free(docs->meta_ends);
	ng_frames_writer_free(docs->meta);
	ng_frames_writer_free(docs->store);
	ng_facet_writer_free(docs->facets);
	*docs = (struct ng_shard_docs){0};
}

static int ends_grow(struct ng_shard_docs *docs)
{
	uint64_t cap = ng_max(2 * docs->cap, (uint64_t)4096);
	uint64_t *ends, *meta;

	if (docs->n < docs->cap)
		return 0;
	ends = reallocarray(docs->ends, cap, sizeof(*ends));
	if (ends)
		docs->ends = ends;
	meta = reallocarray(docs->meta_ends, cap, sizeof(*meta));
	if (meta)
		docs->meta_ends = meta;
	if (!ends || !meta)
		return -ENOMEM;
	docs->cap = cap;
	return 0;
}

static int facets_add(struct ng_shard_docs *docs, const char *meta, size_t meta_bytes,
		      struct ng_error *err)
{
	int r = ng_facet_writer_add(docs->facets, meta, meta_bytes);

	if (r == -EUCLEAN)
		return ng_fail(err, -EBADMSG, "the metadata of document %ju is no JSON object",
			       (uintmax_t)docs->n);
	return r < 0 ? ng_fail(err, r, "out of memory for facets") : 0;
}

int ng_shard_docs_add(struct ng_shard_docs *docs, const uint8_t *text, size_t text_bytes,
		      const char *meta, size_t meta_bytes, struct ng_error *err)
{
	int r;

	if (ends_grow(docs) < 0)
		return ng_fail(err, -ENOMEM, "out of memory for %ju documents", (uintmax_t)docs->n);
	r = ng_frames_writer_add(docs->meta, meta, meta_bytes, err);
	if (r == 0 && docs->store)
		r = ng_frames_writer_add(docs->store, text, text_bytes, err);
	if (r == 0 && docs->facets)
		r = facets_add(docs, meta, meta_bytes, err);
	if (r < 0)
		return r;
	docs->ends[docs->n] = ng_shard_docs_end(docs) + text_bytes;
	docs->meta_ends[docs->n] = (docs->n ? docs->meta_ends[docs->n - 1] : 0) + meta_bytes;
	docs->n++;
	return 0;
}

static int meta_starts_write(const struct ng_shard_docs *docs, struct ng_shard_writer *shard,
			     struct ng_error *err)
{
	ng_cleanup(ng_freep) uint64_t *starts = ng_starts_new(docs->n, err);

	if (!starts)
		return -ENOMEM;
	memcpy(starts + 1, docs->meta_ends, docs->n * sizeof(*starts));
	return ng_starts_write(shard, NG_SECTION_META_STARTS, starts, docs->n, err);
}

int ng_shard_docs_write(struct ng_shard_docs *docs, uint32_t sa_rate, struct ng_shard_writer *shard,
			struct ng_error *err)
{
	int r = ng_doc_starts_write(docs->ends, docs->n, sa_rate, shard, err);

	if (r == 0)
		r = meta_starts_write(docs, shard, err);
	if (r == 0)
		r = ng_frames_writer_finish(docs->meta, shard, NG_SECTION_META_FRAMES,
					    NG_SECTION_META_DIRECTORY, err);
	if (r == 0 && docs->store)
		r = ng_frames_writer_finish(docs->store, shard, NG_SECTION_TEXT_FRAMES,
					    NG_SECTION_TEXT_DIRECTORY, err);
	if (r == 0 && docs->facets)
		r = ng_facet_writer_finish(docs->facets, shard, err);
	return r;
}
