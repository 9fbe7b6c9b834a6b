/* SPDX-License-Identifier: Apache-2.0 */
/* Going to the background, and telling when a mount answers. */
#pragma once

#include "base/base.h"

/* Fork. In the child returns 0 with *ret_ready_fd, which ng_daemon_ready takes. In the parent waits
 * until the child is ready or has ended, and returns 1 with *ret_status: the status to exit with,
 * 0 or the child's. Call it before any thread is started. */
int ng_daemon_fork(int *ret_ready_fd, int *ret_status);

/* The child: tell the parent, leave its session, directory and terminal. Closes ready_fd. */
void ng_daemon_ready(int ready_fd);

/* Wait until the filesystem at mountpoint answers a lookup, and find out how long a name it lets
 * through: *ret_name_max is 4,095 bytes, or 1,023 before Linux 6.15 or so. -ENOTCONN when it went
 * away. To be called from a thread that doesn't serve the filesystem. */
int ng_daemon_probe(const char *mountpoint, unsigned *ret_name_max);
