/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>

#include "mount/mount.h"
#include "mount/notify.h"
#include "names/path.h"

/* Where no session comes to. */
#define FAR_OFFSET ((off_t)1 << 50)

int ng_notify_lengthen(struct ng_mount *mount, ng_node_id id)
{
	struct fuse_bufvec byte = FUSE_BUFVEC_INIT(1);

	byte.buf[0].mem = (void *)"";
	return fuse_lowlevel_notify_store(mount->session, id, FAR_OFFSET, &byte, 0);
}

void ng_notify_evict(struct fuse_session *session, struct ng_mount *mount)
{
	char name[NG_PATH_NAME_MAX + 1];
	ng_node_id parent;
	size_t len;

	/* Whether the kernel knew the name, or had dropped it already, makes no difference. */
	while (ng_nodes_next_victim(ng_tree_nodes(mount->tree), &parent, name, &len))
		fuse_lowlevel_notify_inval_entry(session, parent, name, len);
}

static void drop_name(void *userdata, ng_node_id dir, const char *name)
{
	/* This waits for lookups in dir under way, whose answers may be old, and takes along all
	 * that is cached below the name. */
	fuse_lowlevel_notify_inval_entry(userdata, dir, name, strlen(name));
}

int ng_notify_reload(struct fuse_session *session, struct ng_mount *mount, struct ng_error *err)
{
	int r = ng_tree_reload(mount->tree, drop_name, session, err);

	/* The root's times; no pages. */
	if (r > 0)
		fuse_lowlevel_notify_inval_inode(session, NG_NODE_ROOT, -1, 0);
	return r;
}
