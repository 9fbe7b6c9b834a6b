/* SPDX-License-Identifier: Apache-2.0 */
/* An open index: shared by the files of this folder. */
#pragma once

#include "format/decoders.h"
#include "query/cache.h"
#include "query/pool.h"
#include "query/shard.h"

struct ng_facet_list;

struct ng_index {
	uint32_t n_shards;
	struct ng_shard **shards;
	uint64_t *first_doc; /* [n_shards + 1]: number of each shard's first document */
	struct ng_pool *pool;
	struct ng_decoders *decoders; /* of all shards */
	struct ng_cache *cache;       /* filters, and what is left of occurrences under them */
	struct ng_facet_list *facets;
	struct ng_index_stats stats;
};

/* Whether questions have to wait for storage, as far as is known. O(shards). */
bool ng_index_waits(const struct ng_index *index);

/* ng_pool_run on the index's pool, on as many threads as it is worth. */
int ng_index_run(const struct ng_index *index, uint64_t n, int (*body)(void *userdata, uint64_t i),
		 void *userdata);

/* Rows that one thread takes at a time: `most`, or fewer where they have to be waited for, so that
 * more threads do. */
size_t ng_index_part(const struct ng_index *index, size_t most);

/* The shard of a document number, and its number there. -ENOENT: there is no such document, or none
 * any more; and the errors of query.h. */
int ng_index_shard_of(const struct ng_index *index, uint64_t doc, const struct ng_shard **ret_shard,
		      uint64_t *ret_local);

/* Occurrences of rows [row, row + n) of shard s, in that order; as ng_locate. */
int ng_index_locate_rows(const struct ng_index *index, uint32_t s, uint64_t row, size_t n,
			 const ng_cancel *cancel, struct ng_match *ret_matches);

/* As ng_doc_read, but always from the BWT: cheaper for a few bytes than a frame of the text
 * store. */
int ng_index_peek(const struct ng_index *index, uint64_t doc, uint64_t offset, size_t len,
		  const ng_cancel *cancel, uint8_t *buf, size_t *ret_len);
