/* SPDX-License-Identifier: Apache-2.0 */
#include "ranges_check.h"

#include "query/contexts.h"
#include "query/df.h"

/* Occurrences of which it is also looked at what stands beside them. */
#define BESIDE_MAX 2000u

/* Ranges whose text is looked at. */
#define TEXTS 500u

#define CONTEXTS      60u
#define CONTEXT_BYTES 9u

static int by_place(const void *pa, const void *pb)
{
	const struct naive_found *a = pa, *b = pb;

	return (a->at > b->at) - (a->at < b->at);
}

/* The string of a range is that of the occurrence. */
static void check_text(const struct naive *c, const struct ng_index *index,
		       const struct ng_range *range, uint64_t at)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;

	assert_int_equal(ng_buf_append(&text, "~", 1), 0);
	assert_int_equal(ng_range_text(index, range, NULL, &text), 0);
	assert_int_equal(text.len, 1 + range->bytes);
	assert_memory_equal(text.data + 1, c->text + at, range->bytes);
}

static void check_beside(const struct naive *c, const struct ng_index *index,
			 const struct ng_ranges *ranges, const struct naive_found *found,
			 bool behind)
{
	ng_cleanup(ng_freep) struct ng_next *list = NULL;
	uint64_t counted = 0;
	size_t n = 0;

	assert_int_equal((behind ? ng_next : ng_prev)(index, ranges, NULL, &list, &n), 0);
	for (size_t i = 0; i < n; i++) {
		uint64_t count = 0;

		for (uint64_t k = 0; k < ranges->count; k++) {
			struct ng_next next = naive_beside(c, &found[k], behind);

			count += next.kind == list[i].kind && next.n_bytes == list[i].n_bytes &&
				 memcmp(next.bytes, list[i].bytes, sizeof(next.bytes)) == 0;
		}
		if (count != list[i].count)
			fail_msg("%s: %02x is %s %ju times, not %ju", c->name, list[i].bytes[0],
				 behind ? "behind" : "before", (uintmax_t)list[i].count,
				 (uintmax_t)count);
		assert_true(i == 0 || list[i - 1].count >= count);
		counted += count;
	}
	assert_int_equal(counted, ranges->count);
}

static void check_df(const struct naive *c, const struct ng_index *index,
		     const struct ng_ranges *ranges, const struct naive_found *found)
{
	uint64_t want = 0, got = UINT64_MAX;

	for (uint64_t i = 0; i < ranges->count; i++)
		want += i == 0 || naive_doc_of(c, found[i].at) != naive_doc_of(c, found[i - 1].at);
	assert_int_equal(ng_df(index, ranges, NULL, &got), 0);
	assert_int_equal(got, want);
}

/* Occurrences from a place on, in the order of the index: matches. */
static void check_contexts(const struct naive *c, const struct ng_index *index,
			   const struct ng_ranges *ranges, const struct ng_match *matches,
			   uint64_t first)
{
	struct ng_context contexts[CONTEXTS];
	uint8_t text[2 * CONTEXTS * CONTEXT_BYTES];
	size_t n = 42;

	assert_int_equal(ng_contexts(index, ranges, first, CONTEXTS, CONTEXT_BYTES, NULL, contexts,
				     text, &n),
			 0);
	assert_int_equal(n, ng_min((uint64_t)CONTEXTS, ranges->count - first));
	for (size_t i = 0; i < n; i++) {
		const struct ng_match *match = &matches[first + i];
		uint64_t bytes = ng_ranges_at(ranges, first + i)->bytes;
		uint64_t end = match->offset + bytes, rest = naive_bytes(c, match->doc) - end;
		const uint8_t *doc = c->text + naive_begin(c, match->doc);
		const uint8_t *middle = text + (2 * i + 1) * CONTEXT_BYTES;

		assert_int_equal(contexts[i].bytes, bytes);
		assert_int_equal(contexts[i].match.doc, match->doc);
		assert_int_equal(contexts[i].match.offset, match->offset);
		assert_int_equal(contexts[i].before,
				 ng_min(match->offset, (uint64_t)CONTEXT_BYTES));
		assert_int_equal(contexts[i].after, ng_min(rest, (uint64_t)CONTEXT_BYTES));
		assert_memory_equal(middle - contexts[i].before,
				    doc + match->offset - contexts[i].before, contexts[i].before);
		assert_memory_equal(middle, doc + end, contexts[i].after);
	}
}

void ranges_check(const struct naive *c, const struct ng_index *index,
		  const struct ng_ranges *ranges, const struct naive_found *want, uint64_t n,
		  const char *what)
{
	ng_cleanup(ng_freep) struct naive_found *got = NULL;
	ng_cleanup(ng_freep) struct ng_match *matches = NULL;
	size_t n_got = 42;

	if (ranges->count != n)
		fail_msg("%s: %s: %ju times, not %ju", c->name, what, (uintmax_t)ranges->count,
			 (uintmax_t)n);
	matches = calloc(n + 1, sizeof(*matches));
	got = calloc(n + 1, sizeof(*got));
	assert_true(matches && got);
	assert_int_equal(ng_ranges_locate(index, ranges, 0, n + 1, NULL, matches, &n_got), 0);
	assert_int_equal(n_got, n);
	for (uint64_t i = 0; i < n; i++) {
		const struct ng_range *range = ng_ranges_at(ranges, i);

		assert_true(range->first <= i && i - range->first < range->hi - range->lo);
		got[i].at = naive_begin(c, matches[i].doc) + matches[i].offset;
		got[i].bytes = range->bytes;
		if (range->first == i && range < ranges->list + TEXTS)
			check_text(c, index, range, got[i].at);
	}
	qsort(got, n, sizeof(*got), by_place);
	for (uint64_t i = 0; i < n; i++)
		if (got[i].at != want[i].at || got[i].bytes != want[i].bytes)
			fail_msg("%s: %s: %ju bytes at %ju, not %ju at %ju", c->name, what,
				 (uintmax_t)got[i].bytes, (uintmax_t)got[i].at,
				 (uintmax_t)want[i].bytes, (uintmax_t)want[i].at);
	check_contexts(c, index, ranges, matches, 0);
	check_contexts(c, index, ranges, matches, n / 2);
	if (n > BESIDE_MAX)
		return;
	check_df(c, index, ranges, want);
	check_beside(c, index, ranges, want, true);
	check_beside(c, index, ranges, want, false);
}
