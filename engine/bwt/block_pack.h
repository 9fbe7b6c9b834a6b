/* Packing the BWT into blocks of one page each (bwt/block.h). */
#pragma once

#include "base/buf.h"
#include "bwt/coder.h"
#include "bwt/superblocks.h"

/* A superblock packed: its pages, the grains at which its blocks begin, and what the superblocks'
 * tables need. Counts in the pages begin at the superblock, so that superblocks can be packed side
 * by side. */
struct ng_packed_superblock {
	struct ng_buf pages;
	uint64_t starts[(1u << (NG_SUPERBLOCK_LOG - NG_GRAIN_LOG)) / 64]; /* bit a grain */
	struct ng_superblock_facts facts;
};

/* Pack rows [begin, end) of a superblock, which is all zeroes. base_width and mark_shift as in the
 * shard. Thread-safe for different *ret_superblock. -ENOMEM. O((end - begin) (n_tables + log)). */
int ng_superblock_pack(const struct ng_coder *coder, const struct ng_bwt_text *text, uint64_t begin,
		       uint64_t end, unsigned base_width, unsigned mark_shift,
		       struct ng_packed_superblock *ret_superblock);
void ng_packed_superblock_clear(struct ng_packed_superblock *superblock);
