/* SPDX-License-Identifier: Apache-2.0 */
/* Elias-Fano coding of a non-decreasing sequence: n values below u take n (2 + log u/n) bits and
 * stay addressable. (P. Elias, J. ACM 1974; S. Vigna, Quasi-succinct indices, WSDM 2013.)
 * Used for document boundaries and for frame and record offsets. */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "format/pages.h"

/* A view of an encoded sequence; the memory stays the caller's. Fields are ef.c's own, save n and
 * last. */
struct ng_ef {
	uint64_t n;             /* values */
	uint64_t last;          /* the largest value (0 when n is 0) */
	const uint8_t *low;     /* the lower bits of all values, low_width each */
	const uint8_t *high;    /* the upper bits in unary: blocks of 512 bits */
	const uint8_t *counts;  /* ones before each block, 8 bytes each */
	const uint8_t *sample1; /* the block of every 1024th one, 8 bytes each */
	const uint8_t *sample0; /* the block of every 1024th zero */
	uint64_t n_blocks;
	unsigned low_width;
	const struct ng_pages *pages;
};

/* Append the encoding of values[0..n-1] (non-decreasing) to buf; its length is a multiple of 8.
 * -EINVAL when the sequence decreases, -ENOMEM; buf is unchanged then. O(n). */
int ng_ef_encode(const uint64_t *values, uint64_t n, struct ng_buf *buf);

/* Open an encoding of at most bytes, in these pages or, where they are NULL, in memory; every
 * length is checked against bytes, and nothing outside of data[0..bytes-1] is ever read. O(1).
 * -EUCLEAN when it doesn't fit. */
int ng_ef_open(const struct ng_pages *pages, const uint8_t *data, size_t bytes,
	       struct ng_ef *ret_ef);

/* Value i; requires i < n. Three cache misses; O(log) of the gap in the sequence where there is a
 * wide one. Where a page that it reads is damaged, *damaged is set and the value is any, as on data
 * that is wrong with sums that are right; there is no access out of bounds. Thread-safe. */
uint64_t ng_ef_get(const struct ng_ef *ef, uint64_t i, bool *damaged);

/* Number of values <= x, in 0..n. As ng_ef_get, and O(log) of the number of values in x's
 * neighbourhood (those that share its upper bits). */
uint64_t ng_ef_rank(const struct ng_ef *ef, uint64_t x, bool *damaged);
