/* SPDX-License-Identifier: Apache-2.0 */
/* The BWT of two collections from the BWTs of each: the rows of one, the guest, go in front of
 * those of the other, the host, as many in front of each as a struct ng_gaps says. Symbols, marks
 * and samples move together. (J. Siren, Burrows-Wheeler transform for terabases, DCC 2016.) */
#pragma once

#include "bwt/segment.h"
#include "merge/gaps.h"
#include "merge/merged.h"

struct ng_interleave_options {
	bool guest_first;      /* the guest's documents come before the host's */
	uint64_t memory_bytes; /* what is more than this is made in a file */
	struct ng_tempdir tmp; /* where that has its place, without a name */
	unsigned threads;
	uint64_t part_rows; /* rows of the host that a thread takes at a time; 0: some million */
	const ng_cancel *cancel;
	/* Rows; may be NULL. Called in the caller's thread, every some million rows. */
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	void *userdata;
};

/* Merge; gaps are flushed. The gaps must be those of every suffix of the guest. O(rows of both);
 * rows of a bucket are cut into parts, which threads merge side by side: where a part begins in
 * both, the counts before it say. -EUCLEAN (a segment is damaged, or the gaps aren't the guest's),
 * -ENOSPC and other errors of the file, -ENOMEM, -EINTR, with err set. Free with ng_merged_clear.
 */
int ng_interleave(const struct ng_segment *host, const struct ng_segment *guest,
		  struct ng_gaps *gaps, const struct ng_interleave_options *options,
		  struct ng_merged *ret_merged, struct ng_error *err);
