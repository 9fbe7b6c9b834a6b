/* Files and directories by what they are, not by how they are called: device and inode. */
#pragma once

#include <sys/stat.h>

#include "base/base.h"

struct ng_seen_id {
	uint64_t dev, ino;
};

/* A set; all zeroes is an empty one. Not thread-safe. */
struct ng_seen {
	struct ng_seen_id *slots; /* all zeroes: free */
	size_t cap, n;            /* cap: a power of two, or 0 */
	bool zero;                /* the id of all zeroes is in it, which no slot can hold */
};

static inline struct ng_seen_id ng_seen_id(const struct stat *st)
{
	return (struct ng_seen_id){(uint64_t)st->st_dev, (uint64_t)st->st_ino};
}

/* Returns 1, 0 when it was there already, or -ENOMEM. 16 bytes an id, and as many free. O(1). */
int ng_seen_add(struct ng_seen *seen, struct ng_seen_id id);

bool ng_seen_has(const struct ng_seen *seen, struct ng_seen_id id);

/* Free; the set is empty afterwards. */
void ng_seen_clear(struct ng_seen *seen);
