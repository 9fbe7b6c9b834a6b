/* SPDX-License-Identifier: Apache-2.0 */
#include "naive_fold.h"

static uint32_t naive_character(const uint8_t *p, unsigned n)
{
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (unsigned i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

uint64_t naive_fold_match(const uint8_t *p, const uint8_t *end, const uint8_t *pat, size_t len)
{
	const uint8_t *begin = p, *pat_end = pat + len;

	while (pat < pat_end) {
		unsigned want = ng_utf8_len(pat, pat_end);
		unsigned have = p < end ? ng_utf8_len(p, end) : 0;

		if (p == end)
			return 0;
		if (want && (!have || ng_casefold(naive_character(pat, want)) !=
					      ng_casefold(naive_character(p, have))))
			return 0;
		if (!want && *pat != *p)
			return 0;
		pat += want ? want : 1;
		p += want ? have : 1;
	}
	return (uint64_t)(p - begin);
}

struct naive_found *naive_fold(const struct naive *c, const uint8_t *pat, size_t len,
			       uint64_t *ret_n)
{
	struct naive_found *found = calloc(c->n + 1, sizeof(*found));
	uint64_t n = 0;

	assert_non_null(found);
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		for (uint64_t at = naive_begin(c, doc); at < c->ends[doc]; at++) {
			uint64_t bytes =
				naive_fold_match(c->text + at, c->text + c->ends[doc], pat, len);

			if (bytes)
				found[n++] = (struct naive_found){at, bytes};
		}
	}
	*ret_n = n;
	return found;
}

struct ng_next naive_beside(const struct naive *c, const struct naive_found *found, bool behind)
{
	uint64_t doc = naive_doc_of(c, found->at);
	const uint8_t *begin = c->text + naive_begin(c, doc), *end = c->text + c->ends[doc];
	const uint8_t *at = c->text + found->at + (behind ? found->bytes : 0);
	struct ng_next next = {.kind = behind ? NG_NEXT_END : NG_NEXT_START};

	if (at == (behind ? end : begin))
		return next;
	for (unsigned n = 1; n <= 4 && next.n_bytes == 0; n++)
		if (behind ? ng_utf8_len(at, end) == n
			   : n <= at - begin && ng_utf8_len(at - n, at) == n)
			next.n_bytes = (uint8_t)n;
	next.kind = next.n_bytes ? NG_NEXT_CHARACTER : NG_NEXT_BYTE;
	next.n_bytes = ng_max(next.n_bytes, 1);
	memcpy(next.bytes, behind ? at : at - next.n_bytes, next.n_bytes);
	return next;
}
