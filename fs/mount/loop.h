/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that read requests from the kernel and have them answered.
 *
 * libfuse has such a loop, too; it ends the mount when there is no memory for one more thread's
 * buffer, and ends threads by pthread_cancel, which aborts the process where there is no memory, or
 * no descriptor, to load a library then. Here, a thread that cannot be had is done without. */
#pragma once

#include "base/base.h"

struct fuse_session;

struct ng_loop_options {
	unsigned threads_most; /* >= 1 */
	unsigned threads_idle; /* that stay when there is nothing to do */
	/* Called when the loop is to end, and again until no thread answers anything: have the
	 * answers given up. */
	void (*give_up)(void *userdata);
	void *userdata;
};

/* Serve until the filesystem is unmounted or fuse_session_exit was called, by a handler of signals
 * for instance: to be called from the main thread, with SIGINT and SIGTERM not blocked in it. Takes
 * SIGUSR1. Returns 0; -EBUSY: a thread waits for storage and does not come back, so that nothing it
 * may be using can be freed, and the process should be left by _exit; or what reading from the
 * kernel or starting the first thread failed with. */
int ng_loop_run(struct fuse_session *session, const struct ng_loop_options *options);
