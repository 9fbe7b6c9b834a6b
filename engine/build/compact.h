/* SPDX-License-Identifier: Apache-2.0 */
/* Small shards of an index become larger ones. */
#pragma once

#include "build/builder.h"

/* Merge neighbouring shards of the index at options->output as far as options->shard_bytes (0:
 * twice the memory) allows, which gives the bytes that building it with such shards would have
 * given. What was removed is forgotten: its documents become empty ones, whose numbers stay free.
 * Documents keep their numbers. The manifest is exchanged in one step when all is on disk;
 * until then, and after an error, the index is as it was. Uses memory_bytes, threads, tmp_dir,
 * cancel and progress of the options. Errors as of ng_builder_new with append, and of merging. */
int ng_compact(const struct ng_build_options *options, struct ng_build_summary *ret_summary,
	       struct ng_error *err);
