/* SPDX-License-Identifier: Apache-2.0 */
/* A cell: NG_CELL rows of the BWT (the last of a shard may have fewer), a small wavelet tree over
 * the symbols that occur in them.
 *
 * The symbols are listed by falling frequency in the cell. A shape (ng_cell_shapes) cuts the list
 * into groups, of which group k takes 2^width[k] places. A plane is a bit for each row that is
 * left, set where the row's symbol stands in a later group than the next one. Behind it come, for
 * the rows of that group itself, as many planes as its width, which tell its places apart: a
 * wavelet matrix (F. Claude, G. Navarro and A. Ordonez, The wavelet matrix, Information Systems
 * 2015), the lowest bit of the place first. The last group that has places has no plane that leads
 * on, and only as many planes as its places need.
 *
 * A plane of n bits is ceil(n / 8) bytes, or fewer, in one of four modes: all of these bytes; or a
 * bitmap of those that are there, and these. What is not there is 00 in the second mode, FF in the
 * third; in the fourth bytes of both kinds are not there, those that follow each other all of one
 * kind, which a bit for each such run says, between the bitmap and the bytes. The BWT comes in
 * runs, so that most planes have many such bytes.
 *
 *   bytes
 *   1       bits 0-3 the shape, bits 4-6 bytes of modes - 1, bit 7: the separator is in the list
 *   1       d - 1 or d - 2, as bit 31 below says: symbols in the list
 *   1       marked rows m (those whose suffix is sampled); NG_CELL_MARKS_BITMAP: a bitmap has them
 *   1       places of the list whose counts are wide
 *   4       bits 0-4 width of the wide counts, 5-9 of the others, 10-30 the marked rows before the
 *           cell in its superblock, bit 31: all NG_SYMBOLS symbols are in the list
 *   1-8     modes, 2 bits a plane
 *   d       the list; the separator as 0
 *   0-1     the separator's place, where it is in the list
 *   ...     d counts: of each symbol of the list before the cell in its superblock, bit by bit, in
 *           whole bytes
 *   ...     planes
 *   ...     the marked rows (ng_marks_bytes), up to where the next cell begins
 *
 * What was measured on the way here, in bytes a symbol, on the BWTs of 100 MB of English, 100 MB of
 * source code and 18 MB of eleven languages. Planes in two modes (plain, and two bitmaps: bytes
 * that are neither 00 nor FF, and FF), lists, and counts of two widths before the cell in a
 * superblock of 2^18 rows:
 *
 *   rows       English              source code          languages
 *     512      0.252 0.028 0.047    0.189 0.025 0.041    0.273 0.039 0.062
 *   1,024      0.258 0.018 0.029    0.196 0.017 0.027    0.282 0.024 0.037
 *   1,536      0.261 0.014 0.022    0.199 0.013 0.021    0.288 0.018 0.028
 *   2,048      0.263 0.011 0.018    0.202 0.011 0.017    0.292 0.014 0.022
 *
 *   planes of 1,024 rows in the best two of eight other shapes       0.257 0.196 0.282
 *   with the modes of one bitmap, too                                0.250 0.188 0.276
 *   and these sixteen shapes                                         0.249 0.186 0.270
 *   and a bit a run of 00 or FF instead of a second bitmap: this     0.242 0.173 0.260
 *   the best of 457 shapes for each cell gain another                0.002 0.002 0.002
 *
 *   counts of one width 0.034, of two 0.029, each of its own 0.022; by superblocks of 2^16 rows
 *   0.024 and 0.008 for the superblocks', of 2^20 rows 0.034 and 0.001
 *
 * And the time of a byte of a count of 100 bytes of English in a sketch, one thread, from memory,
 * one query and 24 in step, beside SDSL's wt_huff<rrr_vector<127>> in the same hour (4,700 ns on
 * that busy machine; token streams, version 3 of the format: 1,010):
 *
 *   cells of 1,024 in pages of 4 KiB, each with an alphabet, counts and a directory      500  430
 *   cells that follow each other, found by one directory: this                           346  234
 *   the same of 2,048 rows                                                               398  409
 */
#pragma once

#include "base/base.h"

#define NG_SYMBOLS   257u
#define NG_SEPARATOR 256u

#define NG_CELL_LOG          10u
#define NG_CELL              (1u << NG_CELL_LOG)
#define NG_CELL_PLANES       32u /* at most */
#define NG_CELL_HEAD         8u
#define NG_CELL_MARKS_BITMAP 255u

#define NG_SHAPES       16u
#define NG_SHAPE_GROUPS 10u

static const uint8_t ng_cell_shapes[NG_SHAPES][NG_SHAPE_GROUPS] = {
	{8, 8, 8, 8, 8, 8, 8, 8, 8, 8}, {5, 8, 8, 8, 8, 8, 8, 8, 8, 8},
	{0, 1, 2, 2, 3, 4, 8, 8, 8, 8}, {2, 3, 3, 3, 3, 4, 8, 8, 8, 8},
	{0, 0, 1, 3, 3, 4, 8, 8, 8, 8}, {1, 0, 1, 2, 3, 4, 8, 8, 8, 8},
	{4, 4, 6, 8, 8, 8, 8, 8, 8, 8}, {1, 1, 1, 1, 1, 2, 3, 5, 8, 8},
	{0, 2, 2, 2, 3, 4, 8, 8, 8, 8}, {0, 0, 2, 3, 3, 4, 8, 8, 8, 8},
	{1, 2, 2, 2, 2, 3, 5, 8, 8, 8}, {0, 3, 3, 3, 3, 4, 8, 8, 8, 8},
	{3, 3, 3, 2, 3, 4, 8, 8, 8, 8}, {0, 0, 0, 0, 1, 2, 3, 5, 8, 8},
	{2, 2, 2, 2, 3, 4, 8, 8, 8, 8}, {0, 1, 1, 1, 2, 2, 3, 5, 8, 8},
};

enum ng_plane_mode {
	NG_PLANE_PLAIN,
	NG_PLANE_ZEROES, /* 00 is left out */
	NG_PLANE_ONES,   /* FF is */
	NG_PLANE_BOTH,   /* 00 and FF are */
};

/* Bits of a plane of n rows in the mode of ng_plane_mode, as bytes; and those of a bitmap of it. */
static inline unsigned ng_plane_bytes(unsigned n)
{
	return (n + 7) >> 3;
}

static inline unsigned ng_plane_map_bytes(unsigned n)
{
	return (n + 63) >> 6;
}

/* Planes that tell n >= 1 places apart. */
static inline unsigned ng_places_width(unsigned n)
{
	return n > 1 ? 32 - (unsigned)__builtin_clz(n - 1) : 0;
}

/* Whatever a cell holds, reading it touches no more than so many bytes from its first one on: its
 * head, list and counts (of 31 bits at most), NG_CELL_PLANES planes of the largest that one can
 * seem to be, and what is read of a plane beyond its end. */
#define NG_CELL_REACH 8192u

_Static_assert(NG_CELL_HEAD + 8 + NG_SYMBOLS + 1 + NG_SYMBOLS * 31 / 8 + 1 +
			       NG_CELL_PLANES * (NG_CELL / 8 + 2 * (NG_CELL / 64)) + 256 <=
		       NG_CELL_REACH,
	       "what NG_CELL_REACH says");

/* ---- marked rows ---- */

/* Lower bits of a marked row's offset in its cell where it is one of every sa_rate positions: as
 * many as their distance has, save one. */
static inline unsigned ng_mark_shift(uint32_t sa_rate)
{
	return ng_bits(sa_rate) - 1;
}

/* The marked rows of a cell of `size` rows that has n_marks of them: Elias-Fano with `shift` lower
 * bits, or a bitmap where that is smaller, and always from NG_CELL_MARKS_BITMAP on. */
static inline unsigned ng_marks_high_bits(unsigned n_marks, unsigned size, unsigned shift)
{
	return n_marks + (size >> shift) + 1;
}

static inline bool ng_marks_are_bitmap(unsigned n_marks, unsigned size, unsigned shift)
{
	return n_marks >= NG_CELL_MARKS_BITMAP ||
	       n_marks * shift + ng_marks_high_bits(n_marks, size, shift) > size;
}

static inline unsigned ng_marks_bytes(unsigned n_marks, unsigned size, unsigned shift)
{
	if (!n_marks)
		return 0;
	if (ng_marks_are_bitmap(n_marks, size, shift))
		return (size + 7) / 8;
	return (n_marks * shift + ng_marks_high_bits(n_marks, size, shift) + 7) / 8;
}
