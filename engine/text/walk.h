/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a directory tree, in byte order of their paths. Symbolic links are followed, to
 * files as well as to directories, unless they are not to be. A directory that was entered before
 * is passed over, so that loops end; so are FIFOs, sockets, devices, and links that lead nowhere.
 */
#pragma once

#include "text/passed.h"
#include "text/seen.h"

struct ng_walk;

struct ng_walk_options {
	bool no_follow;            /* pass symbolic links over, below the root */
	struct ng_seen *dirs;      /* those entered, by this walk and others before it; borrowed */
	const struct ng_seen *own; /* what the build writes, which is passed over; borrowed */
};

struct ng_walk_entry {
	const char *path;           /* root, "/" and the path below it; good until the next call */
	bool is_passed;             /* it is no file to be read, */
	enum ng_passed_kind passed; /* but this. Else: */
	bool may_come_again;        /* it may be reached by another name: it was by a link, or has
				     * several names */
	struct ng_seen_id id;
	uint64_t bytes;
};

/* root is copied; it is not opened before the first ng_walk_next. -ENOMEM. */
int ng_walk_new(const char *root, const struct ng_walk_options *options, struct ng_walk **ret_walk);
struct ng_walk *ng_walk_free(struct ng_walk *walk);

/* The next file, or what is passed over in its place. Memory: the names of one directory a level.
 * Returns 1, 0 at the end, or a negative errno with err set when a directory cannot be read; the
 * walk may go on without it. */
int ng_walk_next(struct ng_walk *walk, struct ng_walk_entry *ret_entry, struct ng_error *err);

static inline void ng_walk_freep(struct ng_walk **walk)
{
	ng_walk_free(*walk);
}
