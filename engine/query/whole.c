/* SPDX-License-Identifier: Apache-2.0 */
#include "query/whole.h"

#include "query/word.h"

bool ng_whole_border(const uint8_t *before, const uint8_t *at, const uint8_t *end, bool word)
{
	/* Characters don't overlap: at most one has begun and goes on here. */
	for (ptrdiff_t n = 1; n <= 3 && n <= at - before; n++)
		if (ng_utf8_len(at - n, end) > n)
			return false;
	return !(word && ng_word_before(before, at) && ng_word_at(at, end));
}

void ng_whole_begin(struct ng_whole *whole, struct ng_text_blocks *text)
{
	whole->text = text;
	whole->has_raw = whole->has_held = false;
}

static int is_border(struct ng_whole *whole, uint64_t at, const ng_cancel *cancel, bool *ret_border)
{
	uint8_t buf[8];
	unsigned before = 0, after = 0;
	int r = ng_text_blocks_around(whole->text, at, cancel, buf, &before, &after);

	if (r == 0)
		*ret_border = ng_whole_border(buf, buf + before, buf + before + after, whole->word);
	return r;
}

static int trim(struct ng_whole *whole, const ng_cancel *cancel, struct ng_span *span)
{
	bool border = false;
	int r = 0;

	while (r == 0 && span->begin < span->end && !border) {
		r = is_border(whole, span->begin, cancel, &border);
		span->begin += !border;
	}
	border = false;
	while (r == 0 && span->begin < span->end && !border) {
		r = is_border(whole, span->end, cancel, &border);
		span->end -= !border;
	}
	return r;
}

/* Trimmed stretches begin and end no earlier than those before; so one can lie in another only if
 * both begin, or both end, at the same place. */
int ng_whole_next(struct ng_whole *whole, ng_whole_raw raw_next, void *userdata,
		  const ng_cancel *cancel, struct ng_span *ret_part)
{
	for (;;) {
		struct ng_span span;
		int r = whole->has_raw ? 1 : raw_next(userdata, cancel, &whole->raw);

		if (r < 0)
			return r;
		if (r == 0) {
			*ret_part = whole->held;
			r = whole->has_held;
			whole->has_held = false;
			return r;
		}
		whole->has_raw = true;
		span = whole->raw;
		r = trim(whole, cancel, &span);
		if (r < 0)
			return r;
		whole->has_raw = false;
		if (span.end - span.begin < whole->min_bytes ||
		    (whole->has_held && span.end == whole->held.end))
			continue;
		*ret_part = whole->held;
		r = whole->has_held && span.begin > whole->held.begin;
		whole->held = span;
		whole->has_held = true;
		if (r)
			return r;
	}
}
