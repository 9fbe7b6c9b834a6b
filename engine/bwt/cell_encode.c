/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/cell_encode.h"

#include "bwt/directory.h"

_Static_assert(NG_LINE_CELLS *NG_CELL_BYTES_MAX <= UINT16_MAX, "a line's ends have 16 bits");

/* Shapes that a cell is encoded in, of which the smallest is kept: those with the fewest plain
 * bits. One makes English 0.4 % larger and a build a twentieth faster; three save nothing more. */
#define TRIES 2u

#define PLANE_BYTES (NG_CELL / 8)

/* A cell's planes in one shape. */
struct planes {
	unsigned n, bytes;
	uint64_t modes;
	uint8_t data[9 * NG_CELL / 8 + NG_CELL_PLANES * 8 + 64];
};

struct ng_cell_encoder {
	unsigned d;
	uint16_t list[NG_SYMBOLS];
	uint16_t count[NG_SYMBOLS];    /* of the list's symbols */
	uint16_t place_of[NG_SYMBOLS]; /* of a symbol in the list */
	uint16_t places[NG_CELL + 8];
	/* While planes are made: rows that are left, and those of a group. */
	uint16_t left[2][NG_CELL + 8], in[NG_CELL + 8], ones[NG_CELL + 8];
	uint8_t raw[PLANE_BYTES + 8];
	struct planes planes[TRIES];
};

int ng_cell_encoder_new(struct ng_cell_encoder **ret_encoder)
{
	*ret_encoder = calloc(1, sizeof(**ret_encoder));
	return *ret_encoder ? 0 : -ENOMEM;
}

struct ng_cell_encoder *ng_cell_encoder_free(struct ng_cell_encoder *encoder)
{
	free(encoder);
	return NULL;
}

/* ---- planes ---- */

/* A bitmap of the bytes that are not `left_out`, and these. */
static void bytes_keep(const uint8_t *raw, unsigned bytes, unsigned map, uint8_t left_out,
		       uint8_t *to)
{
	uint8_t *kept = to + map;

	memset(to, 0, map);
	for (unsigned j = 0; j < bytes; j++) {
		bool keep = raw[j] != left_out;

		to[j >> 3] |= (uint8_t)(keep << (j & 7));
		*kept = raw[j];
		kept += keep;
	}
}

/* The same of bytes of both kinds: those that follow each other are of one, for which a bit says
 * whether that is FF. Returns the bytes that it takes. */
static unsigned bytes_keep_both(const uint8_t *raw, unsigned bytes, unsigned map, uint8_t *to)
{
	uint8_t kept[PLANE_BYTES], last = 1;
	unsigned n = 0, runs = 0;
	uint64_t values = 0;

	memset(to, 0, map);
	for (unsigned j = 0; j < bytes; j++) {
		bool constant = raw[j] == 0 || raw[j] == 0xff;
		bool begins = constant && last != 0 && last != 0xff;
		bool keep = !constant || (!begins && raw[j] != last);

		to[j >> 3] |= (uint8_t)(keep << (j & 7));
		kept[n] = raw[j];
		n += keep;
		values |= (uint64_t)(begins && raw[j]) << (runs & 63);
		runs += begins;
		/* What is kept ends a run, whatever it is. */
		last = keep ? 1 : raw[j];
	}
	memcpy(to + map, &values, (runs + 7) / 8);
	memcpy(to + map + (runs + 7) / 8, kept, n);
	return map + (runs + 7) / 8 + n;
}

/* Append a plane of n rows in the mode that takes the fewest bytes. */
static void plane_put(struct planes *planes, const uint8_t *raw, unsigned n)
{
	unsigned bytes = ng_plane_bytes(n), map = ng_plane_map_bytes(n), zeroes = 0, full = 0;
	unsigned sizes[4], best = NG_PLANE_PLAIN;
	uint8_t *to = planes->data + planes->bytes;

	for (unsigned j = 0; j < bytes; j++) {
		zeroes += raw[j] == 0;
		full += raw[j] == 0xff;
	}
	sizes[NG_PLANE_PLAIN] = bytes;
	sizes[NG_PLANE_ZEROES] = map + bytes - zeroes;
	sizes[NG_PLANE_ONES] = map + bytes - full;
	sizes[NG_PLANE_BOTH] = bytes_keep_both(raw, bytes, map, to);
	for (unsigned mode = 1; mode < 4; mode++)
		if (sizes[mode] < sizes[best])
			best = mode;
	if (best == NG_PLANE_PLAIN)
		memcpy(to, raw, bytes);
	else if (best != NG_PLANE_BOTH)
		bytes_keep(raw, bytes, map, best == NG_PLANE_ZEROES ? 0 : 0xff, to);
	planes->modes |= (uint64_t)best << (2 * planes->n++);
	planes->bytes += sizes[best];
}

/* Split rows by a bit of theirs: those of which test is false to zeroes, the others to ones, the
 * bits to raw. Returns how many are ones. Rows come in runs, and eight that are equal go at once.
 * zeroes may be rows itself. */
#define SPLIT(rows, n, test, zeroes, ones, raw, ret_ones)                                          \
	do {                                                                                       \
		unsigned n_zeroes_ = 0, n_ones_ = 0;                                               \
		for (unsigned i_ = 0; i_ < (n); i_ += 8) {                                         \
			unsigned byte_ = 0, here_ = ng_min((n)-i_, 8u);                            \
			uint64_t eight_[2];                                                        \
			memcpy(eight_, (rows) + i_, 16);                                           \
			if (here_ == 8 && eight_[0] == eight_[1] &&                                \
			    eight_[0] == (eight_[0] & 0xffff) * 0x0001000100010001ull) {           \
				unsigned row = (rows)[i_];                                         \
				if (test) {                                                        \
					memcpy((ones) + n_ones_, eight_, 16);                      \
					n_ones_ += 8;                                              \
					byte_ = 0xff;                                              \
				} else {                                                           \
					memcpy((zeroes) + n_zeroes_, eight_, 16);                  \
					n_zeroes_ += 8;                                            \
				}                                                                  \
				(raw)[i_ / 8] = (uint8_t)byte_;                                    \
				continue;                                                          \
			}                                                                          \
			for (unsigned j_ = 0; j_ < here_; j_++) {                                  \
				uint16_t row = (rows)[i_ + j_];                                    \
				unsigned bit_ = (test);                                            \
				(zeroes)[n_zeroes_] = row;                                         \
				(ones)[n_ones_] = row;                                             \
				n_ones_ += bit_;                                                   \
				n_zeroes_ += !bit_;                                                \
				byte_ |= bit_ << j_;                                               \
			}                                                                          \
			(raw)[i_ / 8] = (uint8_t)byte_;                                            \
		}                                                                                  \
		*(ret_ones) = n_ones_;                                                             \
	} while (0)

/* The planes of a group's n rows, in e->in. */
static void group_put(struct ng_cell_encoder *e, struct planes *planes, unsigned n, unsigned at,
		      unsigned width)
{
	for (unsigned bit = 0; bit < width; bit++) {
		unsigned ones;

		SPLIT(e->in, n, (row - at) >> bit & 1, e->in, e->ones, e->raw, &ones);
		memcpy(e->in + n - ones, e->ones, ones * sizeof(e->ones[0]));
		plane_put(planes, e->raw, n);
	}
}

static void planes_make(struct ng_cell_encoder *e, unsigned n, unsigned shape,
			struct planes *planes)
{
	const uint8_t *widths = ng_cell_shapes[shape];
	const uint16_t *left = e->places;
	unsigned at = 0, now = 0;

	planes->n = planes->bytes = 0;
	planes->modes = 0;
	for (; at + (1u << *widths) < e->d; widths++) {
		unsigned end = at + (1u << *widths), more;

		SPLIT(left, n, row >= end, e->in, e->left[now], e->raw, &more);
		plane_put(planes, e->raw, n);
		group_put(e, planes, n - more, at, *widths);
		left = e->left[now];
		now = !now;
		n = more;
		at = end;
	}
	memcpy(e->in, left, n * sizeof(*left));
	group_put(e, planes, n, at, ng_places_width(e->d - at));
}

/* Bits of the planes of a shape if all were plain. */
static unsigned plain_bits(const struct ng_cell_encoder *e, unsigned n, unsigned shape)
{
	unsigned at = 0, bits = 0;

	for (const uint8_t *widths = ng_cell_shapes[shape];; widths++) {
		unsigned end = at + (1u << *widths), in = 0;

		if (end >= e->d)
			return bits + n * ng_places_width(e->d - at);
		for (; at < end; at++)
			in += e->count[at];
		bits += n + in * *widths;
		n -= in;
	}
}

/* Returns the shape, whose planes are in e->planes[0]. */
static unsigned shape_choose(struct ng_cell_encoder *e, unsigned n)
{
	unsigned bits[NG_SHAPES], best = 0, chosen[TRIES];

	for (unsigned s = 0; s < NG_SHAPES; s++)
		bits[s] = plain_bits(e, n, s);
	for (unsigned t = 0; t < TRIES; t++) {
		chosen[t] = 0;
		for (unsigned s = 1; s < NG_SHAPES; s++)
			if (bits[s] < bits[chosen[t]])
				chosen[t] = s;
		bits[chosen[t]] = UINT32_MAX;
		planes_make(e, n, chosen[t], &e->planes[t]);
		if (e->planes[t].bytes < e->planes[best].bytes)
			best = t;
	}
	if (best)
		memcpy(&e->planes[0], &e->planes[best],
		       offsetof(struct planes, data) + e->planes[best].bytes);
	return chosen[best];
}

/* ---- the rest ---- */

/* The list, by falling frequency, symbols of one frequency ascending; and each row's place. */
static void list_make(struct ng_cell_encoder *e, const struct ng_bwt_text *text, uint64_t begin,
		      unsigned n)
{
	uint16_t count[NG_SYMBOLS] = {0}, symbols[NG_CELL];

	for (unsigned i = 0; i < n; i++) {
		unsigned s = ng_bwt_text_symbol(text, begin + i);

		symbols[i] = (uint16_t)s;
		count[s]++;
	}
	e->d = 0;
	for (unsigned s = 0; s < NG_SYMBOLS; s++) {
		unsigned at = e->d;

		if (!count[s])
			continue;
		for (; at && count[e->list[at - 1]] < count[s]; at--)
			e->list[at] = e->list[at - 1];
		e->list[at] = (uint16_t)s;
		e->d++;
	}
	/* The separator's place has a byte, which it might not fit into otherwise. */
	if (e->d == NG_SYMBOLS) {
		unsigned at = 0;

		while (e->list[at] != NG_SEPARATOR)
			at++;
		memmove(e->list + 1, e->list, at * sizeof(e->list[0]));
		e->list[0] = NG_SEPARATOR;
	}
	for (unsigned k = 0; k < e->d; k++) {
		e->place_of[e->list[k]] = (uint16_t)k;
		e->count[k] = count[e->list[k]];
	}
	for (unsigned i = 0; i < n; i++)
		e->places[i] = e->place_of[symbols[i]];
}

/* Write `width` <= 57 bits at a bit offset of zeroed memory. */
static void put_bits(uint8_t *base, uint64_t bit, uint64_t value, unsigned width)
{
	uint8_t *p = base + (bit >> 3);
	unsigned shift = bit & 7;
	uint64_t word = value << shift;

	for (unsigned i = 0; i < (shift + width + 7) / 8; i++)
		p[i] |= (uint8_t)(word >> (8 * i));
}

/* The counts before the cell; returns their bytes. The first `n_wide` places of the list take the
 * bits that the largest needs, the others those of the largest among them, so that the sum is
 * least. */
static size_t counts_put(const struct ng_cell_encoder *e, const uint32_t *before, uint8_t *to,
			 unsigned *ret_n_wide, unsigned *ret_wide, unsigned *ret_narrow)
{
	unsigned behind[NG_SYMBOLS + 1]; /* bits of the largest from a place on */
	unsigned wide, bits = UINT32_MAX, n_wide = 0;

	behind[e->d] = 0;
	for (unsigned k = e->d; k-- > 0;)
		behind[k] = ng_max(behind[k + 1], ng_bits(before[e->list[k]]));
	wide = behind[0];
	for (unsigned k = 0; k <= ng_min(e->d, 255u); k++) {
		if (k * wide + (e->d - k) * behind[k] < bits) {
			bits = k * wide + (e->d - k) * behind[k];
			n_wide = k;
		}
	}
	memset(to, 0, (bits + 7) / 8);
	for (unsigned k = 0, bit = 0; k < e->d; k++) {
		unsigned width = k < n_wide ? wide : behind[n_wide];

		put_bits(to, bit, before[e->list[k]], width);
		bit += width;
	}
	*ret_n_wide = n_wide;
	*ret_wide = wide;
	*ret_narrow = behind[n_wide];
	return (bits + 7) / 8;
}

/* The marked rows; returns their bytes. */
static size_t marks_put(const struct ng_bwt_text *text, uint64_t begin, unsigned n,
			unsigned n_marks, unsigned shift, uint8_t *to)
{
	bool bitmap = ng_marks_are_bitmap(n_marks, n, shift);
	size_t bytes = ng_marks_bytes(n_marks, n, shift);
	unsigned i = 0;

	memset(to, 0, bytes);
	for (unsigned at = 0; at < n; at += 64) {
		for (uint64_t w = text->marks[(begin + at) >> 6]; w; w &= w - 1, i++) {
			unsigned row = at + (unsigned)__builtin_ctzll(w);

			if (bitmap) {
				put_bits(to, row, 1, 1);
				continue;
			}
			put_bits(to, (uint64_t)i * shift, row & ((1u << shift) - 1), shift);
			put_bits(to, n_marks * shift + (row >> shift) + i, 1, 1);
		}
	}
	return bytes;
}

static unsigned marks_count(const struct ng_bwt_text *text, uint64_t begin, unsigned n)
{
	unsigned n_marks = 0;

	/* begin is a multiple of 64, and behind the last row nothing is marked. */
	for (unsigned at = 0; at < n; at += 64)
		n_marks += (unsigned)__builtin_popcountll(text->marks[(begin + at) >> 6]);
	return n_marks;
}

size_t ng_cell_encode(struct ng_cell_encoder *e, const struct ng_bwt_text *text, uint64_t begin,
		      unsigned n, unsigned mark_shift, struct ng_superblock_facts *facts,
		      uint16_t group, uint8_t *to)
{
	unsigned n_marks = marks_count(text, begin, n), shape, modes, n_wide, wide, narrow;
	bool has_separator = false, all;
	uint8_t *at = to + NG_CELL_HEAD;
	const struct planes *planes = &e->planes[0];

	list_make(e, text, begin, n);
	all = e->d == NG_SYMBOLS;
	shape = shape_choose(e, n);
	modes = ng_max((2 * planes->n + 7) / 8, 1u);
	ng_store64(at, planes->modes);
	at += modes;
	for (unsigned k = 0; k < e->d; k++) {
		unsigned s = e->list[k];

		at[k] = (uint8_t)s;
		if (s == NG_SEPARATOR)
			at[k] = 0;
	}
	at += e->d;
	for (unsigned k = 0; k < e->d; k++) {
		if (e->list[k] != NG_SEPARATOR)
			continue;
		has_separator = true;
		*at++ = (uint8_t)k;
		break;
	}
	at += counts_put(e, facts->count, at, &n_wide, &wide, &narrow);
	memcpy(at, planes->data, planes->bytes);
	at += planes->bytes;
	at += marks_put(text, begin, n, n_marks, mark_shift, at);
	to[0] = (uint8_t)(shape | (modes - 1) << 4 | (unsigned)has_separator << 7);
	to[1] = (uint8_t)(e->d - 1 - all);
	to[2] = (uint8_t)ng_min(n_marks, NG_CELL_MARKS_BITMAP);
	to[3] = (uint8_t)n_wide;
	ng_store32(to + 4, wide | narrow << 5 | facts->count[NG_MARKS] << 10 | (uint32_t)all << 31);
	for (unsigned k = 0; k < e->d; k++) {
		facts->count[e->list[k]] += e->count[k];
		facts->groups[e->list[k]] |= group;
	}
	facts->count[NG_MARKS] += n_marks;
	return (size_t)(at - to);
}
