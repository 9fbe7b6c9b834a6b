/* The lines of an input. */
#pragma once

#include "text/input.h"

struct ng_lines {
	struct ng_input *input;
	const uint8_t *next, *end; /* of the input's current piece, not yet given out */
	struct ng_buf carry;       /* a line that runs over a piece's end */
	uint64_t number;           /* of the line given out last, from 1 */
	uint64_t max_bytes;        /* of a line; 0: any */
};

/* Start over with another input. The carry's memory is kept. */
void ng_lines_start(struct ng_lines *lines, struct ng_input *input);

/* The next line, without its newline; the last one may have none. Good until the next call. A line
 * inside one piece of input is not copied. Returns 1, 0 at the end, -EFBIG (longer than max_bytes)
 * and -ENOMEM without a text, errors as ng_input_read. */
int ng_lines_next(struct ng_lines *lines, const uint8_t **ret_line, size_t *ret_len,
		  struct ng_error *err);
