/* SPDX-License-Identifier: Apache-2.0 */
/* A process that ends the mount's connection when the daemon is killed, and unmounts for a daemon
 * that has given up the right to.
 *
 * The kernel does so itself once nothing of the daemon is left; but a thread of it that asks the
 * kernel to forget a name may wait there for a directory that a reader holds, who waits for the
 * daemon, and such a thread can't be killed: both would wait for ever. */
#pragma once

#include "base/base.h"

/* Start it, from the main thread, before any other is started. argv: the process's own, for which
 * the other one is not to be taken; it is blanked there. *ret_fd is for those below. -EAGAIN,
 * -ENOMEM, -EMFILE. */
int ng_watch_start(char **argv, const char *mountpoint, int *ret_fd);

/* Tell it which mount it is, which must be there; nothing is asked of the filesystem. Where it
 * can't end a connection (no fusectl, and no right to mount it), nothing is watched. */
void ng_watch_mount(int fd, const char *mountpoint);

/* Have it unmounted, now or, where it is in use, as soon as it no longer is. -EPIPE: the process is
 * gone; or what umount2 says. */
int ng_watch_unmount(int fd);

/* The daemon ends in good order. */
void ng_watch_stop(int fd);
