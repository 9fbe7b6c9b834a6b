/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/reply.h"

#include <time.h>

/* Where an index is damaged is said once a shard, that a request failed in one line a second at
 * most, so that a damaged index doesn't fill the disk with its log. */
static void log_damage(struct ng_mount *mount, ng_node_id id, int r)
{
	long long now = time(NULL), before = atomic_load(&mount->logged_at);
	unsigned long unlogged;
	struct ng_error where;

	while (r == -EUCLEAN && ng_tree_take_damage(mount->tree, id, &where))
		fuse_log(FUSE_LOG_ERR, "ngramfs: %s: error: %s\n", ng_tree_path(mount->tree, id),
			 where.text);
	if (now == before || !atomic_compare_exchange_strong(&mount->logged_at, &before, now)) {
		atomic_fetch_add(&mount->unlogged, 1);
		return;
	}
	unlogged = atomic_exchange(&mount->unlogged, 0);
	fuse_log(FUSE_LOG_ERR,
		 "ngramfs: %s: error: %s; a request failed, and %lu before it since the last line; "
		 "%s\n",
		 ng_tree_path(mount->tree, id),
		 r == -EUCLEAN ? "the index is damaged" : "a part of it cannot be read", unlogged,
		 r == -EUCLEAN ? "check the index with ngramfsck" : "the next one tries again");
}

/* In one line a second at most, too; what is passed over was refused for its own reason. */
static void log_refusal(struct ng_mount *mount, ng_node_id id)
{
	long long now = time(NULL), before = atomic_load(&mount->refused_at);
	struct ng_error why;

	if (ng_tree_take_refusal(mount->tree, &why) && now != before &&
	    atomic_compare_exchange_strong(&mount->refused_at, &before, now))
		fuse_log(FUSE_LOG_WARNING, "ngramfs: %s: %s\n", ng_tree_path(mount->tree, id),
			 why.text);
}

/* The errno to reply with. */
static int reply_errno(struct ng_mount *mount, ng_node_id id, int r)
{
	if (r == -EOVERFLOW || r == -EINVAL)
		log_refusal(mount, id);
	if (r != -EUCLEAN && r != -EIO)
		return -r;
	if (r == -EIO)
		ng_tree_suspect(mount->tree, id);
	log_damage(mount, id, r);
	return EIO;
}

bool ng_reply_take(struct ng_call *call, int r)
{
	int err = r ? reply_errno(call->userdata, call->node, r) : 0;
	bool taken = ng_call_take(call);

	if (taken && err)
		fuse_reply_err(call->req, err);
	return taken && !err;
}

void ng_reply_fill_stat(const struct ng_mount *mount, const struct ng_entry *entry,
			struct stat *ret_stat)
{
	ng_tree_stat(entry, ret_stat);
	ret_stat->st_uid = mount->uid;
	ret_stat->st_gid = mount->gid;
}

void ng_reply_fill_entry(const struct ng_mount *mount, const struct ng_entry *entry,
			 struct fuse_entry_param *ret_param)
{
	*ret_param = (struct fuse_entry_param){
		.ino = entry->id,
		.attr_timeout = entry->stream ? 0 : NG_TIMEOUT_SECONDS,
		.entry_timeout = entry->uncacheable || entry->stream ? 0 : NG_TIMEOUT_SECONDS,
	};
	ng_reply_fill_stat(mount, entry, &ret_param->attr);
}
