/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in one directory side by side, and beside its listing. The kernel makes them so where the
 * answer to its first request says FUSE_PARALLEL_DIROPS, which libfuse before 3.17.1 never does,
 * whatever init wants. */
#pragma once

struct fuse_session;

/* Have the session say it, by sending its answers through a function here. The session must be
 * mounted and its loop not begun; its userdata is a struct ng_mount (mount.h), whose `starting`
 * init sets where the kernel can make such lookups. Where libfuse says so itself, nothing is
 * changed. -ENOMEM. */
int ng_parallel_lookups_offer(struct fuse_session *session);
