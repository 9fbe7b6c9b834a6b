/* One shard: its documents sorted, packed and written. */
#pragma once

#include "build/builder.h"
#include "index/frames.h"

/* The documents of a shard, collected. */
struct ng_shard_text {
	uint8_t *bytes; /* mapping of cap bytes: documents, each followed by a 0 */
	size_t n, cap;
	uint64_t *doc_ends;  /* positions of those zeroes */
	uint64_t *meta_ends; /* end of each document's metadata in its stream */
	uint64_t docs, docs_cap;
	bool has_nul;
	struct ng_frames_writer *meta;
	struct ng_frames_writer *store; /* NULL: no text store */
};

struct ng_shard_options {
	uint32_t sa_rate;
	unsigned threads;
	const ng_cancel *cancel;
};

/* How far it is; read by other threads. */
struct ng_shard_progress {
	_Atomic int phase; /* enum ng_build_phase */
	_Atomic uint64_t done_bytes, total_bytes;
};

void ng_shard_text_clear(struct ng_shard_text *text);

/* Write the shard to path; *ret_bytes: its size, *ret_checksum: for the manifest. Releases text's
 * memory as soon as it isn't needed. -EINTR, -ENOMEM, -EFBIG, or what writing gives. */
int ng_shard_build(struct ng_shard_text *text, const struct ng_shard_options *options,
		   const char *path, struct ng_shard_progress *progress, uint64_t *ret_bytes,
		   uint64_t *ret_checksum, struct ng_error *err);
