/* SPDX-License-Identifier: Apache-2.0 */
/* Files and directories by what they are, not by how they are called: device and inode. Some
 * filesystems over the network give two files the same number; so where a file is to be left out
 * since it was read, its size and its time must be the same, too. */
#pragma once

#include <sys/stat.h>

#include "base/base.h"

struct ng_seen_id {
	uint64_t dev, ino;
	uint64_t stamp; /* size and time of a file; 0: they don't count */
};

/* A set; all zeroes is an empty one. Not thread-safe. */
struct ng_seen {
	struct ng_seen_id *slots; /* all zeroes: free */
	size_t cap, n;            /* cap: a power of two, or 0 */
	bool zero;                /* the id of all zeroes is in it, which no slot can hold */
};

static inline struct ng_seen_id ng_seen_id(const struct stat *st)
{
	return (struct ng_seen_id){.dev = (uint64_t)st->st_dev, .ino = (uint64_t)st->st_ino};
}

/* The same, of a file that isn't changed meanwhile. */
static inline struct ng_seen_id ng_seen_file_id(const struct stat *st)
{
	struct ng_seen_id id = ng_seen_id(st);

	id.stamp = ((uint64_t)st->st_mtim.tv_sec * 1000000007u + (uint64_t)st->st_mtim.tv_nsec) *
			   0x9e3779b97f4a7c15u ^
		   (uint64_t)st->st_size;
	return id;
}

/* Returns 1, 0 when it was there already, or -ENOMEM. 24 bytes an id, and as many free. O(1). */
int ng_seen_add(struct ng_seen *seen, struct ng_seen_id id);

bool ng_seen_has(const struct ng_seen *seen, struct ng_seen_id id);

/* Free; the set is empty afterwards. */
void ng_seen_clear(struct ng_seen *seen);
