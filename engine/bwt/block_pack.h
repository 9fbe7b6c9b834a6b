/* Packing the BWT into blocks of one page each (bwt/block.h). */
#pragma once

#include "base/buf.h"
#include "bwt/coder.h"
#include "bwt/regions.h"

/* A region packed: its pages, the grains at which its blocks begin, and what the region tables
 * need. Counts in the pages begin at the region, so that regions can be packed side by side. */
struct ng_packed_region {
	struct ng_buf pages;
	uint64_t starts[(1u << (NG_REGION_LOG - NG_GRAIN_LOG)) / 64]; /* bit a grain */
	struct ng_region_facts facts;
};

/* Pack rows [begin, end) of a region, which is all zeroes. base_width and mark_shift as in the
 * shard. Thread-safe for different *ret_region. -ENOMEM. O((end - begin) (n_tables + log)). */
int ng_region_pack(const struct ng_coder *coder, const struct ng_bwt_text *text, uint64_t begin,
		   uint64_t end, unsigned base_width, unsigned mark_shift,
		   struct ng_packed_region *ret_region);
void ng_packed_region_clear(struct ng_packed_region *region);
