/* SPDX-License-Identifier: Apache-2.0 */
/* One index of many, without reading their text: a manifest that names their shards where they
 * are. */
#pragma once

#include "build/builder.h"

struct ng_join_options {
	const char *output;       /* path of the index directory to make */
	const char *const *parts; /* paths of indexes, in the order of their documents */
	size_t n_parts;
	bool absolute;       /* name shards by absolute paths, not by relative ones */
	bool force;          /* replace an index that is at output */
	bool resume;         /* do nothing where output is this very index already */
	const char *outside; /* where shards of parts that were joined may lie: shardpath.h */
	const ng_cancel *cancel;
	/* Called with a text for the user that is no error; may be NULL. */
	void (*note)(void *userdata, const char *text);
	void *userdata;
};

/* Make the index whose shards are those of all parts: the first document of a part has the number
 * behind the last one of the part before. What a part says of how its documents were read is kept
 * where all say the same. The shards' headers are read, which must be what the manifests say; the
 * parts stay as they are, and may be joined indexes themselves. output is made beside its place and
 * renamed, as a build is. A shard that is named absolutely stays so; other paths are relative to
 * output, so that they hold as long as it and the parts are moved together.
 *
 * -EINVAL: no part, or parts that differ in what they must have in common; -EEXIST: the same shard
 * twice, or output is there; -EUCLEAN: a shard is gone, or is another; -EPERM: see shardpath.h;
 * -EOVERFLOW: more documents or bytes than an index can have; and what ng_manifest_read and
 * ng_builder_new return. All with err, which names the part. O(parts + shards). */
int ng_join(const struct ng_join_options *options, struct ng_build_summary *ret_summary,
	    struct ng_error *err);
