/* SPDX-License-Identifier: Apache-2.0 */
/* Whole buffers to and from descriptors: short reads and writes are gone on with, as is what a
 * signal interrupted. A call costs one system call where the kernel does all of it at once. Any
 * number of threads may use those with an offset on one descriptor. */
#pragma once

#include "base/base.h"

/* Read len bytes at the offset. Fewer come only where the file ends: *ret_len is how many; with a
 * NULL there that is -EIO. Returns 0 or what pread did; *ret_len is then how many came before. */
int ng_file_read_at(int fd, void *buf, size_t len, uint64_t offset, size_t *ret_len);

/* Write len bytes at the offset. Returns 0 or what pwrite did, such as -ENOSPC; -EIO where it does
 * nothing and doesn't say why. *ret_len, which may be NULL, is how many bytes were written, of a
 * call that failed as well. */
int ng_file_write_at(int fd, const void *data, size_t len, uint64_t offset, size_t *ret_len);

/* The same where the descriptor stands, which may be a pipe's. The descriptor is left behind what
 * was read or written. Not for descriptors that don't block: -EAGAIN is an error like others. */
int ng_file_read(int fd, void *buf, size_t len, size_t *ret_len);
int ng_file_write(int fd, const void *data, size_t len, size_t *ret_len);

/* Open a file that this process writes under a name that others may know, and makes if it isn't
 * there: not through a symbolic link, and only one that has no other name. flags as open(2) takes
 * them, without O_CREAT. -ELOOP, -EEXIST (it is no such file), and open(2)'s errors. */
int ng_file_make(int dir_fd, const char *path, int flags, int *ret_fd);

/* A file, and where it is opened from, so that it is in the directory that was looked at even where
 * another one has taken that one's path meanwhile. */
struct ng_file_at {
	int dir_fd;       /* of the directory that holds it, borrowed; AT_FDCWD: path says it all */
	const char *path; /* for messages; its last component is the name in the directory */
};

/* What openat(2) and its like take, beside dir_fd, as the file's path: a part of file->path. */
const char *ng_file_name(const struct ng_file_at *file);

/* What to do about the error of a write, to be put behind its text: something about room for
 * -ENOSPC and -EDQUOT, "" for all others. */
const char *ng_file_advice(int code);
