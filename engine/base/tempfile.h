/* SPDX-License-Identifier: Apache-2.0 */
/* Files for a while: they have no name, so that nothing is left when the process is killed. */
#pragma once

#include <fcntl.h>

#include "base/base.h"

/* The directory for them. */
struct ng_tempdir {
	const char *path;
	int fd; /* of the directory, borrowed; AT_FDCWD: path is opened each time */
};

#define NG_TEMPDIR(path) ((struct ng_tempdir){path, AT_FDCWD})

/* A file in a directory, opened for reading and writing, that is gone once it is closed. Where the
 * filesystem has no files without names it has one for a moment. Returns its descriptor, or what
 * openat did. */
int ng_tempfile_open(struct ng_tempdir dir);
