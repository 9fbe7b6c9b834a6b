/* Rows of every pattern of two bytes, so that a search begins there and not two rank steps, both of
 * them over wide intervals, earlier. */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "index/ef.h"
#include "index/token.h"

#define NG_KMER_BYTES 2u

struct ng_kmers {
	struct ng_ef bounds;
};

/* pairs[a][0]: occurrences of byte a before a separator; pairs[a][b + 1]: before byte b.
 * Appends the section to buf. -ENOMEM. */
int ng_kmers_write(uint64_t (*pairs)[NG_SYMBOLS], uint64_t docs, struct ng_buf *buf);

/* rows: of the BWT. O(1). -EUCLEAN. */
int ng_kmers_open(const uint8_t *data, size_t bytes, uint64_t rows, struct ng_kmers *ret_kmers);

/* The rows [*ret_lo, *ret_hi) of the pattern a b. */
void ng_kmers_rows(const struct ng_kmers *kmers, uint8_t a, uint8_t b, uint64_t *ret_lo,
		   uint64_t *ret_hi);
