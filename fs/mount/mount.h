/* SPDX-License-Identifier: Apache-2.0 */
/* A mount: what its requests and the threads beside them share. */
#pragma once

#include "mount/call.h"
#include "tree/tree.h"

struct fuse_session;

/* The session's userdata. */
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
