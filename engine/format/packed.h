/* An array of integers, each in the same number of bits. */
#pragma once

#include "base/base.h"

/* ---- reading ---- */

/* A view; the memory stays the caller's. */
struct ng_packed {
	const uint8_t *data;
	uint64_t n;
	unsigned width; /* 0..57 bits */
};

/* Open what ng_packed_writer wrote; at least 8 bytes beyond it must be readable. O(1).
 * -EUCLEAN when lengths don't fit. */
int ng_packed_open(const uint8_t *data, size_t bytes, struct ng_packed *ret_packed);

/* Where number i begins. */
static inline const uint8_t *ng_packed_at(const struct ng_packed *packed, uint64_t i)
{
	return packed->data + (i * packed->width >> 3);
}

/* Number i; requires i < n. */
static inline uint64_t ng_packed_get(const struct ng_packed *packed, uint64_t i)
{
	uint64_t bit = i * packed->width;

	return ng_load64(packed->data + (bit >> 3)) >> (bit & 7) & ((1ull << packed->width) - 1);
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
