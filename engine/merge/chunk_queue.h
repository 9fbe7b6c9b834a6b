/* SPDX-License-Identifier: Apache-2.0 */
/* Handing out the text of a collection in chunks that are walked backwards, each document's last
 * chunk first, to workers that may have to wait for each other: a walk begins with the rank where
 * its chunk ends, which the worker either finds out by itself, or which comes from the walk of
 * the chunk behind. Nobody ever sleeps for it: a chunk whose rank isn't known yet is left to
 * the worker that walks the one behind, and goes on with it. */
#pragma once

#include "base/base.h"

struct ng_chunk_queue;
struct ng_long_doc;

/* Work to be done: whole documents, or a chunk of a long one. */
struct ng_chunk {
	uint64_t doc;        /* the document, or the first of them */
	uint64_t docs;       /* whole documents; 0: it's a chunk, and what follows counts */
	uint64_t begin, end; /* of the chunk, in bytes of the document */
	uint64_t doc_bytes;  /* of the document; end == doc_bytes: the chunk is its last */
	uint64_t rank;       /* where `known`: the one at `end`, from the chunk behind */
	bool known;
	unsigned failures; /* in a row, of finding out such a rank in this document */
	struct ng_long_doc *in;
	uint32_t number; /* of the chunk in its document */
};

/* Documents up to chunk_bytes >= 1 stay whole. doc_bytes gives a document's bytes, quickly, and
 * from any thread. -ENOMEM. */
int ng_chunk_queue_new(uint64_t docs, uint64_t chunk_bytes,
		       uint64_t (*doc_bytes)(void *userdata, uint64_t doc), void *userdata,
		       struct ng_chunk_queue **ret_queue);
struct ng_chunk_queue *ng_chunk_queue_free(struct ng_chunk_queue *queue); /* NULL is fine */

static inline void ng_chunk_queue_freep(struct ng_chunk_queue **queue)
{
	ng_chunk_queue_free(*queue);
}

/* The functions below are thread-safe. Memory: 8 bytes for each chunk of the documents that are
 * begun and not finished, at most 32 KiB each. */

/* The next piece of work: 1, or 0 when everything is handed out. -ENOMEM. */
int ng_chunk_queue_take(struct ng_chunk_queue *queue, struct ng_chunk *ret_chunk);

/* The rank at the end of a chunk that was taken, found out without the one behind. */
void ng_chunk_queue_found(struct ng_chunk_queue *queue, const struct ng_chunk *chunk);

/* The same, not found out: true with *ret_rank if the chunk behind is finished by now. False: the
 * chunk is nobody's until that is, and then goes to whoever has finished it. */
bool ng_chunk_queue_leave(struct ng_chunk_queue *queue, const struct ng_chunk *chunk,
			  uint64_t *ret_rank);

/* A chunk is walked, and the rank at its begin is `rank`. True where the caller must go on with
 * the chunk in front, *ret_next, with that rank. The chunk is no longer valid. */
bool ng_chunk_queue_finish(struct ng_chunk_queue *queue, const struct ng_chunk *chunk,
			   uint64_t rank, struct ng_chunk *ret_next);
