/* SPDX-License-Identifier: Apache-2.0 */
/* Of stretches of a text those parts that cut no character of UTF-8, and no word if so asked. */
#pragma once

#include "query/text_blocks.h"

struct ng_span {
	uint64_t begin, end;
};

/* Whether a text may be cut at `at`. Of what precedes it from `before` on and what follows up to
 * `end`, a character at least must be there, where the text has one. Thread-safe. */
bool ng_whole_border(const uint8_t *before, const uint8_t *at, const uint8_t *end, bool word);

struct ng_whole {
	uint64_t min_bytes; /* of a part */
	bool word;
	struct ng_text_blocks *text;
	bool has_raw;  /* raw was given, and isn't trimmed yet */
	bool has_held; /* held is the last, trimmed, in which or which in the next may lie */
	struct ng_span raw, held;
};

void ng_whole_begin(struct ng_whole *whole, struct ng_text_blocks *text);

/* The next stretch, by rising begin and rising end, none of which lies in another: 1; 0: there are
 * no more; or an error, after which it may be called again. */
typedef int (*ng_whole_raw)(void *userdata, const ng_cancel *cancel, struct ng_span *ret_raw);

/* The next of the largest parts, likewise. Not thread-safe. The errors of raw_next and of what
 * reads the text. */
int ng_whole_next(struct ng_whole *whole, ng_whole_raw raw_next, void *userdata,
		  const ng_cancel *cancel, struct ng_span *ret_part);
