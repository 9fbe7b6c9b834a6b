/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that would change something: to all of them the answer is EROFS. The kernel refuses them
 * by itself on a read-only mount, and to users without rights; these are for root. */
#pragma once

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>

void ng_refuse_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev);
void ng_refuse_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void ng_refuse_remove(fuse_req_t req, fuse_ino_t parent, const char *name);
void ng_refuse_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void ng_refuse_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent,
		      const char *to_name, unsigned int flags);
void ng_refuse_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);
void ng_refuse_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi);
