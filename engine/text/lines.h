/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of an input. */
#pragma once

#include "text/input.h"

struct ng_lines {
	struct ng_input *input;
	const uint8_t *next, *end; /* of the input's current piece, not yet given out */
	struct ng_buf carry;       /* a line that runs over a piece's end */
	bool carry_given;          /* of a line that is too long, by ng_lines_rest */
	bool rest;                 /* the line that is too long goes on */
	uint64_t number;           /* of the line given out last, from 1 */
	uint64_t max_bytes;        /* of a line; 0: any */
};

/* Start over with another input. The carry's memory is kept. */
void ng_lines_start(struct ng_lines *lines, struct ng_input *input);

/* The next line, without its newline; the last one may have none. Good until the next call. A line
 * inside one piece of input is not copied. Returns 1, 0 at the end, -EFBIG (a line longer than
 * max_bytes, which has its number: what is left of it is passed over by the next call, or given by
 * ng_lines_rest) and -ENOMEM without a text, errors as ng_input_read. */
int ng_lines_next(struct ng_lines *lines, const uint8_t **ret_line, size_t *ret_len,
		  struct ng_error *err);

/* After -EFBIG: the next piece of that line, from its beginning on. Returns 1, 0 at the line's end,
 * errors as ng_input_read. */
int ng_lines_rest(struct ng_lines *lines, const uint8_t **ret_data, size_t *ret_len,
		  struct ng_error *err);
