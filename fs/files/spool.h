/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of bytes that may become long: what doesn't fit into a little memory waits in a temporary
 * file without a name. Not thread-safe. */
#pragma once

#include "files/disk.h"

struct ng_spool {
	struct ng_disk *disk;      /* which says where the file is made, and how long it may be;
				    * NULL: in TMPDIR or /tmp, and of any length */
	struct ng_buf front;       /* its first bytes */
	size_t front_taken;        /* of them */
	int fd;                    /* what comes after front, or -1 */
	uint64_t file_lo, file_hi; /* where in the file */
	uint64_t file_held;        /* bytes of disk that it counts for */
};

#define NG_SPOOL_INIT ((struct ng_spool){.fd = -1})

/* Bytes that are kept in memory, at most. */
#define NG_SPOOL_MEMORY_BYTES (256u << 10)

/* Append bytes, all of them or, on failure, none: -ENOMEM, -ENOSPC (also beyond the
 * disk's bound) and other errors of files. */
int ng_spool_append(struct ng_spool *spool, const uint8_t *data, size_t len);

/* Take up to len bytes from the front, as many as there are in the queue. -EIO and other errors of
 * files; nothing is taken then. */
int ng_spool_take(struct ng_spool *spool, size_t len, uint8_t *buf, size_t *ret_len);

void ng_spool_clear(struct ng_spool *spool); /* and back to NG_SPOOL_INIT, of the same disk */
