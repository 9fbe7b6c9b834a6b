/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a shard that is being made, without their text's order: where each begins, its
 * metadata, and its text where that is stored. */
#pragma once

#include "format/facet_writer.h"
#include "format/frames.h"

struct ng_shard_docs {
	uint64_t n, cap;
	uint64_t *ends;      /* positions of the separators in the shard's text */
	uint64_t *meta_ends; /* end of each document's metadata in its stream */
	struct ng_frames_writer *meta;
	struct ng_frames_writer *store; /* NULL: no text store */
	struct ng_facet_writer *facets; /* NULL: none */
};

struct ng_shard_docs_options {
	bool text_store;
	unsigned threads;               /* that compress */
	struct ng_tempdir tmp;          /* where compressed frames wait */
	struct ng_facet_options facets; /* borrowed */
};

/* Begin a shard; docs is all zeroes. -ENOMEM, or a temporary file's error, with err set; to be
 * cleared in any case. */
int ng_shard_docs_begin(struct ng_shard_docs *docs, const struct ng_shard_docs_options *options,
			struct ng_error *err);

/* Append a document. Errors as before; -EBADMSG: its metadata is no JSON object. */
int ng_shard_docs_add(struct ng_shard_docs *docs, const uint8_t *text, size_t text_bytes,
		      const char *meta, size_t meta_bytes, struct ng_error *err);

/* Memory that the documents' facets take, without what doesn't grow with their number. */
static inline uint64_t ng_shard_docs_facet_bytes(const struct ng_shard_docs *docs)
{
	return docs->facets ? ng_facet_writer_bytes(docs->facets) : 0;
}

/* Position behind the last separator. */
static inline uint64_t ng_shard_docs_end(const struct ng_shard_docs *docs)
{
	return docs->n ? docs->ends[docs->n - 1] + 1 : 0;
}

void ng_shard_docs_clear(struct ng_shard_docs *docs);

/* Write everything about documents that a shard has: what ng_doc_starts_write does, and the
 * sections of metadata, of facets and of the text store. The frames are finished: once. */
int ng_shard_docs_write(struct ng_shard_docs *docs, uint32_t sa_rate, struct ng_shard_writer *shard,
			struct ng_error *err);
