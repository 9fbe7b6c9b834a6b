/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to list a directory. */
#pragma once

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>

void ng_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void ng_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		struct fuse_file_info *fi);
void ng_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi);
