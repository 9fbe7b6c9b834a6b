/* SPDX-License-Identifier: Apache-2.0 */
/* Where the suffixes of a collection B go among those of a collection A, whose BWT is there: the
 * rank of each, counted in a struct ng_gaps. Suffixes are compared up to their documents' ends,
 * then by document, and those of B follow those of A, so that an equal suffix of A is smaller.
 *
 * J. Siren, Burrows-Wheeler transform for terabases, DCC 2016, for the ranks; the chunks inside
 * a document are ngramfs's own: a walk that begins some bytes behind its chunk with every rank
 * there may be, lo = 0 and hi = rows, knows the rank as soon as lo == hi, since a step keeps the
 * order; where the text repeats one of A's for too long, it waits for the chunk behind. Either
 * way ranks are exact. */
#pragma once

#include "merge/gaps.h"
#include "merge/rank_source.h"

/* Bytes of a document that are read at once, at most. */
#define NG_INSERTION_PIECE 4096u

/* The documents of B. The functions are called from many threads at once. */
struct ng_insertion_source {
	uint64_t docs;
	uint64_t text_bytes; /* of all documents; only progress and the chunks depend on it */
	void *userdata;
	uint64_t (*doc_bytes)(void *userdata, uint64_t doc);
	/* Bytes [offset, offset + len) of a document into buf, len in [1, NG_INSERTION_PIECE]: 0,
	 * or a negative errno, with err set. */
	int (*read)(void *userdata, uint64_t doc, uint64_t offset, uint8_t *buf, size_t len,
		    struct ng_error *err);
};

/* How documents are cut, for tests and measurements. */
struct ng_insertion_limits {
	uint64_t chunk_bytes;    /* >= 1 */
	uint64_t lead_bytes;     /* >= 1: how far behind a chunk its walk begins at first, */
	uint64_t lead_max_bytes; /* and at last */
};

/* Count the ranks in [0, rows] of all suffixes of B, those of the separators among them (which are
 * docs_a, the number of A's documents), on `threads` threads, which gaps must be made for; gaps are
 * not flushed. a: ranks over the BWT of A. limits: NULL for good ones. progress, which may be NULL,
 * is called from this thread, with bytes done and b->text_bytes. Memory: 1.3 MB a thread. Time: one
 * visit of a cell of A for each byte of B. -ENOMEM, -EINTR (cancelled), -EUCLEAN (a is damaged),
 * or an error of b->read or ng_gaps_put, with err set; the counts are of no use then. */
int ng_insertions_find(const struct ng_rank_source *a, uint64_t docs_a,
		       const struct ng_insertion_source *b,
		       const struct ng_insertion_limits *limits, unsigned threads,
		       struct ng_gaps *gaps, const ng_cancel *cancel,
		       void (*progress)(void *userdata, uint64_t done, uint64_t total),
		       void *userdata, struct ng_error *err);
