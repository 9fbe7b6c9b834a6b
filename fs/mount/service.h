/* SPDX-License-Identifier: Apache-2.0 */
/* A mounted session at work: its loop, and the threads beside it. */
#pragma once

#include "mount/mount.h"
#include "files/preloading.h"

struct ng_service {
	struct fuse_session *session;
	struct ng_mount *mount;
	const char *mountpoint;
	int ready_fd;                            /* from ng_daemon_fork; -1 in the foreground */
	bool single;                             /* one request at a time */
	unsigned long_at_once;                   /* as the mount's calls have it */
	struct ng_preloading_options preloading; /* when, and how much */
	bool no_sandbox, debug;
	char **argv; /* of the process */
};

/* Keep SIGHUP for ng_service_run, whatever it did before: to be called before threads are started,
 * and before libfuse's handlers of signals, which leave it alone then. */
void ng_service_block_signals(void);

/* Serve until the filesystem is unmounted or a signal ends it. Tells when the mount answers
 * (ng_daemon_ready), has the mount's connection ended when it is killed (watch.h), gives up rights
 * (sandbox.h), opens the indexes again on SIGHUP, has the kernel let go of nodes. Returns 0, or
 * what the loop or starting a thread failed with. */
int ng_service_run(struct ng_service *service);
