/* SPDX-License-Identifier: Apache-2.0 */
/* A BWT that is made row by row, with marks and samples, before it is encoded: in memory, or in a
 * file without a name where that would be too much. */
#pragma once

#include "base/tempfile.h"
#include "bwt/bwt_text.h"

struct ng_merged {
	struct ng_bwt_text text;
	uint32_t *samples; /* number in the merged text of each marked row's sample, in row order */
	uint64_t n_samples;
	/* The same as text has, to be written. */
	uint8_t *bwt;
	uint64_t *marks, *separators; /* separators: NULL unless the text has NUL bytes */
	void *map;                    /* all of this */
	size_t map_bytes;
	bool in_file;
};

/* Room for so many rows and samples, all 0. What takes more than memory_bytes is made in a file in
 * tmp. -ENOSPC and other errors of the file, -ENOMEM, -EFBIG (more samples than a shard can
 * have), with err set. */
int ng_merged_new(uint64_t rows, uint64_t samples, bool with_separators, uint64_t memory_bytes,
		  struct ng_tempdir tmp, struct ng_merged *ret_merged, struct ng_error *err);
void ng_merged_clear(struct ng_merged *merged);

/* Give back the memory of what is in a file; it is read again when it is needed. */
void ng_merged_release(const struct ng_merged *merged);
