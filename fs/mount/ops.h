/* SPDX-License-Identifier: Apache-2.0 */
/* FUSE requests: decode, ask the tree, reply. */
#pragma once

#include "mount/call.h"
#include "tree/tree.h"

struct fuse_lowlevel_ops;
struct fuse_session;

/* What the operations work on: the session's userdata. */
struct ng_mount {
	struct ng_tree *tree;
	struct fuse_session *session;
	uid_t uid; /* who owns all files */
	gid_t gid;
	atomic_uint name_max; /* bytes a name may have, for statfs */
	atomic_bool starting; /* the kernel looks names up side by side, and isn't answered yet */
	bool no_streams;      /* the tree has none */
	bool no_open, no_opendir; /* the kernel does without these requests; set by init */
	atomic_llong logged_at;   /* second of the last line about a damaged index */
	atomic_llong refused_at;  /* of the last line about a question that was refused */
	atomic_ulong unlogged;    /* failures since then */
	struct ng_calls *calls;
};

extern const struct fuse_lowlevel_ops ng_ops;

/* Ask the kernel to let go of nodes whenever the tree holds too many; returns after ng_nodes_stop.
 * Needs a thread of its own: the kernel may make it wait for a lookup under way. */
void ng_ops_evict(struct fuse_session *session, struct ng_mount *mount);

/* Serve the indexes as they are on disk now, and make the kernel forget what it has cached of those
 * that have changed. When this returns, every path from the mount point on shows the new state.
 * Returns their number; errors as ng_tree_reload. From the thread of ng_ops_evict's kind. */
int ng_ops_reload(struct fuse_session *session, struct ng_mount *mount, struct ng_error *err);
