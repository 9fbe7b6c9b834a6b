/* SPDX-License-Identifier: Apache-2.0 */
/* Checking an index that was built: every byte against its checksum, the manifest against the
 * shards, the rules of the structure (ngramfs-index(5)), and, where asked for, the text against the
 * index. Nothing of the index is trusted: whatever its bytes, a check ends. */
#pragma once

#include "base/base.h"

#define NG_NO_OFFSET UINT64_MAX

/* One thing that was found. The strings live as long as the call that reports it. */
struct ng_finding {
	bool damage;      /* false: worth a note, such as a file that is no part of the index */
	const char *path; /* of the file: INDEX/FILE */
	const char *part; /* "section bwt cells", "header", ...; NULL: the file as a whole */
	uint64_t offset;  /* in the file, or NG_NO_OFFSET */
	const char *text;
};

struct ng_check_options {
	bool full;        /* rebuild the text and recount substrings, too */
	unsigned threads; /* 0: as many as processors */
	uint64_t seed;    /* of what --full picks at random */
	const char
		*tmp_dir; /* where the rebuilt text goes, in a file without a name; NULL: memory */
	const char *outside; /* where shards may lie, as in shardpath.h; NULL: nowhere else */
	const ng_cancel *cancel;
	/* Both may be NULL. They are called by any of the threads, but by one at a time. */
	void (*report)(void *userdata, const struct ng_finding *finding);
	void (*progress)(void *userdata, const char *phase, uint64_t shard, uint64_t done_bytes,
			 uint64_t total_bytes); /* 0: unknown */
	void *userdata;
};

/* What was checked; sums over the shards that could be opened. */
struct ng_check_summary {
	uint64_t damages;
	uint64_t shards;
	uint64_t docs, text_bytes; /* those that were removed among them, if shards have them */
	/* By the manifest: how many were removed, and of these, what shards still have. */
	uint64_t removed_docs, held_docs, held_bytes;
	uint64_t file_bytes;
	uint64_t rebuilt_bytes;   /* of text, from shards without damage (options.full) */
	uint64_t substrings;      /* counted twice */
	uint64_t shards_not_full; /* left out of that, since they are damaged */
};

/* Check the index at path. Several damages are reported, but of one section of a shard only the
 * first few (the last report then says how many there are), and nothing that would follow from a
 * damage alone. Reads the whole index, and holds a bit for each sample; options->full takes the
 * text of one shard at a time.
 *
 * Returns 0 when the check was made, whatever it found: ret_summary->damages says. -EINTR
 * (cancelled) and -ENOMEM; -ENOENT, -ENOTDIR, -EACCES and what else the filesystem says when path
 * is no directory with a manifest; -ENOSPC in tmp_dir; all with err set, and with the findings so
 * far reported. */
int ng_check_index(const char *path, const struct ng_check_options *options,
		   struct ng_check_summary *ret_summary, struct ng_error *err);
