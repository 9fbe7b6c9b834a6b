/* One block of the BWT (bwt/block.h) decoded as a whole, to be compared with what it says of
 * itself and with its neighbours. */
#pragma once

#include "bwt/bwt_internal.h"

/* What is in a block. */
struct ng_block_facts {
	uint64_t start;
	uint32_t size;
	unsigned n_symbols;
	uint16_t symbol[NG_SYMBOLS];    /* the alphabet */
	uint32_t count[NG_SYMBOLS + 1]; /* of each of them, as decoded; of marked rows last */
	uint64_t base[NG_SYMBOLS + 1];  /* before the block in its superblock, as it says */
};

struct ng_block_fault {
	unsigned at; /* offset in the page */
	char text[128];
};

/* Decode the block at page, which is one of bwt's, and check it against itself: its head, its
 * alphabet, that its parts fit into the page, that its streams give as many symbols as there are
 * rows, that the rows of counts are those of the streams and the marks. O(rows of the block).
 * Returns false with *ret_fault at the first thing that is wrong. Thread-safe. */
bool ng_block_examine(const struct ng_bwt *bwt, const uint8_t *page, struct ng_block_facts *ret,
		      struct ng_block_fault *ret_fault);
