/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file, FIFO or standard input as they are, and whether it stayed the same. */
#pragma once

#include "base/base.h"

struct ng_rawfile;

struct ng_rawfile_params {
	const char *path;  /* "-": standard input, when stdin_dash is set */
	const char *label; /* the name for messages */
	bool stdin_dash;
	bool regular_only;       /* refuse FIFOs, devices, ... (files found in a tree) */
	bool no_follow;          /* refuse symbolic links */
	const ng_cancel *cancel; /* may be NULL */
};

/* Open. The strings and cancel are borrowed. -EINVAL (unsuitable kind of file), -EINTR, -ENOMEM or
 * the errno of open(2), with err set. */
int ng_rawfile_open(const struct ng_rawfile_params *params, struct ng_rawfile **ret_file,
		    struct ng_error *err);
struct ng_rawfile *ng_rawfile_free(struct ng_rawfile *file);

/* The next bytes, at least one; good until the next call. 1, 0 at the end, -EINTR (also while a
 * pipe stays silent), -EBADMSG (a regular file has changed since it was opened: told at its end),
 * or the errno of read(2), with err set. A struct ng_rawfile is userdata. (An ng_feed_next.) */
int ng_rawfile_next(void *userdata, const uint8_t **ret_data, size_t *ret_len,
		    struct ng_error *err);

bool ng_rawfile_is_regular(const struct ng_rawfile *file);

/* Whether one may seek in it: a regular file, opened at its beginning. */
bool ng_rawfile_is_seekable(const struct ng_rawfile *file);

/* Its descriptor, for pread(2). */
int ng_rawfile_fd(const struct ng_rawfile *file);

/* Its size when it was opened (regular files). */
uint64_t ng_rawfile_size(const struct ng_rawfile *file);

/* Read on at this byte. Seekable files only. Returns 0 or the errno of lseek(2). */
int ng_rawfile_seek(struct ng_rawfile *file, uint64_t at, struct ng_error *err);

/* Is it still the file that was opened? 0 or -EBADMSG with err set. */
int ng_rawfile_check(const struct ng_rawfile *file, struct ng_error *err);

/* By read(2) so far; from any thread. */
uint64_t ng_rawfile_bytes(const struct ng_rawfile *file);

static inline void ng_rawfile_freep(struct ng_rawfile **file)
{
	ng_rawfile_free(*file);
}
