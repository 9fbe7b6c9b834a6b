/* SPDX-License-Identifier: Apache-2.0 */
/* The shards of indexes that are joined: that each is there, what the manifests say of it, and
 * there once. */
#pragma once

#include <sys/types.h>

#include "format/manifest.h"

struct ng_join_shard {
	const char *part; /* the index that it is of; borrowed */
	char *path;       /* of its file, to be opened; absolute */
	bool absolute;    /* its manifest says so, too */
	/* The same of the file of what was removed from it; NULL: nothing was. */
	char *removed;
	bool removed_absolute;
	struct ng_manifest_shard entry; /* what that says of it; file: borrowed */
	dev_t device;
	ino_t inode;
};

/* Look at each of them: its file's size and header, several at a time. -EUCLEAN: one is gone, or
 * another than its manifest means; -ENOMEM, -EINTR, and a file's errors, with err. */
int ng_join_shards_look(struct ng_join_shard *shards, size_t n, const ng_cancel *cancel,
			struct ng_error *err);

/* -EEXIST, with err naming both parts, where two of them are the same file or have the same
 * contents, by their checksums. -ENOMEM. O(n log n). */
int ng_join_shards_once(const struct ng_join_shard *shards, size_t n, struct ng_error *err);
