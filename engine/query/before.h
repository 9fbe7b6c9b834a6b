/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes right before an occurrence, while it is found out whether they are a character. */
#pragma once

#include "base/utf8.h"

struct ng_before {
	uint8_t bytes[4]; /* the last n of them count */
	unsigned n;
};

static inline const uint8_t *ng_before_bytes(const struct ng_before *before)
{
	return before->bytes + sizeof(before->bytes) - before->n;
}

/* With a byte in front; before->n < 4. */
static inline struct ng_before ng_before_more(const struct ng_before *before, uint8_t byte)
{
	struct ng_before more = *before;

	more.bytes[sizeof(more.bytes) - ++more.n] = byte;
	return more;
}

static inline bool ng_before_is_character(const struct ng_before *before)
{
	const uint8_t *bytes = ng_before_bytes(before);

	return before->n && ng_utf8_len(bytes, bytes + before->n) == before->n;
}

/* Whether a longer one may be a character: so far there are continuations only. */
static inline bool ng_before_is_open(const struct ng_before *before)
{
	return before->n < sizeof(before->bytes) &&
	       (before->n == 0 || ng_utf8_continues(ng_before_bytes(before)[0]));
}
