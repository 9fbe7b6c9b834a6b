/* SPDX-License-Identifier: Apache-2.0 */
/* What stands before rows: an FM-index extends to the left, so this is a walk over the tree of
 * backward searches, as deep as a character is long. */
#include "query/word_left.h"

#include "query/before.h"
#include "query/word.h"

/* Rows that are followed one by one rather than asked for each byte. */
#define FEW_ROWS 16u

/* Of no more rows it is looked up which symbols are in front of them. */
#define SOME_ROWS 32768u

/* Those that most often stand before words: tried first, since often nothing else is left then. */
#define FIRST " \n"

enum decision { OPEN, WORD, OTHER };

/* Rows of the BWT that begin with `before` and then the occurrence. */
struct node {
	uint64_t lo, hi;
	struct ng_before before;
};

struct left {
	const struct ng_shard *shard;
	uint32_t s;
	uint64_t bytes;
	const ng_cancel *cancel;
	struct ng_word_ranges_found *found;
	size_t first;      /* of those found, of this string */
	struct node *open; /* still to be looked at */
	size_t n, cap;
};

/* What a row is that these bytes stand before, of which fewer have not decided it. */
static enum decision decide(const struct ng_before *before)
{
	if (ng_before_is_character(before))
		return ng_word_has(ng_utf8_get(ng_before_bytes(before), before->n)) ? WORD : OTHER;
	return ng_before_is_open(before) ? OPEN : OTHER;
}

static int found_add(struct left *left, const struct node *node)
{
	struct ng_word_ranges_found *found = left->found;
	struct ng_range *last = found->n > left->first ? &found->list[found->n - 1] : NULL;
	bool bad = false;
	struct ng_interval rows =
		ng_shard_live(left->shard, (struct ng_interval){node->lo, node->hi}, &bad);

	if (bad)
		return -EUCLEAN;
	found->count += rows.hi - rows.lo;
	if (found->only_count || rows.lo == rows.hi)
		return 0;
	if (last && last->hi == rows.lo && last->lead == 0 && node->before.n == 0) {
		last->hi = rows.hi;
		return 0;
	}
	if (found->n == found->cap) {
		size_t cap = ng_max(2 * found->cap, (size_t)32);
		struct ng_range *grown = reallocarray(found->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		found->list = grown;
		found->cap = cap;
	}
	last = &found->list[found->n++];
	*last = (struct ng_range){.shard = left->s,
				  .lo = rows.lo,
				  .hi = rows.hi,
				  .bytes = left->bytes,
				  .lead = (uint8_t)node->before.n};
	memcpy(last->lead_bytes, ng_before_bytes(&node->before), node->before.n);
	return 0;
}

static int open_add(struct left *left, const struct node *node)
{
	if (left->n == left->cap) {
		size_t cap = ng_max(2 * left->cap, (size_t)32);
		struct node *grown = reallocarray(left->open, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		left->open = grown;
		left->cap = cap;
	}
	left->open[left->n++] = *node;
	return 0;
}

/* Follow one row back until it is decided. A document's beginning is no word. A lead is as long as
 * it takes to know what stands before. */
static int row_look(struct left *left, const struct node *node, uint64_t row)
{
	struct node at = {row, row + 1, node->before};
	enum decision decision = OPEN;
	bool bad = false;

	while (decision == OPEN && !bad) {
		uint64_t next;
		unsigned symbol = ng_bwt_lf(left->shard->bwt, at.lo, &next, &bad);

		if (symbol == NG_SEPARATOR) {
			decision = OTHER;
		} else {
			at = (struct node){next, next + 1,
					   ng_before_more(&at.before, (uint8_t)symbol)};
			decision = decide(&at.before);
		}
	}
	if (bad)
		return -EUCLEAN;
	if (decision == WORD)
		return 0;
	/* Rows that are neighbours become one range. */
	if (node->before.n == 0)
		at = (struct node){row, row + 1, node->before};
	return found_add(left, &at);
}

/* The rows among [lo, hi) that begin a document, of which there are n. */
static int starts_add(struct left *left, const struct ng_before *before, uint64_t lo, uint64_t hi,
		      uint64_t n)
{
	uint64_t middle = lo + (hi - lo) / 2, first = lo, last = middle;
	bool bad = false;
	int r;

	if (left->found->only_count && !left->shard->removed) {
		left->found->count += n;
		return 0;
	}
	if (n == hi - lo)
		return found_add(left, &(struct node){lo, hi, *before});
	if (n > hi - lo || middle == lo)
		return -EUCLEAN;
	ng_bwt_step(left->shard->bwt, NG_SEPARATOR, &first, &last, &bad);
	if (bad || last - first > n)
		return -EUCLEAN;
	if (ng_cancelled(left->cancel))
		return -EINTR;
	r = last > first ? starts_add(left, before, lo, middle, last - first) : 0;
	if (r == 0 && n > last - first)
		r = starts_add(left, before, middle, hi, n - (last - first));
	return r;
}

/* The rows that have one of n bytes in front; how many there are is taken off *left_rows. */
static int bytes_try(struct left *left, const struct node *node, const uint8_t *bytes, unsigned n,
		     uint64_t *left_rows)
{
	struct ng_bwt_search searches[256];
	bool bad = false;
	int r = 0;

	for (unsigned i = 0; i < n; i++)
		searches[i] = (struct ng_bwt_search){node->lo, node->hi, bytes + i + 1, 1};
	ng_bwt_walk_searches(left->shard->bwt, n, searches, &bad);
	if (bad)
		return -EUCLEAN;
	for (unsigned i = 0; r == 0 && i < n; i++) {
		struct node more = {searches[i].lo, searches[i].hi,
				    ng_before_more(&node->before, bytes[i])};

		if (more.lo == more.hi)
			continue;
		if (more.hi - more.lo > *left_rows)
			return -EUCLEAN;
		*left_rows -= more.hi - more.lo;
		r = (decide(&more.before) == OPEN ? open_add : found_add)(left, &more);
	}
	return r;
}

/* The other bytes that may be in front, and that don't say at once that a word goes on; and whether
 * a document may begin there. */
static int bytes_other(const struct left *left, const struct node *node,
		       uint8_t ret_bytes[static 256], unsigned *ret_n, bool *ret_start)
{
	uint64_t symbols[NG_BWT_SYMBOL_WORDS];
	bool bad = false;
	unsigned n = 0;

	memset(symbols, 0xff, sizeof(symbols));
	if (node->hi - node->lo <= SOME_ROWS)
		ng_bwt_symbols(left->shard->bwt, node->lo, node->hi, symbols, &bad);
	for (unsigned byte = 0; byte < 256; byte++) {
		struct ng_before more = ng_before_more(&node->before, (uint8_t)byte);
		uint64_t lo, hi;

		if (!(symbols[byte / 64] >> byte % 64 & 1))
			continue;
		ng_bwt_symbol_rows(left->shard->bwt, byte, &lo, &hi);
		if (lo < hi && decide(&more) != WORD && !(byte && strchr(FIRST, (int)byte)))
			ret_bytes[n++] = (uint8_t)byte;
	}
	*ret_n = n;
	*ret_start = symbols[NG_SEPARATOR / 64] >> NG_SEPARATOR % 64 & 1;
	return bad ? -EUCLEAN : 0;
}

static int node_look(struct left *left, const struct node *node)
{
	uint64_t rows = node->hi - node->lo, first = node->lo, last = node->hi;
	uint8_t others[256];
	bool bad = false, start;
	unsigned n;
	int r = 0;

	if (ng_cancelled(left->cancel))
		return -EINTR;
	if (rows <= FEW_ROWS) {
		for (uint64_t row = node->lo; r == 0 && row < node->hi; row++)
			r = row_look(left, node, row);
		return r;
	}
	r = bytes_try(left, node, (const uint8_t *)FIRST, sizeof(FIRST) - 1, &rows);
	if (r || rows == 0)
		return r;
	r = bytes_other(left, node, others, &n, &start);
	if (r == 0)
		r = bytes_try(left, node, others, n, &rows);
	if (r || rows == 0 || !start)
		return r;
	ng_bwt_step(left->shard->bwt, NG_SEPARATOR, &first, &last, &bad);
	if (bad || last - first > rows)
		return -EUCLEAN;
	return last > first ? starts_add(left, &node->before, node->lo, node->hi, last - first) : 0;
}

int ng_word_left(const struct ng_index *index, uint32_t shard, const struct ng_interval *rows,
		 size_t n, uint64_t bytes, const ng_cancel *cancel,
		 struct ng_word_ranges_found *found)
{
	struct left left = {.shard = index->shards[shard],
			    .s = shard,
			    .bytes = bytes,
			    .cancel = cancel,
			    .found = found,
			    .first = found->n};
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		bool bad = false;
		struct ng_interval of_bwt = ng_shard_bwt_rows(left.shard, rows[i], &bad);
		struct node node = {of_bwt.lo, of_bwt.hi, {{0}, 0}};

		if (bad)
			r = -EUCLEAN;
		if (r == 0 && node.lo < node.hi)
			r = node_look(&left, &node);
		while (r == 0 && left.n) {
			node = left.open[--left.n];
			r = node_look(&left, &node);
		}
	}
	free(left.open);
	return r;
}
