/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon gives up once it has mounted: a fault in what it does with a stranger's index is
 * worth less then. */
#pragma once

#include "base/base.h"

/* What ng_sandbox_enter has put in force. */
struct ng_sandbox {
	bool no_new_privs; /* no program gives it rights */
	bool capabilities; /* of root's, those are left that reading and unmounting take */
	bool seccomp;      /* system calls that it has no use for fail with EPERM */
	bool landlock;     /* no file is changed or made but temporary ones */
};

struct ng_sandbox_options {
	const char *temporary; /* the directory of temporary files */
	bool unmounts;         /* it unmounts by itself, and not by the process of watch.h */
};

/* Give up rights, in this thread and those that it starts from here on: to be called before any is
 * started. Root unmounts by itself; anybody else has no rights but those that fusermount3 lends
 * when it unmounts, which this would take from it, so then nothing is given up. What the kernel
 * hasn't is left out; so is all of it under AddressSanitizer. Returns 0, or what the kernel said.
 *
 * Landlock says what may be written, and not what may be read: on SIGHUP an index is opened again
 * by its path, and a new one may have been renamed to there, or a link on the way points elsewhere
 * now; rules are about directories as they were. And it lets nobody unmount, so it is left out
 * where the daemon has to do that. */
int ng_sandbox_enter(const struct ng_sandbox_options *options, struct ng_sandbox *ret_sandbox);
