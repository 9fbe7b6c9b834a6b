/* SPDX-License-Identifier: Apache-2.0 */
/* Neighbouring shards of an index become one. */
#pragma once

#include "base/tempfile.h"
#include "build/appenddir.h"
#include "build/builder.h"
#include "build/facet_options.h"
#include "build/memory.h"
#include "format/manifest.h"
#include "format/shardpath.h"
#include "merge/phase.h"

/* A merge of an index, of compact.c. */
struct ng_compaction {
	struct ng_build_options options;
	struct ng_memory_plan plan;
	struct ng_appenddir *dir;
	struct ng_shard_paths *paths; /* of the old shards */
	struct ng_tempdir tmp;
	struct ng_manifest old, all, fresh; /* all: both, for names that nobody has */
	struct ng_facet_options facets;     /* of the index */
	struct ng_shard_progress progress;
	uint64_t work; /* of all that is merged */
	size_t shard;  /* number of the one that is being made */
	uint32_t sa_rate;
};

/* Merge shards [first, end) of m->old, and add the new one to m->all and m->fresh. Removed
 * documents become empty ones. Errors as ng_compact. */
int ng_compact_group(struct ng_compaction *m, size_t first, size_t end, struct ng_error *err);
