/* Handing out the text of a collection in stretches that are walked backwards, each document's last
 * stretch first, to workers that may have to wait for each other: a walk begins with the rank where
 * its stretch ends, which the worker either finds out by itself, or which comes from the walk of
 * the stretch behind. Nobody ever sleeps for it: a stretch whose rank isn't known yet is left to
 * the worker that walks the one behind, and goes on with it. */
#pragma once

#include "base/base.h"

struct ng_stretches;
struct ng_long_doc;

/* Work to be done: whole documents, or a stretch of a long one. */
struct ng_stretch {
	uint64_t doc;        /* the document, or the first of them */
	uint64_t docs;       /* whole documents; 0: it's a stretch, and what follows counts */
	uint64_t begin, end; /* of the stretch, in bytes of the document */
	uint64_t doc_bytes;  /* of the document; end == doc_bytes: the stretch is its last */
	uint64_t rank;       /* where `known`: the one at `end`, from the stretch behind */
	bool known;
	unsigned failures; /* in a row, of finding out such a rank in this document */
	struct ng_long_doc *in;
	uint32_t number; /* of the stretch in its document */
};

/* Documents up to stretch_bytes >= 1 stay whole. doc_bytes gives a document's bytes, quickly, and
 * from any thread. -ENOMEM. */
int ng_stretches_new(uint64_t docs, uint64_t stretch_bytes,
		     uint64_t (*doc_bytes)(void *userdata, uint64_t doc), void *userdata,
		     struct ng_stretches **ret_stretches);
struct ng_stretches *ng_stretches_free(struct ng_stretches *stretches); /* NULL is fine */

static inline void ng_stretches_freep(struct ng_stretches **stretches)
{
	ng_stretches_free(*stretches);
}

/* The functions below are thread-safe. Memory: 8 bytes for each stretch of the documents that are
 * begun and not finished, at most 32 KiB each. */

/* The next piece of work: 1, or 0 when everything is handed out. -ENOMEM. */
int ng_stretches_take(struct ng_stretches *stretches, struct ng_stretch *ret_stretch);

/* The rank at the end of a stretch that was taken, found out without the one behind. */
void ng_stretches_found(struct ng_stretches *stretches, const struct ng_stretch *stretch);

/* The same, not found out: true with *ret_rank if the stretch behind is finished by now. False: the
 * stretch is nobody's until that is, and then goes to whoever has finished it. */
bool ng_stretches_leave(struct ng_stretches *stretches, const struct ng_stretch *stretch,
			uint64_t *ret_rank);

/* A stretch is walked, and the rank at its begin is `rank`. True where the caller must go on with
 * the stretch in front, *ret_next, with that rank. The stretch is no longer valid. */
bool ng_stretches_finish(struct ng_stretches *stretches, const struct ng_stretch *stretch,
			 uint64_t rank, struct ng_stretch *ret_next);
