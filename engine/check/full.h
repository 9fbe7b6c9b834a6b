/* SPDX-License-Identifier: Apache-2.0 */
/* The text against the index: rebuilt from the BWT, compared with what the index gives, and
 * searched by reading it. */
#pragma once

#include "check/checker.h"
#include "query/shard.h"

/* A shard and its text. */
struct ng_full {
	struct ng_checker *checker;
	const struct ng_shard *shard;
	uint8_t *text; /* [n]: the documents, each followed by a 0 for its separator */
	uint64_t n;
	uint64_t rng;
};

/* Fill full->text by following the LF-mapping through all rows, from every sampled offset to the
 * one before it, many at once. Each of these stretches must end in the row where the next begins,
 * so that together they are one walk from each document's separator to its first byte, where it
 * must end. Uses the shortcuts and hints for the rows to begin with, each of which is checked by
 * this. O(rows) steps. Errors: see checker.h. */
int ng_full_rebuild(struct ng_full *full);

/* Compare the text store, if there is one, and random documents that are read through the index. */
int ng_full_compare(struct ng_full *full);

/* Count random substrings by reading the text, and locate some of their occurrences. Adds their
 * number to *substrings. */
int ng_full_recount(struct ng_full *full, uint64_t *substrings);

/* Compare the facets with the metadata of every document. */
int ng_full_facets(struct ng_full *full);

/* All of it. Errors also as those of a file in options->tmp_dir, with err set. */
int ng_check_full(struct ng_checker *checker, const struct ng_shard *shard, uint64_t seed,
		  uint64_t *substrings, struct ng_error *err);

/* splitmix64 (S. Vigna, public domain). */
static inline uint64_t ng_full_random(struct ng_full *full)
{
	uint64_t z = full->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Offset in the file where a section begins, or NG_NO_OFFSET. */
uint64_t ng_full_section_at(const struct ng_full *full, uint32_t type);
