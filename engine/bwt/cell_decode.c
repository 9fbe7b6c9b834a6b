/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/cell_decode.h"

struct decoder {
	const uint8_t *p, *end;
	uint64_t modes;
	unsigned n_planes;
	uint8_t raw[NG_CELL / 8 + 8];
	uint16_t zeroes[NG_CELL + 8], ones[NG_CELL + 8];
	const char *why;
};

static bool wrong(struct decoder *d, const char *why)
{
	d->why = why;
	return false;
}

static unsigned popcount(uint64_t x)
{
	return (unsigned)__builtin_popcountll(x);
}

/* Bytes of which a bitmap says which are there. */
static void bytes_decode(struct decoder *d, unsigned bytes, unsigned map, unsigned mode)
{
	const uint8_t *there = d->p, *values = d->p + map, *kept;
	unsigned runs = 0;
	bool run = false;
	uint8_t value = mode == NG_PLANE_ONES ? 0xff : 0;

	for (unsigned j = 0; mode == NG_PLANE_BOTH && j < bytes; j++) {
		bool gone = !(there[j >> 3] >> (j & 7) & 1);

		runs += gone && !run;
		run = gone;
	}
	kept = values + (runs + 7) / 8;
	runs = 0;
	run = false;
	for (unsigned j = 0; j < bytes; j++) {
		bool gone = !(there[j >> 3] >> (j & 7) & 1);

		if (mode == NG_PLANE_BOTH && gone && !run) {
			value = values[runs >> 3] >> (runs & 7) & 1 ? 0xff : 0;
			runs++;
		}
		d->raw[j] = gone ? value : *kept++;
		run = gone;
	}
	d->p = kept;
}

/* The next plane, of n rows, as plain bits in d->raw. */
static bool plane_decode(struct decoder *d, unsigned n)
{
	unsigned bytes = ng_plane_bytes(n), map = ng_plane_map_bytes(n), mode = d->modes & 3;

	d->modes >>= 2;
	d->n_planes++;
	if (mode == NG_PLANE_PLAIN) {
		memcpy(d->raw, d->p, bytes);
		d->p += bytes;
	} else {
		bytes_decode(d, bytes, map, mode);
	}
	if (d->p > d->end)
		return wrong(d, "its planes don't end within it");
	if (n & 7 && d->raw[bytes - 1] >> (n & 7))
		return wrong(d, "a plane goes on behind its rows");
	return true;
}

static unsigned ones_in(const uint8_t *raw, unsigned n)
{
	unsigned sum = 0;

	for (unsigned j = 0; j < ng_plane_bytes(n); j++)
		sum += popcount(raw[j]);
	return sum;
}

/* n rows to `to`, the next of ones where a bit is set and else the next of zeroes. Planes come in
 * runs, and eight equal bits go at once. Up to 8 rows are written behind. */
static void rows_join(const uint8_t *raw, unsigned n, const uint16_t *zeroes, const uint16_t *ones,
		      uint16_t *to)
{
	for (unsigned j = 0; j < ng_plane_bytes(n); j++, to += 8) {
		unsigned byte = raw[j];

		if (byte == 0) {
			memcpy(to, zeroes, 16);
			zeroes += 8;
		} else if (byte == 0xff) {
			memcpy(to, ones, 16);
			ones += 8;
		} else {
			for (unsigned k = 0; k < 8; k++) {
				unsigned bit = byte >> k & 1;

				to[k] = bit ? *ones : *zeroes;
				ones += bit;
				zeroes += !bit;
			}
		}
	}
}

/* The places of a group's n rows, from `at` on, to `to`: its planes say them bit by bit, in each
 * plane in the order that those before left. */
static bool group_decode(struct decoder *d, unsigned n, unsigned at, unsigned width, uint16_t *to)
{
	uint8_t raw[8][NG_CELL / 8 + 8];
	unsigned zeroes[8];

	for (unsigned bit = 0; bit < width; bit++) {
		if (!plane_decode(d, n))
			return false;
		memcpy(raw[bit], d->raw, ng_plane_bytes(n));
		zeroes[bit] = n - ones_in(d->raw, n);
	}
	for (unsigned i = 0; i < n; i++)
		to[i] = (uint16_t)at;
	/* Back from the order that the last plane leaves. */
	for (unsigned bit = width; bit-- > 0;) {
		memcpy(d->zeroes, to, zeroes[bit] * sizeof(*to));
		for (unsigned i = zeroes[bit]; i < n; i++)
			d->ones[i - zeroes[bit]] = (uint16_t)(to[i] + (1u << bit));
		rows_join(raw[bit], n, d->zeroes, d->ones, to);
	}
	return true;
}

/* All groups, forwards, and then the rows of each joined to those behind, backwards. */
static bool planes_decode(struct decoder *d, const uint8_t *widths, unsigned n_symbols,
			  unsigned size, uint16_t *places)
{
	uint8_t raw[NG_SHAPE_GROUPS][NG_CELL / 8 + 8];
	uint16_t rows[NG_SHAPE_GROUPS][NG_CELL + 8];
	unsigned n[NG_SHAPE_GROUPS], at = 0, g = 0;

	for (n[0] = size; at + (1u << widths[g]) < n_symbols; g++) {
		if (!plane_decode(d, n[g]))
			return false;
		memcpy(raw[g], d->raw, ng_plane_bytes(n[g]));
		n[g + 1] = ones_in(d->raw, n[g]);
		if (!group_decode(d, n[g] - n[g + 1], at, widths[g], rows[g]))
			return false;
		at += 1u << widths[g];
	}
	if (!group_decode(d, n[g], at, ng_places_width(n_symbols - at), g ? rows[g] : places))
		return false;
	while (g-- > 0) {
		memcpy(d->zeroes, rows[g], (n[g] - n[g + 1]) * sizeof(*places));
		memcpy(d->ones, rows[g + 1], n[g + 1] * sizeof(*places));
		rows_join(raw[g], n[g], d->zeroes, d->ones, g ? rows[g] : places);
	}
	return true;
}

/* Every symbol of the list occurs, and none else. */
static bool places_check(struct decoder *d, const struct ng_cell_facts *facts, unsigned size)
{
	uint16_t count[2 * NG_SYMBOLS] = {0};

	for (unsigned i = 0; i < size; i++)
		count[facts->places[i]]++;
	for (unsigned k = 0; k < ng_array_size(count); k++)
		if ((count[k] > 0) != (k < facts->n_symbols))
			return wrong(d, "its planes don't fit its list of symbols");
	return true;
}

static bool marks_decode(struct decoder *d, const uint8_t *marks, unsigned says, unsigned size,
			 unsigned shift, struct ng_cell_facts *ret)
{
	unsigned high = says * shift, limit, next = 0, n = 0;

	memset(ret->marks, 0, sizeof(ret->marks));
	ret->n_marks = says;
	if (says == 0)
		return true;
	if (ng_marks_are_bitmap(says, size, shift)) {
		for (unsigned i = 0; i < size; i++) {
			uint64_t bit = marks[i >> 3] >> (i & 7) & 1;

			ret->marks[i >> 6] |= bit << (i & 63);
			n += (unsigned)bit;
		}
		ret->n_marks = n;
		if (says == NG_CELL_MARKS_BITMAP ? n < says : n != says)
			return wrong(d, "marked rows of another number");
		return true;
	}
	limit = ng_marks_high_bits(says, size, shift);
	for (unsigned bit = 0; bit < limit; bit++) {
		unsigned at = high + bit, row;

		if (!(marks[at >> 3] >> (at & 7) & 1))
			continue;
		if (n == says)
			return wrong(d, "marked rows of another number");
		row = (bit - n) << shift |
		      (unsigned)(ng_load64(marks + (n * shift >> 3)) >> (n * shift & 7) &
				 ((1ull << shift) - 1));
		if (row < next || row >= size)
			return wrong(d, "marked rows out of order");
		ret->marks[row >> 6] |= 1ull << (row & 63);
		next = row + 1;
		n++;
	}
	return n == says || wrong(d, "marked rows of another number");
}

/* The list; *p is where it begins, then where it ends. */
static bool list_decode(struct decoder *d, bool has_separator, struct ng_cell_facts *ret)
{
	bool seen[NG_SYMBOLS] = {false};
	unsigned n = ret->n_symbols, separator = has_separator ? d->p[n] : UINT32_MAX;

	if (has_separator && (separator >= n || d->p[separator]))
		return wrong(d, "the separator is not in its list of symbols");
	for (unsigned k = 0; k < n; k++) {
		unsigned symbol = k == separator ? NG_SEPARATOR : d->p[k];

		if (seen[symbol])
			return wrong(d, "a symbol is twice in its list");
		seen[symbol] = true;
		ret->list[k] = (uint16_t)symbol;
	}
	d->p += n + has_separator;
	return true;
}

bool ng_cell_decode(const uint8_t *begin, const uint8_t *end, unsigned size, unsigned mark_shift,
		    struct ng_cell_facts *ret, const char **ret_why)
{
	uint32_t word = ng_load32(begin + 4);
	unsigned wide = word & 31, narrow = word >> 5 & 31, n_wide = begin[3], modes, marks;
	struct decoder d = {.p = begin + NG_CELL_HEAD, .end = end};
	bool fits;

	*ret_why = "its head doesn't fit";
	ret->n_symbols = begin[1] + 1u + (word >> 31);
	ret->marks_before = word >> 10 & ((1u << 21) - 1);
	marks = ng_marks_bytes(begin[2], size, mark_shift);
	modes = (begin[0] >> 4 & 7) + 1;
	if (ret->n_symbols > size || narrow > wide || wide > NG_SUPERBLOCK_LOG + 1 ||
	    n_wide > ret->n_symbols || end - begin < (ptrdiff_t)(NG_CELL_HEAD + modes + marks))
		return false;
	d.modes = ng_load64(d.p) & (UINT64_MAX >> (64 - 8 * modes));
	d.p += modes;
	d.end -= marks;
	fits = list_decode(&d, begin[0] >> 7, ret);
	for (unsigned k = 0, bit = 0; fits && k < ret->n_symbols; k++) {
		unsigned width = k < n_wide ? wide : narrow;

		ret->before[k] = (uint32_t)(ng_load64(d.p + (bit >> 3)) >> (bit & 7) &
					    ((1ull << width) - 1));
		bit += width;
	}
	d.p += (n_wide * wide + (ret->n_symbols - n_wide) * narrow + 7) / 8;
	fits = fits &&
	       planes_decode(&d, ng_cell_shapes[begin[0] & 15], ret->n_symbols, size,
			     ret->places) &&
	       places_check(&d, ret, size);
	if (fits && (d.p != d.end || d.modes || modes != ng_max((2 * d.n_planes + 7) / 8, 1u)))
		fits = wrong(&d, "it doesn't end where the next one begins");
	fits = fits && marks_decode(&d, d.end, begin[2], size, mark_shift, ret);
	*ret_why = d.why;
	return fits;
}
