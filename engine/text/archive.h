/* SPDX-License-Identifier: Apache-2.0 */
/* The members of an archive, by libarchive: tar from any feed, zip from a file by its directory and
 * from a feed as its members come, 7z from a file. Checksums that the format has are verified. Not
 * thread-safe. */
#pragma once

#include "text/feed.h"
#include "text/rawfile.h"
#include "text/signature.h"

struct ng_archive;

struct ng_archive_params {
	const char *label; /* the name for messages */
	enum ng_archive_kind kind;
	struct ng_feed *feed;   /* at the archive's beginning */
	struct ng_rawfile *raw; /* the same bytes, where one may seek in them; else NULL */
	uint64_t memory_bytes;  /* what libarchive may keep of headers and directories */
};

/* Open. Pointers are borrowed. -EBADMSG (damaged, not this kind of archive), -ENOMEM, errors of
 * feed, with err set. */
int ng_archive_new(const struct ng_archive_params *params, struct ng_archive **ret_archive,
		   struct ng_error *err);
struct ng_archive *ng_archive_free(struct ng_archive *archive);

/* Go to the next regular member: 1 with its path (good until the next call; the bytes as they
 * stand in the archive), 0 at the end, where all of the feed was read; -EBADMSG (damaged,
 * encrypted, a compression that isn't read), -E2BIG (memory_bytes), -ENOMEM, errors of feed, with
 * err set. Directories, links and devices are passed over: they hold no text of their own. */
int ng_archive_next(struct ng_archive *archive, const char **ret_path, struct ng_error *err);

/* The next bytes of the member, holes of sparse ones as zeros: 1, 0 at its end, errors as
 * ng_archive_next. Good until the next call. */
int ng_archive_read(struct ng_archive *archive, const uint8_t **ret_data, size_t *ret_len,
		    struct ng_error *err);

static inline void ng_archive_freep(struct ng_archive **archive)
{
	ng_archive_free(*archive);
}
