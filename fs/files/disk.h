/* SPDX-License-Identifier: Apache-2.0 */
/* What sessions keep on disk: in temporary files without names, within a bound for all of them. */
#pragma once

#include "base/buf.h"

struct ng_disk;

/* Where temporary files are made: what TMPDIR names, or /tmp. */
const char *ng_disk_directory(void);

/* Files are made in dir, which is copied; bytes_most is what they may hold together. -ENOMEM. All
 * functions below are thread-safe. */
int ng_disk_new(const char *dir, uint64_t bytes_most, struct ng_disk **ret_disk);
/* Nothing may be parked or reserved. */
struct ng_disk *ng_disk_free(struct ng_disk *disk);

/* A new file, for the caller to close: its descriptor, or what ng_tempfile_open fails with. */
int ng_disk_open(const struct ng_disk *disk);

/* Room for bytes more in such files, to be given back. -ENOSPC: beyond the bound. */
int ng_disk_reserve(struct ng_disk *disk, uint64_t bytes);
void ng_disk_give_back(struct ng_disk *disk, uint64_t bytes);

/* Buffers that are on disk. */
#define NG_PARKED_BUFS 3u

struct ng_parked {
	uint64_t offset;
	uint64_t bytes; /* of disk; 0: nothing is parked */
	size_t len[NG_PARKED_BUFS];
};

/* Write what is in n <= NG_PARKED_BUFS buffers to disk, in a file that all share, and free their
 * memory. *parked holds nothing before. On failure nothing is different: -ENOSPC and other errors
 * of files. */
int ng_disk_park(struct ng_disk *disk, size_t n, struct ng_buf *const bufs[],
		 struct ng_parked *parked);

/* Read it back into the same buffers, which are empty. On failure it stays parked: -ENOMEM, -EIO
 * and other errors of files. */
int ng_disk_unpark(struct ng_disk *disk, size_t n, struct ng_buf *const bufs[],
		   struct ng_parked *parked);

/* Forget it, if there is anything. */
void ng_disk_drop(struct ng_disk *disk, struct ng_parked *parked);
