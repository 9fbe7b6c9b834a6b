/* SPDX-License-Identifier: Apache-2.0 */
/* What workdir.c and workdir_publish.c share. */
#pragma once

#include <fcntl.h>

#include "build/dirlock.h"
#include "build/workdir.h"

struct ng_workdir {
	char *output; /* without slashes at its end */
	char *parent;
	char *path;
	/* In the parent: parts of output and path. */
	const char *name, *work_name;
	int parent_fd;
	struct ng_dirlock old;  /* what is to be replaced; an empty directory isn't locked */
	struct ng_dirlock work; /* not locked where there are no locks */
	bool published, kept;
};

static inline bool ng_workdir_has_file(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
