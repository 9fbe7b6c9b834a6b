/* SPDX-License-Identifier: Apache-2.0 */
#include "query/longest.h"

/* Most comparisons end soon; those that don't read more each time, and then from the text store. */
#define READ_FIRST 64u
#define READ_PEEK  1024u
#define READ_MOST  16384u

struct text {
	const struct ng_index *index;
	const uint8_t *bytes;
	size_t begin, len;
	const ng_cancel *cancel;
};

static size_t common(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* Compare the text with an occurrence that has it up to *end: *end becomes where they differ or
 * either ends. *ret_below: the occurrence comes before the text in the order of rows. */
static int occurrence_compare(const struct text *text, const struct ng_match *match, size_t *end,
			      bool *ret_below)
{
	uint8_t buf[READ_MOST];
	size_t want = READ_FIRST;

	while (*end < text->len) {
		uint64_t offset = match->offset + (*end - text->begin);
		size_t n = ng_min(want, text->len - *end), got = 0, same;
		int r = want <= READ_PEEK ? ng_index_peek(text->index, match->doc, offset, n,
							  text->cancel, buf, &got)
					  : ng_doc_read(text->index, match->doc, offset, n,
							text->cancel, buf, &got);

		if (r < 0)
			return r;
		if (ng_cancelled(text->cancel))
			return -EINTR;
		same = common(buf, text->bytes + *end, got);
		*end += same;
		if (same < n) {
			/* Where a document ends there is a separator, smaller than any byte. */
			*ret_below = same == got || buf[same] < text->bytes[*end];
			return 0;
		}
		want = ng_min(2 * want, (size_t)READ_MOST);
	}
	*ret_below = false;
	return 0;
}

int ng_longest(const struct ng_index *index, uint32_t s, struct ng_interval rows,
	       const uint8_t *text, size_t begin, size_t end, size_t len, const ng_cancel *cancel,
	       size_t *ret_end)
{
	struct text pattern = {index, text, begin, len, cancel};
	size_t low = end, high = end, longest = end;

	/* The rows below have the text up to `low` in common with it, or more; those above up to
	 * `high`; and so have those between, as far as both say so. */
	while (rows.lo < rows.hi && longest < len) {
		uint64_t middle = rows.lo + (rows.hi - rows.lo) / 2;
		struct ng_match match = {0, 0};
		size_t at = ng_min(low, high);
		bool below = false;
		int r = ng_index_locate_rows(index, s, middle, 1, cancel, &match);

		if (r == 0)
			r = occurrence_compare(&pattern, &match, &at, &below);
		if (r < 0)
			return r;
		longest = ng_max(longest, at);
		if (below) {
			rows.lo = middle + 1;
			low = at;
		} else {
			rows.hi = middle;
			high = at;
		}
	}
	*ret_end = longest;
	return 0;
}
