/* Build an index: documents in, shards and a manifest out. */
#pragma once

#include "base/base.h"

struct ng_builder;

enum ng_build_phase {
	NG_PHASE_READ,   /* documents are coming in; the caller knows how far */
	NG_PHASE_SORT,   /* suffix sorting */
	NG_PHASE_ENCODE, /* BWT blocks, samples */
	NG_PHASE_STORE,  /* text and metadata */
	NG_PHASE_SYNC,   /* to disk, and the rename */
};

struct ng_build_progress {
	enum ng_build_phase phase;
	uint32_t shard;       /* number of the shard being made, from 0 */
	uint64_t done_bytes;  /* of total_bytes, in this phase of this shard */
	uint64_t total_bytes; /* 0: unknown */
};

struct ng_build_options {
	const char *output;    /* path of the index directory to make */
	bool force;            /* replace an index that is there */
	uint64_t shard_bytes;  /* text bytes a shard at most; 0: as large as memory allows */
	uint64_t memory_bytes; /* bound on the process; 0: half of the machine's */
	unsigned threads;      /* 0: as many as there are processors */
	uint32_t sa_sampling;  /* NG_SA_RATE_MIN..NG_SA_RATE_MAX; 0: 52 */
	bool text_store;
	const ng_cancel *cancel; /* may be NULL */
	/* Called from the builder's thread at least several times a second; may be NULL. */
	void (*progress)(void *userdata, const struct ng_build_progress *progress);
	void *userdata;
};

struct ng_build_summary {
	uint64_t docs;
	uint64_t text_bytes;
	uint64_t index_bytes; /* on disk */
	uint32_t shards;
};

/* Begin. Makes a working directory beside output; refuses an output that exists (-EEXIST) unless
 * force is set and it is an index. Not thread-safe. Strings and callbacks are borrowed until
 * ng_builder_free. Returns also -EINVAL (options), -ENOMEM, -EACCES, -ENOSPC, with err set. */
int ng_builder_new(const struct ng_build_options *options, struct ng_builder **ret_builder,
		   struct ng_error *err);

/* Append a document (any bytes; text_bytes may be 0) and its metadata (a JSON object). Both are
 * copied. Makes a shard whenever one is full, which takes long. -EINTR when cancelled, -ENOSPC
 * and others with err set; after an error the builder can only be freed. */
int ng_builder_add(struct ng_builder *builder, const uint8_t *text, size_t text_bytes,
		   const char *meta, size_t meta_bytes, struct ng_error *err);

/* Make the last shard and the manifest, sync, and rename the index into its place: it is there
 * whole, or not at all. */
int ng_builder_finish(struct ng_builder *builder, struct ng_build_summary *ret_summary,
		      struct ng_error *err);

/* Free; an unfinished build's working directory is removed. */
struct ng_builder *ng_builder_free(struct ng_builder *builder);

static inline void ng_builder_freep(struct ng_builder **builder)
{
	ng_builder_free(*builder);
}
