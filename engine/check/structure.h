/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a shard's sections, as ngramfs-index(5) has them: a shard being checked, and what
 * checks each part of it. A part that others need and that is damaged leaves those unchecked. */
#pragma once

#include "bwt/bwt_internal.h"
#include "check/checker.h"
#include "format/params.h"

struct ng_checked {
	struct ng_checker *checker;
	const struct ng_shard_file *file;
	struct ng_shard_params params;
	uint64_t n_samples; /* of the suffix array */
	struct ng_bwt *bwt; /* NULL: it could not be opened */
};

/* A section, to be read as memory: its pages have been compared with their sums, and what is wrong
 * in one that differs is to be said, too. */
struct ng_checked_section {
	uint32_t type;
	uint64_t offset; /* in the file */
	const uint8_t *data;
	size_t bytes;
};

/* False, and a damage, when the shard doesn't have it. */
bool ng_checked_section(const struct ng_checked *checked, uint32_t type,
			struct ng_checked_section *ret_section);

/* All rules: the parameters first, then what is read with them. Errors: see checker.h. */
int ng_check_structure(struct ng_checker *checker, const struct ng_shard_file *file);

struct ng_bwt_sections {
	struct ng_checked_section directory, cells, superblocks, hints;
};

/* The directory, cells, superblocks and mark hints of the BWT; opens checked->bwt. */
int ng_check_bwt(struct ng_checked *checked);

/* The cells of checked->bwt, and the directory, the superblocks and the hints by them. */
int ng_check_cells(const struct ng_checked *checked, const struct ng_bwt_sections *sections);

/* The frequent patterns, if there are any, against the BWT. */
int ng_check_frequent(const struct ng_checked *checked);

/* That the suffix array samples are a permutation, and that the shortcuts invert it. */
int ng_check_samples(const struct ng_checked *checked);

/* Document starts, metadata, and the text store's frames. */
int ng_check_documents(const struct ng_checked *checked);

/* The facets, if there are any. */
int ng_check_facets(const struct ng_checked *checked);
