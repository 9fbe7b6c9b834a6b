/* Writing streams of tokens with a shard's code tables. */
#pragma once

#include "bwt/streams.h"

struct ng_coder {
	unsigned n_tables;
	struct ng_code_lengths *lengths;
	uint16_t *codes; /* [table][context][token id] */
	/* Cost in bits of each token under each table, the tables side by side in 16-bit lanes:
	 * [context * NG_TOKENS + id][n_tables rounded up to 4]. */
	uint16_t *costs;
	unsigned lanes;
};

int ng_coder_new(const struct ng_code_lengths *lengths, unsigned n_tables,
		 struct ng_coder **ret_coder);
struct ng_coder *ng_coder_free(struct ng_coder *coder);

static inline void ng_coder_freep(struct ng_coder **coder)
{
	ng_coder_free(*coder);
}

/* A coded stream: bytes with the first bit on top. */
struct ng_stream {
	uint8_t bytes[NG_PAGE_BYTES];
	unsigned n_bytes;
	unsigned table;
};

/* Code runs (of one half of a cell) with the table that takes the fewest bits. O(runs). */
void ng_coder_encode(const struct ng_coder *coder, const struct ng_run *runs, unsigned n_runs,
		     struct ng_stream *ret_stream);
