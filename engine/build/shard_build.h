/* SPDX-License-Identifier: Apache-2.0 */
/* Shards and segments written: documents sorted in one go, and a shard from the segment that its
 * documents were merged into. */
#pragma once

#include "build/shard_docs.h"
#include "merge/phase.h"
#include "sort/batch.h"

struct ng_shard_options {
	uint32_t sa_rate;
	unsigned threads;
	uint64_t resident_bytes; /* beyond this, pages of files that are read are given back */
	const ng_cancel *cancel;
};

/* Write the shard of a batch, which docs are of, to a file; *ret_bytes: its size, *ret_checksum:
 * for the manifest. Releases the batch's memory as soon as it isn't needed. -EINTR, -ENOMEM,
 * -EFBIG, or what writing gives. */
int ng_shard_build(struct ng_batch *batch, struct ng_shard_docs *docs,
		   const struct ng_shard_options *options, struct ng_file_at file,
		   struct ng_shard_progress *progress, uint64_t *ret_bytes, uint64_t *ret_checksum,
		   struct ng_error *err);

/* The same for a segment of it. */
int ng_segment_build(struct ng_batch *batch, const struct ng_shard_options *options,
		     struct ng_file_at file, struct ng_shard_progress *progress,
		     uint64_t *ret_bytes, uint64_t *ret_checksum, struct ng_error *err);

/* Write the shard of a segment, which docs are of: the same bytes as if all of its documents had
 * been a batch. */
int ng_shard_complete(struct ng_file_at segment_file, struct ng_shard_docs *docs,
		      const struct ng_shard_options *options, struct ng_file_at file,
		      struct ng_shard_progress *progress, uint64_t *ret_bytes,
		      uint64_t *ret_checksum, struct ng_error *err);
