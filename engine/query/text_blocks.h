/* SPDX-License-Identifier: Apache-2.0 */
/* A document's text, or one in memory, that is read here and there: of a document the blocks that
 * were read last are kept, so that memory is bounded however long it is. Not thread-safe. */
#pragma once

#include "query/query.h"

#define NG_TEXT_BLOCKS      4u
#define NG_TEXT_BLOCK_BYTES (64u << 10)

struct ng_text_block {
	uint8_t *bytes;
	uint64_t number; /* which block of the document; good where n isn't 0 */
	uint64_t asked;
	size_t n;
};

/* Zeroes, until one of the two below. */
struct ng_text_blocks {
	const struct ng_index *index;
	const uint8_t *memory; /* all of it; NULL: it is a document's */
	uint64_t doc, len;
	uint64_t clock;
	struct ng_text_block blocks[NG_TEXT_BLOCKS];
};

/* Read this document from now on. -ENOENT: there is none; and the errors of query.h. */
int ng_text_blocks_doc(struct ng_text_blocks *text, const struct ng_index *index, uint64_t doc);

/* Read bytes[0..len-1], which stay the caller's. */
void ng_text_blocks_memory(struct ng_text_blocks *text, const uint8_t *bytes, uint64_t len);

void ng_text_blocks_clear(struct ng_text_blocks *text);

/* Give back the memory; what is asked for next is read again. And how much that would be. */
void ng_text_blocks_drop(struct ng_text_blocks *text);
size_t ng_text_blocks_held(const struct ng_text_blocks *text);

/* The bytes before `at`, 0 < at <= len, as many as are at hand: *ret_n >= 1 of them end at
 * *ret_end, until the next call. Reads a block at most. The errors of ng_doc_read, -EUCLEAN. */
int ng_text_blocks_before(struct ng_text_blocks *text, uint64_t at, const ng_cancel *cancel,
			  const uint8_t **ret_end, size_t *ret_n);

/* Up to 4 bytes before `at` <= len and 4 from it on, into buf: *ret_before and *ret_after of them;
 * buf[*ret_before] is the one at `at`. Errors as above. */
int ng_text_blocks_around(struct ng_text_blocks *text, uint64_t at, const ng_cancel *cancel,
			  uint8_t buf[static 8], unsigned *ret_before, unsigned *ret_after);
