/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of an index: count, find, locate, the documents that hold a pattern, their
 * text and their metadata. All functions are thread-safe on one index unless they say otherwise;
 * none of them changes it. Patterns are any bytes; a match never runs across two documents.
 *
 * Every function returns 0 or a negative errno and leaves ret_* alone on failure:
 *   -EUCLEAN  the index is damaged (a corrupt shard)
 *   -EIO      the index could not be read (a truncated shard, a failing disk)
 *   -EINTR    *cancel became true
 *   -ENOMEM   out of memory */
#pragma once

#include "base/base.h"

struct ng_index;

/* Open an index (the directory that mkngramfs made). Reads the manifest and each shard's header
 * and tables: O(shards), not O(size). threads: how many search one query's shards side by side at
 * most; 0: as many as there are processors. Returns also -ENOENT, -EACCES, -ENOTDIR, -EPROTO
 * (not an index, or of an unknown format version), with err naming the file. Has the system begin
 * to read what every question needs (query/preload.h), unless the index is on remote storage. */
int ng_index_open(const char *path, unsigned threads, struct ng_index **ret_index,
		  struct ng_error *err);

struct ng_index_options {
	unsigned threads;    /* as ng_index_open takes it */
	const char *outside; /* where shards may lie, as in shardpath.h; NULL: nowhere else */
};

/* The same. Returns also -EINVAL (options) and -EPERM (shards lie where they mustn't). */
int ng_index_open_with(const char *path, const struct ng_index_options *options,
		       struct ng_index **ret_index, struct ng_error *err);
struct ng_index *ng_index_close(struct ng_index *index);

static inline void ng_index_closep(struct ng_index **index)
{
	ng_index_close(*index);
}

struct ng_index_stats {
	uint64_t docs;       /* without those that were removed */
	uint64_t text_bytes; /* of these */
	uint64_t numbers;    /* documents' numbers are below it; those of removed ones are free */
	/* Documents that were removed, and as much of their text as files still hold. */
	uint64_t removed_docs, removed_text_bytes;
	uint64_t index_bytes;  /* on disk, all files of the index */
	uint64_t bwt_bytes;    /* rank structure */
	uint64_t sample_bytes; /* suffix array samples, and what inverts them */
	uint64_t meta_bytes;
	uint64_t text_store_bytes; /* 0: no text store */
	uint64_t doc_bytes;        /* document boundaries */
	uint32_t shards;
	uint32_t sa_sampling; /* every so many bytes of text */
	uint32_t format_version;
};

void ng_index_stats(const struct ng_index *index, struct ng_index_stats *ret_stats);

/* The first damaged page that was met in a shard, for a log: which file of the index, which section
 * and where. Once a shard; false when there is nothing to say. */
bool ng_index_take_damage(const struct ng_index *index, struct ng_error *ret_text);

/* Whether a page of it could not be read since it was opened: questions that need that shard fail
 * with -EIO until it is opened again. O(shards). */
bool ng_index_faulted(const struct ng_index *index);

/* Whether one of its files was written to since it was opened: then neither an answer that was just
 * made nor one to come can be relied on. O(shards), a system call each. */
bool ng_index_changed(const struct ng_index *index);

/* The same of the files that one document is in; false where there is no such number. O(log
 * shards), a system call or two. */
bool ng_index_doc_changed(const struct ng_index *index, uint64_t doc);

/* Whether index begins with all the shards of older, in their order, so that every document of
 * older has the same number and bytes in it. Compares checksums. O(shards). */
bool ng_index_continues(const struct ng_index *index, const struct ng_index *older);

/* Occurrences of pat[0..len-1] in all shards. O(len) rank steps a shard. len 0 is -EINVAL. */
int ng_count(const struct ng_index *index, const uint8_t *pat, size_t len, const ng_cancel *cancel,
	     uint64_t *ret_count);

/* A string to be looked for. */
struct ng_pattern {
	const uint8_t *bytes;
	size_t len; /* at least 1 */
};

/* Suffix array interval [lo, hi) of a pattern in one shard; lo == hi when it does not occur. Rows
 * of removed documents don't count: it is that of a shard without them. */
struct ng_interval {
	uint64_t lo, hi;
};

/* The intervals in all shards: ret_by_shard[0..shards-1]. Cost and errors as ng_count. */
int ng_find(const struct ng_index *index, const uint8_t *pat, size_t len, const ng_cancel *cancel,
	    struct ng_interval *ret_by_shard);

/* One occurrence. Document numbers run from 0 over all shards. */
struct ng_match {
	uint64_t doc;
	uint64_t offset; /* of the occurrence's first byte in the document */
};

/* Occurrences [first, first + n) in index order (shard, then suffix order; stable for an index),
 * n of them or as many as there are; *ret_n says how many ret_matches holds. by_shard comes from
 * ng_find. O(sa_sampling) rank steps an occurrence. */
int ng_locate(const struct ng_index *index, const struct ng_interval *by_shard, uint64_t first,
	      size_t n, const ng_cancel *cancel, struct ng_match *ret_matches, size_t *ret_n);

/* Size of a document in bytes; -ENOENT where there is no such document. O(1). */
int ng_doc_bytes(const struct ng_index *index, uint64_t doc, uint64_t *ret_bytes);

/* Bytes [offset, offset + len) of a document, as many of them as exist, into buf; *ret_len says how
 * many. From the text store where the index has one, otherwise len + sa_sampling rank steps. */
int ng_doc_read(const struct ng_index *index, uint64_t doc, uint64_t offset, size_t len,
		const ng_cancel *cancel, uint8_t *buf, size_t *ret_len);

/* A document's metadata: *ret_json is a JSON object without a newline, NUL-terminated, that the
 * caller frees; *ret_len its bytes without the NUL. Decompresses one frame. */
int ng_doc_meta(const struct ng_index *index, uint64_t doc, char **ret_json, size_t *ret_len);

/* Size of that metadata, without decompressing it. O(1). */
int ng_doc_meta_bytes(const struct ng_index *index, uint64_t doc, uint64_t *ret_bytes);
