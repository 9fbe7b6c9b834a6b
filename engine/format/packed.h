/* SPDX-License-Identifier: Apache-2.0 */
/* An array of integers, each in the same number of bits. */
#pragma once

#include "format/pages.h"

/* ---- reading ---- */

/* A view; the memory stays the caller's. */
struct ng_packed {
	const uint8_t *data;
	uint64_t n;
	unsigned width; /* 0..56 bits */
	const struct ng_pages *pages;
};

/* Open what ng_packed_writer wrote; at least 8 bytes beyond it must be readable. pages, here as in
 * all of this folder: those that data lies in, to be checked before they are used, or NULL. O(1).
 * -EUCLEAN when lengths don't fit. */
int ng_packed_open(const struct ng_pages *pages, const uint8_t *data, size_t bytes,
		   struct ng_packed *ret_packed);

/* Where number i begins. */
static inline const uint8_t *ng_packed_at(const struct ng_packed *packed, uint64_t i)
{
	return packed->data + (i * packed->width >> 3);
}

/* Number i; requires i < n. Where its page is damaged, 0, with *damaged set; it is left alone
 * otherwise. */
static inline uint64_t ng_packed_get(const struct ng_packed *packed, uint64_t i, bool *damaged)
{
	uint64_t bit = i * packed->width;
	const uint8_t *at = packed->data + (bit >> 3);

	if (__builtin_expect(!ng_pages_ok(packed->pages, at, sizeof(uint64_t)), 0)) {
		*damaged = true;
		return 0;
	}
	return ng_load64(at) >> (bit & 7) & ((1ull << packed->width) - 1);
}

/* ---- writing ---- */

struct ng_shard_writer;

/* Numbers in order of their index into the section that was begun last. */
struct ng_packed_writer {
	struct ng_shard_writer *shard;
	unsigned width;
	uint64_t bits;
	unsigned have;
	uint8_t bytes[4096];
	unsigned n_bytes;
};

/* Write the header of n numbers of up to `largest`. largest < 2^56. Errors are the shard's. */
int ng_packed_writer_begin(struct ng_packed_writer *writer, struct ng_shard_writer *shard,
			   uint64_t n, uint64_t largest, struct ng_error *err);
int ng_packed_writer_put(struct ng_packed_writer *writer, uint64_t value, struct ng_error *err);
int ng_packed_writer_end(struct ng_packed_writer *writer, struct ng_error *err);
