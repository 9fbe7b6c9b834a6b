/* What stands behind a pattern. An FM-index extends to the left only, but its rows are in the order
 * of what follows: the pattern followed by any of a range of bytes is a backward search that begins
 * with the rows of these bytes. Those that are no words are some ranges of ASCII; the others are
 * looked at byte by byte, only as far as they occur behind the pattern. */
#include "query/word_right.h"

#include "query/word.h"

/* What follows the pattern: the first bytes of a character, if any, and then one of a range, or
 * with `end` none. */
struct follow {
	uint8_t bytes[4];
	uint8_t n, first, last;
	bool end;    /* the document's end is meant as well */
	bool closed; /* it is no word; otherwise it must be looked at closer: */
	bool any;    /* at any first byte of a character of several, each by itself */
};

struct follows {
	struct follow *list;
	size_t n, cap;
};

struct right {
	const struct ng_shard *shard;
	const uint8_t *pat;
	size_t len;
	const ng_cancel *cancel;
	struct follows now, next;
	struct follows firsts; /* those first bytes */
	struct ng_interval *rows;
	size_t n, cap;
};

static int follows_add(struct follows *follows, const struct follow *follow)
{
	if (follows->n == follows->cap) {
		size_t cap = ng_max(2 * follows->cap, (size_t)128);
		struct follow *grown = reallocarray(follows->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		follows->list = grown;
		follows->cap = cap;
	}
	follows->list[follows->n++] = *follow;
	return 0;
}

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
static enum { CLOSED, LOOK, WORD } bytes_kind(const uint8_t *bytes, unsigned n)
{
	uint32_t first, last;
	unsigned all = ng_utf8_promised(bytes[0]);

	if (all == 0 || (n > 1 && !(n == 2 ? ng_utf8_follows(bytes[0], bytes[1])
					   : ng_utf8_continues(bytes[n - 1]))))
		return CLOSED;
	code_points(bytes, n, &first, &last);
	if (ng_word_span(first, last) == NG_WORD_NONE)
		return CLOSED;
	return n == all ? WORD : LOOK;
}

/* What may follow after `prefix`: those that are no word as few ranges, the others each. */
static int follows_expand(struct right *right, const struct follow *prefix)
{
	struct follow group = *prefix;
	bool grouping = true;
	int r = 0;

	group.first = group.last = 0;
	group.end = true;
	group.closed = true;
	for (unsigned byte = 0; r == 0 && byte < 256; byte++) {
		struct follow one = *prefix;
		unsigned n = prefix->n;
		uint64_t lo, hi;

		one.bytes[n] = (uint8_t)byte;
		switch (bytes_kind(one.bytes, n + 1)) {
		case CLOSED:
			if (!grouping)
				group.first = (uint8_t)byte;
			group.last = (uint8_t)byte;
			grouping = true;
			continue;
		case LOOK:
			one.first = one.last = (uint8_t)byte;
			one.end = one.closed = false;
			ng_bwt_symbol_rows(right->shard->bwt, byte, &lo, &hi);
			if (lo < hi)
				r = follows_add(&right->next, &one);
			break;
		case WORD:
			break;
		}
		if (r == 0 && grouping)
			r = follows_add(&right->next, &group);
		grouping = group.end = false;
	}
	return r == 0 && grouping ? follows_add(&right->next, &group) : r;
}

/* Search for what follows, and then for the pattern before it, all at once. */
static int follows_search(struct right *right, struct ng_bwt_search *searches)
{
	const struct ng_bwt *bwt = right->shard->bwt;
	bool bad = false;

	for (size_t i = 0; i < right->now.n; i++) {
		const struct follow *f = &right->now.list[i];
		uint64_t lo, hi, unused;

		ng_bwt_symbol_rows(bwt, f->first, &lo, &unused);
		ng_bwt_symbol_rows(bwt, f->last, &unused, &hi);
		/* Separators come before all bytes. */
		searches[i] = (struct ng_bwt_search){f->end ? 0 : lo, hi, f->bytes + f->n, f->n};
	}
	ng_bwt_walk_searches(bwt, right->now.n, searches, &bad);
	for (size_t i = 0; i < right->now.n; i++) {
		searches[i].at = right->pat + right->len;
		searches[i].left = searches[i].lo < searches[i].hi ? right->len : 0;
	}
	ng_bwt_walk_searches(bwt, right->now.n, searches, &bad);
	return bad ? -EUCLEAN : ng_cancelled(right->cancel) ? -EINTR : 0;
}

/* Look for all of `now`, keep the rows of those that are no words, and find what is next. */
static int right_round(struct right *right, struct ng_interval all)
{
	ng_cleanup(ng_freep) struct ng_bwt_search *searches =
		calloc(right->now.n + 1, sizeof(*searches));
	int r = searches ? follows_search(right, searches) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < right->now.n; i++) {
		struct follow *f = &right->now.list[i];
		uint64_t lo = searches[i].lo, hi = searches[i].hi;

		if (lo >= hi)
			continue;
		if (lo < all.lo || hi > all.hi)
			return -EUCLEAN;
		if (f->closed) {
			r = rows_add(right, lo, hi);
			continue;
		}
		for (size_t k = 0; r == 0 && f->any && k < right->firsts.n; k++)
			r = follows_add(&right->next, &right->firsts.list[k]);
		if (f->any)
			continue;
		/* Its first bytes are now those that came before and this one. */
		f->n++;
		r = follows_expand(right, f);
	}
	return r;
}

static int by_row(const void *pa, const void *pb)
{
	const struct ng_interval *a = pa, *b = pb;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

/* In order, those that touch made one. */
static int rows_finish(struct right *right)
{
	size_t n = 0;

	if (right->n)
		qsort(right->rows, right->n, sizeof(*right->rows), by_row);
	for (size_t i = 0; i < right->n; i++) {
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

/* What may follow the pattern: often it is all ASCII. */
static int follows_begin(struct right *right)
{
	static const struct follow any = {.first = 0xc2, .last = 0xf4, .any = true};
	struct follows *next = &right->next;
	size_t closed = 0;
	int r = follows_expand(right, &(struct follow){.n = 0});

	for (size_t i = 0; r == 0 && i < next->n; i++) {
		if (next->list[i].closed)
			next->list[closed++] = next->list[i];
		else
			r = follows_add(&right->firsts, &next->list[i]);
	}
	next->n = closed;
	return r ? r : follows_add(next, &any);
}

int ng_word_right(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		  struct ng_interval rows, const ng_cancel *cancel, struct ng_interval **ret_rows,
		  size_t *ret_n)
{
	struct right right = {.shard = shard, .pat = pat, .len = len, .cancel = cancel};
	int r = follows_begin(&right);

	while (r == 0 && right.next.n) {
		struct follows before = right.now;

		right.now = right.next;
		right.next = before;
		right.next.n = 0;
		r = right_round(&right, rows);
	}
	if (r == 0)
		r = rows_finish(&right);
	if (r == 0) {
		*ret_n = right.n;
		*ret_rows = ng_steal_ptr(&right.rows);
	}
	free(right.rows);
	free(right.now.list);
	free(right.next.list);
	free(right.firsts.list);
	return ng_shard_result(shard, r);
}
