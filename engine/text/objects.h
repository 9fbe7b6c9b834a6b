/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of an input that is JSON, wherever its lines end: one after another, or the elements
 * of arrays. Memory is that of one object: an array may be of any length. */
#pragma once

#include "text/input.h"
#include "text/json_scan.h"

struct ng_objects {
	struct ng_input *input;
	const uint8_t *next, *end; /* of the input's current piece, not yet given out */
	struct ng_buf carry;       /* an object that runs over a piece's end */
	struct ng_json_scan scan;
	bool in_array, first; /* ... and no element of it was met */
	bool carry_given;     /* of an object that is too long, by ng_objects_rest */
	bool rest;            /* the object that is too long goes on */
	uint64_t lines;       /* that ended in what was read so far */
	uint64_t number;      /* of the object given out last, from 1 */
	uint64_t line;        /* where it begins, from 1 */
	uint64_t max_bytes;   /* of an object; 0: any */
};

/* Start over with another input. The carry's memory is kept. */
void ng_objects_start(struct ng_objects *objects, struct ng_input *input);

/* The next object, or whatever value stands in its place: it is not judged here. Good until the
 * next call. Returns 1, 0 at the end, -EFBIG (longer than max_bytes; as ng_lines_next) and -ENOMEM
 * without a text, -EPROTO ("LINE: reason" in err) where no end or beginning of a value can be told
 * any more, errors as ng_input_read. */
int ng_objects_next(struct ng_objects *objects, const uint8_t **ret_object, size_t *ret_len,
		    struct ng_error *err);

/* After -EFBIG: as ng_lines_rest, and -EPROTO where the input ends first. */
int ng_objects_rest(struct ng_objects *objects, const uint8_t **ret_data, size_t *ret_len,
		    struct ng_error *err);
