/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an index: the containers of shards, and the manifest. */
#pragma once

#include "check/checker.h"
#include "format/manifest.h"

/* Open a shard and check every byte of it against its checksums. *ret_file is NULL when its header
 * or its table is too damaged; the caller closes it. Errors: see checker.h. */
int ng_check_container(struct ng_checker *checker, const char *path,
		       struct ng_shard_file **ret_file);

/* What the manifest says of an open shard, against the shard itself; against its parameters only
 * when these are sound. */
void ng_check_manifest_shard(struct ng_checker *checker, const struct ng_manifest *manifest,
			     const struct ng_manifest_shard *entry,
			     const struct ng_shard_file *file, bool params_sound);
