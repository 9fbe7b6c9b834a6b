/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of documents: what stands between two newlines, or the document's ends. */
#pragma once

#include "query/places.h"

struct ng_line {
	uint64_t begin;             /* offset in the document of text[0] */
	uint8_t *text;              /* without the newline; the holder of lines frees it */
	size_t bytes;               /* of text */
	size_t at;                  /* where in text the place is that was asked for */
	bool cut_before, cut_after; /* the line goes on */
};

/* The lines of n places that have lines in ascending order: ret_lines[0..n-1], each with what
 * stands before and behind the place's occurrence in its line, up to most_bytes on either side. An
 * occurrence that holds newlines itself is in the line where it begins, and text ends there.
 * Where neighbouring places are in what is given of one line (begin in it, and end in it where it
 * is cut), that is given for the first of them, and to the others often nothing: their text is
 * NULL.
 *
 * Cost: a rank step for each byte of a line and some hundred more, or a frame or two of a text
 * store, on all of the index's threads. Errors as in query.h; -EINVAL: there is no such document,
 * -EUCLEAN, too: a place isn't within its document. On failure no line is given. Thread-safe. */
int ng_lines_read(const struct ng_index *index, const struct ng_place *places, size_t n,
		  size_t most_bytes, const ng_cancel *cancel, struct ng_line *ret_lines);

/* Free what ng_lines_read has given. */
void ng_lines_clear(struct ng_line *lines, size_t n);
