/* SPDX-License-Identifier: Apache-2.0 */
/* Build an index: documents in, shards and a manifest out. */
#pragma once

#include "format/facet_writer.h"
#include "merge/phase.h"

struct ng_builder;
struct ng_manifest;

struct ng_build_progress {
	enum ng_build_phase phase;
	uint32_t shard;       /* number of the shard being made, from 0 */
	uint64_t done_bytes;  /* of total_bytes, in this phase of this shard */
	uint64_t total_bytes; /* 0: unknown */
	/* Of the whole build: nanoseconds that its steps would take on another machine
	 * (merge/cost.h). Good for their proportion, and as a first guess. What a build that goes
	 * on finds done is in neither. The total is estimated from the input's size and grows or
	 * shrinks until all of it is read. */
	uint64_t work_done;
	uint64_t work_total; /* 0: unknown */
};

struct ng_build_options {
	const char *output;          /* path of the index directory to make */
	bool force;                  /* replace an index that is there */
	bool append;                 /* add to an index that is there; not with force */
	bool resume;                 /* go on with a build that was interrupted, if there is one */
	uint64_t input_bytes;        /* of all sources, for the room on disk; 0: unknown */
	uint64_t shard_bytes;        /* text and separators a shard at most; 0: twice the memory */
	uint64_t batch_bytes;        /* of these, sorted at once at most; 0: as memory allows */
	uint64_t memory_bytes;       /* bound on the process; 0: half of the machine's (memory.h) */
	uint64_t input_memory_bytes; /* of that, for reading: ng_memory_for_input */
	const char *outside;         /* where shards that are there may lie: shardpath.h */
	const char *tmp_dir;         /* for what is not needed to resume; NULL: beside the output */
	unsigned threads;            /* 0: as many as there are processors */
	/* The next two are those of the index when appending; any other is refused. */
	uint32_t sa_sampling; /* NG_SA_RATE_MIN..NG_SA_RATE_MAX; 0: NG_SA_RATE_DEFAULT */
	bool text_store;
	struct ng_facet_options
		facets; /* of the metadata; borrowed; ng_compact takes the index's */
	/* What the manifest says about how the documents were read ("--name=value"), for who
	 * appends others; when appending, these take the place of those that are there. */
	const char *const *remembered;
	size_t n_remembered;
	/* When appending: the manifest that these and others were chosen by, before there was a
	 * lock. -ESTALE where the index remembers something else by now. NULL: none. */
	const struct ng_manifest *known;
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
	/* Of these, what the build has added: all, unless it appended. */
	uint64_t added_docs;
	uint64_t added_text_bytes;
	uint64_t added_index_bytes;
	uint32_t added_shards;
};

/* Begin. Makes a working directory beside output; refuses an output that exists (-EEXIST) unless
 * force is set and it is an index. With append, output must be an index (-ENOENT, -ENOTDIR,
 * -EPROTO): the new documents' numbers follow those of the old, whose shards aren't touched. An
 * index is replaced or added to by one at a time (-EBUSY). Not thread-safe. Strings and callbacks
 * are borrowed until ng_builder_free. Returns also -EINVAL (options), -ESTALE, -EOPNOTSUPP (see
 * dirlock.h), -ENOMEM, -EACCES, -ENOSPC, with err set. */
int ng_builder_new(const struct ng_build_options *options, struct ng_builder **ret_builder,
		   struct ng_error *err);

/* Append a document (any bytes; text_bytes may be 0) and its metadata (a JSON object). Both are
 * copied. Makes a shard whenever one is full, which takes long. -E2BIG, with err set: the document
 * is larger than memory allows and was not added; the builder goes on without it. -EINTR when
 * cancelled, -ENOSPC and others with err set; after these the builder can only be freed. */
int ng_builder_add(struct ng_builder *builder, const uint8_t *text, size_t text_bytes,
		   const char *meta, size_t meta_bytes, struct ng_error *err);

/* So many bytes of all the input's have been read (0: unknown), as ng_source_stats says: what is
 * still to come is estimated from it. Cheap: for each document. */
void ng_builder_input(struct ng_builder *builder, uint64_t read_bytes, uint64_t total_bytes);

/* How far the build is, between two documents: what options.progress is told while they are waited
 * for. */
void ng_builder_progress(const struct ng_builder *builder, struct ng_build_progress *ret_progress);

/* Make the last shard and the manifest, sync, and rename the index, or only the manifest when
 * appending, into its place: all of it is there, or nothing. */
int ng_builder_finish(struct ng_builder *builder, struct ng_build_summary *ret_summary,
		      struct ng_error *err);

/* Whether an unfinished build has finished anything that is worth to go on with (options->resume);
 * then ng_builder_free leaves it. */
bool ng_builder_keep(struct ng_builder *builder);

/* Free; what an unfinished build has written is removed, unless it is kept. */
struct ng_builder *ng_builder_free(struct ng_builder *builder);

static inline void ng_builder_freep(struct ng_builder **builder)
{
	ng_builder_free(*builder);
}
