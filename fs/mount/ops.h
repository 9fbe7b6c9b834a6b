/* SPDX-License-Identifier: Apache-2.0 */
/* FUSE requests: decode, ask the tree, reply. Their userdata is a struct ng_mount (mount.h). */
#pragma once

struct fuse_lowlevel_ops;

extern const struct fuse_lowlevel_ops ng_ops;
