/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that hold some occurrences, each of them once, in the order of the text. */
#pragma once

#include "query/grep.h"
#include "query/lines.h"

struct ng_hits {
	const struct ng_index *index;
	const struct ng_places *places;
	const struct ng_grep *grep; /* that has to match in a line; NULL: every line is a hit */
	size_t most_bytes;          /* of a line, on either side of an occurrence */
};

/* The last line that was read, or none: zeroes. */
struct ng_hits_last {
	bool is;
	uint64_t doc, begin, end; /* offsets; all of the line, or what was shown of it */
	bool cut;                 /* the line goes on behind the end */
	size_t batch;             /* places to be read together next; 0: few */
};

struct ng_hit {
	uint64_t doc;
	struct ng_line line;
	size_t from, to; /* what matches, in line.text */
};

/* The hits of places [*at, *at + n), or of fewer where lines are long, behind *last; *at and *last
 * move on. ret_hits has room for n. A line is cut most_bytes from the first occurrence in it;
 * occurrences beyond are hits of their own, unless there is a grep: then a line that would be cut
 * is -EOVERFLOW, since it can't be known what matches in it. Cost of ng_lines_read, and of
 * ng_grep_line. Errors of both; then nothing has changed. */
int ng_hits_read(const struct ng_hits *hits, size_t *at, size_t n, struct ng_hits_last *last,
		 const ng_cancel *cancel, struct ng_hit *ret_hits, size_t *ret_n);

/* Free the lines of hits. */
void ng_hits_clear(struct ng_hit *hits, size_t n);
