/* Elias-Fano coding of a non-decreasing sequence: n values below u take n (2 + log u/n) bits and
 * stay addressable. (P. Elias, J. ACM 1974; S. Vigna, Quasi-succinct indices, WSDM 2013.)
 * Used for document boundaries and for frame and record offsets. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

/* A view of an encoded sequence; the memory stays the caller's. */
struct ng_ef {
	const uint8_t *low, *high, *sample1, *sample0;
	uint64_t n;	     /* values */
	uint64_t last;	     /* the largest value (0 when n is 0) */
	uint64_t high_bits;
	unsigned low_width;
};

/* Append the encoding of values[0..n-1] (non-decreasing) to buf, padded to 8 bytes.
 * -EINVAL when the sequence decreases, -ENOMEM. O(n). */
int ng_ef_encode(const uint64_t *values, uint64_t n, struct ng_buf *buf);

/* Open an encoding of at most bytes; every length is checked against bytes. At least 8 bytes
 * beyond the encoding must be readable. O(1). -EUCLEAN when it doesn't fit. */
int ng_ef_open(const uint8_t *data, size_t bytes, struct ng_ef *ret_ef);

/* Value i; requires i < n. O(1). On damaged data any value, but no access out of bounds. */
uint64_t ng_ef_get(const struct ng_ef *ef, uint64_t i);

/* Number of values <= x, in 0..n. O(log) in the distance between samples. Damaged data as above. */
uint64_t ng_ef_rank(const struct ng_ef *ef, uint64_t x);
