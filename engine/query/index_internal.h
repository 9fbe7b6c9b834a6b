/* An open index: shared by the files of this folder. */
#pragma once

#include "query/cache.h"
#include "query/pool.h"
#include "query/shard.h"

struct ng_facet_list;

struct ng_index {
	uint32_t n_shards;
	struct ng_shard **shards;
	uint64_t *first_doc; /* [n_shards + 1]: number of each shard's first document */
	struct ng_pool *pool;
	struct ng_cache *cache; /* filters, and what is left of occurrences under them */
	struct ng_facet_list *facets;
	struct ng_index_stats stats;
};

/* The shard of a document number, and its number there; NULL: there is no such document. */
const struct ng_shard *ng_index_shard_of(const struct ng_index *index, uint64_t doc,
					 uint64_t *ret_local);

/* Occurrences of rows [row, row + n) of shard s, in that order; as ng_locate. */
int ng_index_locate_rows(const struct ng_index *index, uint32_t s, uint64_t row, size_t n,
			 const ng_cancel *cancel, struct ng_match *ret_matches);

/* As ng_doc_read, but always from the BWT: cheaper for a few bytes than a frame of the text
 * store. */
int ng_index_peek(const struct ng_index *index, uint64_t doc, uint64_t offset, size_t len,
		  const ng_cancel *cancel, uint8_t *buf, size_t *ret_len);
