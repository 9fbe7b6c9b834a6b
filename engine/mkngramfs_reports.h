/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a build writes about its input: --skip-bad and --list-passed. */
#pragma once

#include "mkngramfs_options.h"

/* The files of a build must not lie in a tree that it reads: it would read what it writes. -EINVAL:
 * path would; -ENOMEM, or what its directory failed with. */
int report_check_outside(const struct arguments *args, const char *path, struct ng_error *err);

/* Make the file at path, which the option names; *ret_file stays as it is where path is NULL.
 * -EEXIST: there is one that says something, and neither --force nor --resume is given; what
 * report_check_outside or fopen failed with. */
int report_open(const struct arguments *args, const char *option, const char *path, FILE **ret_file,
		struct ng_error *err);

/* file may be NULL. The error is that of writing. */
int report_flush(FILE *file, const char *path, struct ng_error *err);

/* Close it. One that says nothing about a run that failed goes away. Returns whether it stays;
 * false where file is NULL. */
bool report_close(FILE *file, const char *path, bool failed);
