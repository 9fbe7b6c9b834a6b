/* An open index: shared by the files of this folder. */
#pragma once

#include "query/pool.h"
#include "query/shard.h"

struct ng_index {
	uint32_t n_shards;
	struct ng_shard **shards;
	uint64_t *first_doc; /* [n_shards + 1]: number of each shard's first document */
	struct ng_pool *pool;
	struct ng_index_stats stats;
};

/* The shard of a document number, and its number there; NULL: there is no such document. */
const struct ng_shard *ng_index_shard_of(const struct ng_index *index, uint64_t doc,
					 uint64_t *ret_local);
