/* SPDX-License-Identifier: Apache-2.0 */
/* Rows at random, that no text need have, and reading them back, for the unit tests. */
#pragma once

#include "bwt/bwt_read.h"
#include "bwtmake.h"

/* Symbols at random, in runs; of the runs one in so many on average is of separators, and of the
 * rows one in so many is marked (0: none). */
struct shape {
	const char *name;
	uint64_t rows;
	unsigned first_byte, n_bytes, run, separators, marks, mark_shift;
};

struct sequence {
	uint8_t *bwt;
	uint64_t *separators, *marks;
	struct ng_bwt_text text;
};

static inline void sequence_clear(struct sequence *s)
{
	free(s->bwt);
	free(s->separators);
	free(s->marks);
}

static inline void sequence_make(const struct shape *shape, uint64_t *rng, struct sequence *ret)
{
	uint64_t rows = shape->rows;
	struct sequence s = {.bwt = calloc(rows, 1),
			     .separators = calloc(rows / 64 + 1, sizeof(uint64_t)),
			     .marks = calloc(rows / 64 + 1, sizeof(uint64_t))};

	assert_non_null(s.bwt);
	assert_non_null(s.separators);
	assert_non_null(s.marks);
	for (uint64_t row = 0; row < rows;) {
		uint64_t r = scratch_random(rng), end = ng_min(row + 1 + r % shape->run, rows);
		bool separator = shape->separators && (r >> 24) % shape->separators == 0;

		for (; row < end; row++) {
			bool mark = shape->marks && scratch_random(rng) % shape->marks == 0;

			s.bwt[row] = (uint8_t)(shape->first_byte + (r >> 40) % shape->n_bytes);
			s.separators[row >> 6] |= (uint64_t)separator << (row & 63);
			s.marks[row >> 6] |= (uint64_t)mark << (row & 63);
		}
	}
	s.text = (struct ng_bwt_text){s.bwt, s.separators, s.marks, rows};
	*ret = s;
}

/* Read a cell over garbage. */
static inline int read_cell(const struct ng_bwt *bwt, uint64_t cell, struct ng_bwt_rows *rows)
{
	memset(rows, 0xa5, sizeof(*rows));
	return ng_bwt_read_cell(bwt, cell, rows);
}

static inline struct ng_bwt_rows *rows_new(void)
{
	struct ng_bwt_rows *rows = malloc(sizeof(*rows));

	assert_non_null(rows);
	return rows;
}

static inline bool bits_end(const uint64_t *bits, unsigned n)
{
	for (unsigned i = n; i < NG_CELL; i++)
		if (ng_bit(bits, i))
			return false;
	return true;
}
