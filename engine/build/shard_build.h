/* Shards and segments written: documents sorted in one go, and a shard from the segment that its
 * documents were merged into. */
#pragma once

#include "build/builder.h"
#include "build/shard_docs.h"

/* Documents that are sorted in one go: a batch. */
struct ng_batch {
	uint8_t *bytes; /* mapping of cap bytes: documents, each followed by a 0 */
	size_t n, cap;
	uint64_t *doc_ends; /* positions of those zeroes */
	uint64_t docs, docs_cap;
	bool has_nul;
};

struct ng_shard_options {
	uint32_t sa_rate;
	unsigned threads;
	uint64_t resident_bytes; /* beyond this, pages of files that are read are given back */
	const ng_cancel *cancel;
};

/* How far it is; read by other threads. */
struct ng_shard_progress {
	_Atomic int phase; /* enum ng_build_phase */
	_Atomic uint64_t done_bytes, total_bytes;
};

/* A batch without documents, for as many as can be sorted; memory comes with use. -ENOMEM. */
int ng_batch_begin(struct ng_batch *batch);
int ng_batch_add(struct ng_batch *batch, const uint8_t *text, size_t text_bytes);
void ng_batch_clear(struct ng_batch *batch);

/* Write the shard of a batch, which docs are of, to path; *ret_bytes: its size, *ret_checksum: for
 * the manifest. Releases the batch's memory as soon as it isn't needed. -EINTR, -ENOMEM, -EFBIG, or
 * what writing gives. */
int ng_shard_build(struct ng_batch *batch, struct ng_shard_docs *docs,
		   const struct ng_shard_options *options, const char *path,
		   struct ng_shard_progress *progress, uint64_t *ret_bytes, uint64_t *ret_checksum,
		   struct ng_error *err);

/* The same for a segment of it. */
int ng_segment_build(struct ng_batch *batch, const struct ng_shard_options *options,
		     const char *path, struct ng_shard_progress *progress, uint64_t *ret_bytes,
		     uint64_t *ret_checksum, struct ng_error *err);

/* Write the shard of a segment, which docs are of: the same bytes as if all of its documents had
 * been a batch. */
int ng_shard_complete(const char *segment_path, struct ng_shard_docs *docs,
		      const struct ng_shard_options *options, const char *path,
		      struct ng_shard_progress *progress, uint64_t *ret_bytes,
		      uint64_t *ret_checksum, struct ng_error *err);

/* Write the samples of a BWT's marked rows, numbers[0..n-1]. looked, which may be NULL, is called
 * whenever some more of them were read, as in ng_frequent_search. Errors are the writer's. */
int ng_samples_write(struct ng_shard_writer *shard, const uint32_t *numbers, uint64_t n,
		     void (*looked)(void *userdata), void *userdata, struct ng_error *err);

void ng_shard_phase(struct ng_shard_progress *progress, enum ng_build_phase phase, uint64_t total);
