/* SPDX-License-Identifier: Apache-2.0 */
/* What the mount tells the kernel without being asked: names to forget, and sizes. */
#pragma once

#include "names/node_number.h"

struct fuse_session;
struct ng_error;
struct ng_mount;

/* Ask the kernel to let go of nodes whenever the tree holds too many; returns after ng_nodes_stop.
 * Needs a thread of its own: the kernel may make it wait for a lookup under way. */
void ng_notify_evict(struct fuse_session *session, struct ng_mount *mount);

/* Serve the indexes as they are on disk now, and make the kernel forget what it has cached of those
 * that have changed. When this returns, every path from the mount point on shows the new state.
 * Returns their number; errors as ng_tree_reload. From the thread of ng_notify_evict's kind. */
int ng_notify_reload(struct fuse_session *session, struct ng_mount *mount, struct ng_error *err);

/* Let the kernel take a stream that is written for a very long file, by a byte far behind its end.
 * What asks through the page cache (stream.h) would otherwise take the end of what was just
 * written, where the answers begin, for that of the file, and read nothing. Errors as
 * fuse_lowlevel_notify_store. */
int ng_notify_lengthen(struct ng_mount *mount, ng_node_id id);
