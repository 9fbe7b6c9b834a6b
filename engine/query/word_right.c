/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind a pattern. An FM-index extends to the left only, but its rows are in the order
 * of what follows: the pattern followed by any of a range of bytes is a backward search that begins
 * with the rows of these bytes. Those that are no words are some ranges of ASCII; the others are
 * looked at byte by byte, only as far as they occur behind the pattern. */
#include "query/word_right.h"

#include "query/word.h"

/* What follows the pattern after some first bytes of a character: any byte of a range. */
struct follow {
	uint8_t first, last;
	bool end; /* or the document's end */
};

struct follows {
	struct follow list[256];
	unsigned n;
};

/* The first bytes of a character. */
struct prefix {
	uint8_t bytes[4];
	unsigned n;
};

struct right {
	const struct ng_shard *shard;
	const uint8_t *pat;
	size_t len;
	struct ng_interval all;
	const ng_cancel *cancel;
	struct ng_interval *rows; /* found */
	size_t n, cap;
};

static int rows_add(struct right *right, uint64_t lo, uint64_t hi)
{
	if (right->n == right->cap) {
		size_t cap = ng_max(2 * right->cap, (size_t)16);
		struct ng_interval *grown = reallocarray(right->rows, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		right->rows = grown;
		right->cap = cap;
	}
	right->rows[right->n++] = (struct ng_interval){lo, hi};
	return 0;
}

/* The lowest and the highest code point that begin with a valid beginning of `n` bytes. */
static void code_points(const uint8_t *bytes, unsigned n, uint32_t *ret_first, uint32_t *ret_last)
{
	unsigned all = ng_utf8_promised(bytes[0]);
	uint8_t low[4], high[4];

	memset(low, 0x80, sizeof(low));
	memset(high, 0xbf, sizeof(high));
	memcpy(low, bytes, n);
	memcpy(high, bytes, n);
	/* Only of the first byte of a character may the second one be less or more. */
	if (n == 1) {
		while (!ng_utf8_follows(bytes[0], low[1]))
			low[1]++;
		while (!ng_utf8_follows(bytes[0], high[1]))
			high[1]--;
	}
	*ret_first = ng_utf8_get(low, all);
	*ret_last = ng_utf8_get(high, all);
}

/* What is known of what begins with bytes[0..n-1], n >= 1, of which fewer began a character. */
static enum { NO_WORD, LOOK, WORD } bytes_kind(const uint8_t *bytes, unsigned n)
{
	uint32_t first, last;
	unsigned all = ng_utf8_promised(bytes[0]);

	if (n == 1 && all != 1)
		return all ? LOOK : NO_WORD;
	if (n > 1 &&
	    !(n == 2 ? ng_utf8_follows(bytes[0], bytes[1]) : ng_utf8_continues(bytes[n - 1])))
		return NO_WORD;
	code_points(bytes, n, &first, &last);
	if (n == all)
		return ng_word_has(first) ? WORD : NO_WORD;
	return ng_word_span(first, last) == NG_WORD_NONE ? NO_WORD : LOOK;
}

static void follows_add(struct follows *follows, unsigned byte)
{
	struct follow *last = follows->n ? &follows->list[follows->n - 1] : NULL;

	if (last && last->last + 1u == byte)
		last->last = (uint8_t)byte;
	else
		follows->list[follows->n++] =
			(struct follow){(uint8_t)byte, (uint8_t)byte, byte == 0};
}

/* What may follow behind a prefix: those that are no word as few ranges, and those bytes, each by
 * itself, that must be looked at closer. */
static void follows_find(const struct right *right, const struct prefix *prefix,
			 struct follows *ret_none, struct follows *ret_look)
{
	struct prefix one = *prefix;

	ret_none->n = ret_look->n = 0;
	one.n++;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint64_t lo, hi;

		one.bytes[one.n - 1] = (uint8_t)byte;
		switch (bytes_kind(one.bytes, one.n)) {
		case NO_WORD:
			follows_add(ret_none, byte);
			break;
		case LOOK:
			ng_bwt_symbol_rows(right->shard->bwt, byte, &lo, &hi);
			if (lo < hi)
				ret_look->list[ret_look->n++] =
					(struct follow){(uint8_t)byte, (uint8_t)byte, false};
			break;
		case WORD:
			break;
		}
	}
}

/* Rows of the pattern and what follows: search for what follows, and then for the pattern before
 * it, all at once. */
static int follows_search(const struct right *right, const struct prefix *prefix,
			  const struct follow *follows, unsigned n, struct ng_bwt_search *searches)
{
	const struct ng_bwt *bwt = right->shard->bwt;
	bool bad = false;

	for (unsigned i = 0; i < n; i++) {
		uint64_t lo, hi, unused;

		ng_bwt_symbol_rows(bwt, follows[i].first, &lo, &unused);
		ng_bwt_symbol_rows(bwt, follows[i].last, &unused, &hi);
		/* Separators come before all bytes. */
		searches[i] = (struct ng_bwt_search){follows[i].end ? 0 : lo, hi,
						     prefix->bytes + prefix->n, prefix->n};
	}
	ng_bwt_walk_searches(bwt, n, searches, &bad);
	for (unsigned i = 0; i < n; i++) {
		searches[i].at = right->pat + right->len;
		searches[i].left = searches[i].lo < searches[i].hi ? right->len : 0;
	}
	ng_bwt_walk_searches(bwt, n, searches, &bad);
	if (ng_cancelled(right->cancel))
		return -EINTR;
	for (unsigned i = 0; i < n; i++)
		if (bad || (searches[i].lo < searches[i].hi &&
			    (searches[i].lo < right->all.lo || searches[i].hi > right->all.hi)))
			return -EUCLEAN;
	return 0;
}

static int prefix_look(struct right *right, const struct prefix *prefix, uint64_t rows);

/* Those of `look` that occur, looked at closer; there are `rows` of them at most. */
static int look_closer(struct right *right, const struct prefix *prefix, const struct follow *look,
		       unsigned n, uint64_t *rows)
{
	struct ng_bwt_search searches[256];
	int r = n ? follows_search(right, prefix, look, n, searches) : 0;

	for (unsigned i = 0; r == 0 && i < n; i++) {
		struct prefix more = *prefix;
		uint64_t mine = searches[i].hi - searches[i].lo;

		if (mine > *rows)
			return -EUCLEAN;
		*rows -= mine;
		more.bytes[more.n++] = look[i].first;
		if (mine)
			r = prefix_look(right, &more, mine);
	}
	return r;
}

/* Those that are no words are searched for first: often they are all that there is. *rows are those
 * of the prefix, and what is left of them. */
static int none_find(struct right *right, const struct prefix *prefix, const struct follows *none,
		     uint64_t *rows)
{
	struct ng_bwt_search searches[256];
	int r = follows_search(right, prefix, none->list, none->n, searches);

	for (unsigned i = 0; r == 0 && i < none->n; i++) {
		uint64_t mine = searches[i].hi - searches[i].lo;

		if (mine > *rows)
			return -EUCLEAN;
		*rows -= mine;
		if (mine)
			r = rows_add(right, searches[i].lo, searches[i].hi);
	}
	return r;
}

/* `rows` rows of the pattern followed by a prefix, which isn't empty. */
static int prefix_look(struct right *right, const struct prefix *prefix, uint64_t rows)
{
	struct follows none, look;
	int r;

	follows_find(right, prefix, &none, &look);
	r = none_find(right, prefix, &none, &rows);
	return r || rows == 0 ? r : look_closer(right, prefix, look.list, look.n, &rows);
}

/* Bytes that begin a character of several, the most frequent ones behind words first: those of
 * punctuation. */
static int firsts_look(struct right *right, const struct follows *look, uint64_t rows)
{
	static const uint8_t punctuation[] = {0xe2, 0xc2, 0xe3};
	const struct prefix none = {.n = 0};
	struct follow likely[sizeof(punctuation)], others[256];
	unsigned n_likely = 0, n_others = 0;
	int r;

	for (unsigned i = 0; i < look->n; i++) {
		if (memchr(punctuation, look->list[i].first, sizeof(punctuation)))
			likely[n_likely++] = look->list[i];
		else
			others[n_others++] = look->list[i];
	}
	r = look_closer(right, &none, likely, n_likely, &rows);
	return r || rows == 0 ? r : look_closer(right, &none, others, n_others, &rows);
}

static int right_find(struct right *right)
{
	/* What follows_find would find: it is asked for each query. */
	static const struct follows ends = {.list = {{0x00, '0' - 1, true},
						     {'9' + 1, 'A' - 1, false},
						     {'Z' + 1, 'a' - 1, false},
						     {'z' + 1, 0xc1, false},
						     {0xf5, 0xff, false}},
					    .n = 5};
	static const struct follow any = {0xc2, 0xf4, false};
	const struct prefix empty = {.n = 0};
	uint64_t rows = right->all.hi - right->all.lo;
	struct ng_bwt_search beyond;
	struct follows none, look;
	int r;

	r = none_find(right, &empty, &ends, &rows);
	if (r || rows == 0)
		return r;
	/* What is left goes on with a word, most often in ASCII. */
	r = follows_search(right, &empty, &any, 1, &beyond);
	if (r || beyond.lo == beyond.hi)
		return r;
	follows_find(right, &empty, &none, &look);
	return firsts_look(right, &look, beyond.hi - beyond.lo);
}

static int by_row(const void *pa, const void *pb)
{
	const struct ng_interval *a = pa, *b = pb;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

/* All rows of the BWT that begin with the pattern, of which some may be removed. */
static int all_find(struct right *right)
{
	struct ng_bwt_search search = {.at = right->pat + right->len - 1, .left = right->len - 1};
	bool bad = false;

	if (!right->shard->removed)
		return 0;
	ng_bwt_symbol_rows(right->shard->bwt, *search.at, &search.lo, &search.hi);
	ng_bwt_walk_searches(right->shard->bwt, 1, &search, &bad);
	right->all = (struct ng_interval){search.lo, search.hi};
	return bad ? -EUCLEAN : 0;
}

/* Live ones, in order, those that touch made one. */
static int rows_finish(struct right *right)
{
	size_t n = 0;
	bool bad = false;

	for (size_t i = 0; i < right->n; i++)
		right->rows[i] = ng_shard_live(right->shard, right->rows[i], &bad);
	if (bad)
		return -EUCLEAN;
	if (right->n)
		qsort(right->rows, right->n, sizeof(*right->rows), by_row);
	for (size_t i = 0; i < right->n; i++) {
		if (right->rows[i].lo == right->rows[i].hi)
			continue;
		if (n && right->rows[i].lo < right->rows[n - 1].hi)
			return -EUCLEAN;
		if (n && right->rows[i].lo == right->rows[n - 1].hi)
			right->rows[n - 1].hi = right->rows[i].hi;
		else
			right->rows[n++] = right->rows[i];
	}
	right->n = n;
	return 0;
}

int ng_word_right(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		  struct ng_interval rows, const ng_cancel *cancel, struct ng_interval **ret_rows,
		  size_t *ret_n)
{
	struct right right = {
		.shard = shard, .pat = pat, .len = len, .all = rows, .cancel = cancel};
	int r = all_find(&right);

	if (r == 0)
		r = right_find(&right);
	if (r == 0)
		r = rows_finish(&right);
	if (r == 0) {
		*ret_n = right.n;
		*ret_rows = ng_steal_ptr(&right.rows);
	}
	free(right.rows);
	return ng_shard_result(shard, r);
}
