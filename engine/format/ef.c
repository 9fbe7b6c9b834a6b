/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ef.h"

#include <assert.h>

/* An encoding is, all numbers little-endian and each part 8-byte aligned from its beginning:
 *
 *   n, last      8 bytes each; nothing else follows when n is 0
 *   low          n numbers of w bits, w = floor(log2(last / n)), 0 when last < n, at most 56
 *   high         bit i + (value[i] >> w) is set for every i; a whole number of 512-bit blocks,
 *                n + (last >> w) + 1 bits of which are used
 *   counts       for each block, the ones before it
 *   sample1      the block that holds one number 1024 j, for j = 0, 1, ... below n / 1024
 *   sample0      the block that holds zero number 1024 j, likewise of (last >> w) + 1 zeros
 *
 * A select narrows the range of blocks by two neighbouring samples, searches counts there (the
 * range is a few blocks long unless the sequence has a wide gap), and scans one block. Everything
 * follows from n and last, so that opening has nothing else to check. */
#define HEADER_BYTES    16u
#define LOW_WIDTH_MAX   56u /* a low part and the 7 bits before it fit into one 64-bit load */
#define BLOCK_BITS      512u
#define BLOCK_BYTES     (BLOCK_BITS / 8)
#define SAMPLE_INTERVAL 1024u

struct layout {
	unsigned low_width;
	uint64_t n_zeros; /* in high, as far as they are used */
	uint64_t n_blocks;
	uint64_t low_bytes, samples1, samples0;
	uint64_t bytes; /* all of it, the header included */
};

/* -EUCLEAN when the encoding would not fit into max_bytes. */
static int layout_init(struct layout *l, uint64_t n, uint64_t last, uint64_t max_bytes)
{
	uint64_t ratio;

	*l = (struct layout){.bytes = HEADER_BYTES};
	if (!n)
		return last ? -EUCLEAN : 0;
	/* A value takes a bit at least; with n below 2^57, n_zeros is below 2^58, and none of the
	 * sums below can overflow. */
	if (n / 8 > max_bytes || n >> 57)
		return -EUCLEAN;
	ratio = last / n;
	l->low_width = ratio ? ng_min(ng_bits(ratio) - 1, LOW_WIDTH_MAX) : 0;
	l->n_zeros = (last >> l->low_width) + 1;
	l->n_blocks = ng_div_up(n + l->n_zeros, BLOCK_BITS);
	l->low_bytes = ng_div_up(n, 64) * 8 * l->low_width;
	l->samples1 = ng_div_up(n, SAMPLE_INTERVAL);
	l->samples0 = ng_div_up(l->n_zeros, SAMPLE_INTERVAL);
	if (l->low_bytes > max_bytes || l->n_blocks > max_bytes / BLOCK_BYTES)
		return -EUCLEAN;
	l->bytes +=
		l->low_bytes + l->n_blocks * (BLOCK_BYTES + 8) + (l->samples1 + l->samples0) * 8;
	return l->bytes > max_bytes ? -EUCLEAN : 0;
}

static void view_init(struct ng_ef *ef, const struct layout *l, const struct ng_pages *pages,
		      const uint8_t *data)
{
	*ef = (struct ng_ef){
		.n = ng_load64(data),
		.last = ng_load64(data + 8),
		.low = data + HEADER_BYTES,
		.n_blocks = l->n_blocks,
		.low_width = l->low_width,
		.pages = pages,
	};
	ef->high = ef->low + l->low_bytes;
	ef->counts = ef->high + l->n_blocks * BLOCK_BYTES;
	ef->sample1 = ef->counts + l->n_blocks * 8;
	ef->sample0 = ef->sample1 + l->samples1 * 8;
}

static void put_low(uint8_t *low, uint64_t i, unsigned width, uint64_t value)
{
	uint64_t bit = i * width;
	uint8_t *p = low + bit / 8;

	ng_store64(p, ng_load64(p) | value << bit % 8);
}

/* Ones in each byte of x, summed up to and with it: byte 7 holds the ones of all. */
static uint64_t byte_sums(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555u;
	x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return x * 0x0101010101010101u;
}

/* Place of one number k; requires that x has more than k ones. */
static unsigned select_word(uint64_t x, uint64_t sums, unsigned k)
{
	unsigned shift = 0;

	while ((sums >> shift & 0xff) <= k)
		shift += 8;
	if (shift)
		k -= sums >> (shift - 8) & 0xff;
	x >>= shift;
	while (k--)
		x &= x - 1;
	return shift + (unsigned)__builtin_ctzll(x);
}

static void fill_directory(uint8_t *data, const struct layout *l, uint64_t n)
{
	uint8_t *high = data + HEADER_BYTES + l->low_bytes;
	uint8_t *counts = high + l->n_blocks * BLOCK_BYTES;
	uint8_t *sample1 = counts + l->n_blocks * 8, *sample0 = sample1 + l->samples1 * 8;
	uint64_t ones = 0, next1 = 0, next0 = 0;

	for (uint64_t b = 0; b < l->n_blocks; b++) {
		uint64_t zeros;

		ng_store64(counts + b * 8, ones);
		for (unsigned w = 0; w < BLOCK_BYTES; w += 8)
			ones += byte_sums(ng_load64(high + b * BLOCK_BYTES + w)) >> 56;
		zeros = ng_min((b + 1) * BLOCK_BITS - ones, l->n_zeros);
		/* A block has 512 bits, so at most one sample of a kind falls into it. */
		if (next1 * SAMPLE_INTERVAL < ones)
			ng_store64(sample1 + next1++ * 8, b);
		if (next0 * SAMPLE_INTERVAL < zeros)
			ng_store64(sample0 + next0++ * 8, b);
	}
	assert(ones == n && next1 == l->samples1 && next0 == l->samples0);
}

int ng_ef_encode(const uint64_t *values, uint64_t n, struct ng_buf *buf)
{
	uint64_t last = n ? values[n - 1] : 0, before = 0;
	struct layout l;
	uint8_t *data;
	int r;

	for (uint64_t i = 0; i < n; before = values[i++])
		if (values[i] < before)
			return -EINVAL;
	if (layout_init(&l, n, last, SIZE_MAX))
		return -ENOMEM;
	r = ng_buf_zero(buf, l.bytes);
	if (r)
		return r;
	data = buf->data + buf->len - l.bytes;
	ng_store64(data, n);
	ng_store64(data + 8, last);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t bit = i + (values[i] >> l.low_width);

		if (l.low_width)
			put_low(data + HEADER_BYTES, i, l.low_width,
				values[i] & ((1ull << l.low_width) - 1));
		data[HEADER_BYTES + l.low_bytes + bit / 8] |= (uint8_t)(1u << bit % 8);
	}
	if (n)
		fill_directory(data, &l, n);
	return 0;
}

int ng_ef_open(const struct ng_pages *pages, const uint8_t *data, size_t bytes,
	       struct ng_ef *ret_ef)
{
	struct layout l;
	int r;

	if (bytes < HEADER_BYTES || !ng_pages_ok(pages, data, HEADER_BYTES))
		return -EUCLEAN;
	r = layout_init(&l, ng_load64(data), ng_load64(data + 8), bytes);
	if (r)
		return r;
	view_init(ret_ef, &l, pages, data);
	return 0;
}

/* The eight bytes at `at`, 0 where they are damaged. */
static uint64_t load(const struct ng_ef *ef, const uint8_t *at, bool *damaged)
{
	if (ng_pages_ok(ef->pages, at, 8))
		return ng_load64(at);
	*damaged = true;
	return 0;
}

/* Ones, or zeros, before block b. */
static uint64_t before_block(const struct ng_ef *ef, uint64_t b, bool ones, bool *damaged)
{
	uint64_t count = load(ef, ef->counts + b * 8, damaged);

	return ones ? count : b * BLOCK_BITS - count;
}

/* Place in high of one, or zero, number i, of `total` of them; the damaged find some place. */
static uint64_t select_high(const struct ng_ef *ef, uint64_t i, uint64_t total, bool ones,
			    bool *damaged)
{
	const uint8_t *samples = ones ? ef->sample1 : ef->sample0;
	uint64_t s = i / SAMPLE_INTERVAL, lo, hi, rest;

	lo = load(ef, samples + s * 8, damaged);
	lo = ng_min(lo, ef->n_blocks - 1);
	hi = ef->n_blocks;
	if ((s + 1) * SAMPLE_INTERVAL < total) {
		hi = load(ef, samples + (s + 1) * 8, damaged);
		hi = ng_min(hi, ef->n_blocks - 1) + 1;
	}
	while (lo + 1 < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (before_block(ef, mid, ones, damaged) <= i)
			lo = mid;
		else
			hi = mid;
	}
	rest = i - before_block(ef, lo, ones, damaged);
	for (unsigned w = 0; w < BLOCK_BYTES; w += 8) {
		uint64_t x = load(ef, ef->high + lo * BLOCK_BYTES + w, damaged), sums;

		x = ones ? x : ~x;
		sums = byte_sums(x);
		if (rest < sums >> 56)
			return lo * BLOCK_BITS + w * 8 + select_word(x, sums, (unsigned)rest);
		rest -= sums >> 56;
	}
	return lo * BLOCK_BITS;
}

static uint64_t get_low(const struct ng_ef *ef, uint64_t i, bool *damaged)
{
	uint64_t bit = i * ef->low_width;

	/* With no low bits this reads high and masks all of it away. */
	return load(ef, ef->low + bit / 8, damaged) >> bit % 8 & ((1ull << ef->low_width) - 1);
}

uint64_t ng_ef_get(const struct ng_ef *ef, uint64_t i, bool *damaged)
{
	assert(i < ef->n);
	return (select_high(ef, i, ef->n, true, damaged) - i) << ef->low_width |
	       get_low(ef, i, damaged);
}

uint64_t ng_ef_rank(const struct ng_ef *ef, uint64_t x, bool *damaged)
{
	uint64_t top = x >> ef->low_width, low = x & ((1ull << ef->low_width) - 1);
	uint64_t zeros = (ef->last >> ef->low_width) + 1, lo = 0, hi;

	if (x >= ef->last)
		return ef->n;
	/* The values with these upper bits are numbers lo to hi: the ones between two zeros. */
	if (top)
		lo = select_high(ef, top - 1, zeros, false, damaged) - (top - 1);
	hi = select_high(ef, top, zeros, false, damaged) - top;
	lo = ng_min(lo, ef->n);
	hi = ng_min(hi, ef->n);
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (get_low(ef, mid, damaged) <= low)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
