/* SPDX-License-Identifier: Apache-2.0 */
/* The indexes that a mount shows, opened, and opened again when they have changed on disk. A
 * request takes the index that is current when it begins and keeps it to its end; an index that has
 * been replaced is closed when the last such request gives it back. */
#pragma once

#include "files/file_tree.h"
#include "files/listing.h"
#include "query/query.h"

struct ng_mounted_index {
	/* All of these stay as they are. */
	struct ng_index *index;
	struct ng_file_tree *files;
	uint64_t docs, text_bytes;
	uint64_t numbers;      /* documents' numbers are below it; not all are taken */
	unsigned doc_width;    /* digits of a document's number */
	struct timespec mtime; /* of its manifest */
	uint64_t epoch;        /* one more each time that the index has changed; from 0 */
	uint64_t since;        /* the epoch in which its incarnation began */
	unsigned incarnation;  /* one more each time that documents have changed, so that their
				* numbers mean something else; below
				* NG_NODE_INCARNATION_LIMIT */
	atomic_bool suspect;   /* a question about it could not be answered, see below */
	size_t refs;           /* under the lock of ng_indexes */
};

/* How indexes are opened. */
struct ng_opening {
	unsigned threads;    /* as ng_index_open takes it */
	const char *outside; /* as struct ng_index_options has it; borrowed */
};

struct ng_indexes;

/* Open those at paths[0..n_paths-1], n_paths >= 1. listings is borrowed until ng_indexes_free: what
 * it knows of an index goes with that. Errors as ng_tree_new. All functions below are
 * thread-safe. */
int ng_indexes_new(const char *const *paths, size_t n_paths, const struct ng_opening *opening,
		   struct ng_listings *listings, struct ng_indexes **ret_indexes,
		   struct ng_error *err);
/* None may be in use any more. */
struct ng_indexes *ng_indexes_free(struct ng_indexes *indexes);

size_t ng_indexes_count(const struct ng_indexes *indexes);

/* For messages; absolute. Good until ng_indexes_free, as the name is. */
const char *ng_indexes_path(const struct ng_indexes *indexes, size_t i);
const char *ng_indexes_name(const struct ng_indexes *indexes, size_t i);

/* Index i < count as it is now, to be given back by ng_indexes_put. O(1).
 *
 * One that is suspect is opened again first, at most once a second, if a page of it could not be
 * read or a file of it was written to, and it is the same now: disks and servers come back. Whoever
 * has the old one keeps it; when it cannot be opened, the old one is given. */
const struct ng_mounted_index *ng_indexes_get(struct ng_indexes *indexes, size_t i);
/* A question about index i has failed with -EIO. */
void ng_indexes_suspect(struct ng_indexes *indexes, size_t i);
/* The same index once more, to be given back as often; returns it. */
const struct ng_mounted_index *ng_indexes_hold(struct ng_indexes *indexes,
					       const struct ng_mounted_index *index);
/* Closes it if it has been replaced and nobody else is using it. NULL is fine. */
void ng_indexes_put(struct ng_indexes *indexes, const struct ng_mounted_index *index);

/* Open all of them again. If that works, those that have changed are current from here on, and
 * ret_changed[0..count-1] says which; otherwise nothing is different. One at a time. Errors as
 * ng_tree_new, and -EOVERFLOW: documents have changed too often. O(shards). */
int ng_indexes_reopen(struct ng_indexes *indexes, bool *ret_changed, struct ng_error *err);
