/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of a shard that is there, to be put into another: metadata, and text where that is
 * stored. */
#pragma once

#include "build/shard_docs.h"
#include "format/ef.h"
#include "format/manifest.h"
#include "format/removed.h"

struct ng_shard_contents {
	struct ng_shard_file *file;
	struct ng_removed *removed;    /* NULL: nothing is; the opener's to fill in */
	struct ng_frames *meta, *text; /* text: NULL: none */
	struct ng_ef meta_starts, doc_starts;
	uint64_t resident_bytes; /* beyond this, pages of the file are given back */
};

/* Open the shard that a manifest names and check every byte of it, since damage mustn't get new
 * checksums; contents has resident_bytes only, and is to be closed in any case. -EUCLEAN (damaged,
 * or another shard), -ENOMEM, -EINTR, and a file's errors, with err set. */
int ng_shard_contents_open(struct ng_shard_contents *c, struct ng_file_at at,
			   const struct ng_manifest_shard *shard, bool text_store,
			   const ng_cancel *cancel, struct ng_error *err);
void ng_shard_contents_close(struct ng_shard_contents *c);

/* Give back pages where the process has too many. */
void ng_shard_contents_limit(const struct ng_shard_contents *c);

/* Add document d to docs. meta and text are buffers to be used again. -EUCLEAN, -ENOMEM, and errors
 * of ng_shard_docs_add, with err set. */
int ng_shard_contents_copy(struct ng_shard_contents *c, uint64_t d, const char *path,
			   struct ng_buf *meta, struct ng_buf *text, struct ng_shard_docs *docs,
			   struct ng_error *err);
