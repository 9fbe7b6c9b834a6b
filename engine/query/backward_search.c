/* SPDX-License-Identifier: Apache-2.0 */
/* Backward search, of one pattern and of many: Ferragina and Manzini, J. ACM 2005. */
#include "base/prefetch.h"
#include "bwt/bwt_prefetch.h"
#include "query/batch.h"
#include "query/shard.h"

/* Turns between two looks at the cancel flag. */
#define TURNS 64u

/* The rows that a step of a search visits. */
#define ENDS(search) ((const uint64_t[]){(search).rows.lo, (search).rows.hi})

/* A search in one shard: the rows of the pattern's bytes [left, len). */
struct search {
	const struct ng_shard *shard;
	struct ng_interval rows;
	size_t left;
	bool asked, waited; /* for pages of the shard */
};

/* The frequent patterns' table has the end of the pattern, or its last byte's rows are known. */
static int search_begin(const struct ng_shard *shard, const uint8_t *pat, size_t len,
			struct search *ret)
{
	struct search s = {.shard = shard, .left = len};
	bool bad = false;

	if (shard->has_frequent)
		s.left -=
			ng_frequent_find(&shard->frequent, pat, len, &s.rows.lo, &s.rows.hi, &bad);
	if (s.left == len)
		ng_bwt_symbol_rows(shard->bwt, pat[--s.left], &s.rows.lo, &s.rows.hi);
	if (bad || s.rows.lo > s.rows.hi || s.rows.hi > shard->params.rows)
		return ng_shard_damaged(shard);
	*ret = s;
	return 0;
}

static bool search_goes_on(const struct search *s)
{
	return s->left && s->rows.lo < s->rows.hi;
}

/* Ask for both ends of the rows of all searches that go on, then wait for them. */
static void searches_prefetch(size_t n, struct search *searches)
{
	uint64_t sleeps;

	for (size_t i = 0; i < n; i++)
		if (search_goes_on(&searches[i]))
			ng_bwt_prefetch_directory(searches[i].shard->bwt, 2, ENDS(searches[i]));
	for (size_t i = 0; i < n; i++)
		if (search_goes_on(&searches[i]))
			ng_bwt_prefetch_cells(searches[i].shard->bwt, 2, ENDS(searches[i]));
	sleeps = ng_thread_sleeps();
	for (size_t i = 0; i < n; i++) {
		struct search *s = &searches[i];

		if (!search_goes_on(s))
			continue;
		s->asked = true;
		s->waited |= ng_bwt_was_cold(s->shard->bwt, 2, ENDS(*s), sleeps);
	}
}

/* What the searches have learnt of their shards. */
static void searches_end(size_t n, const struct search *searches)
{
	for (size_t i = 0; i < n; i++)
		if (searches[i].asked)
			ng_pages_set_cold(ng_shard_file_pages(searches[i].shard->file),
					  searches[i].waited);
}

/* Whether rows of the BWT hold a live one. */
static bool has_live(const struct ng_shard *shard, struct ng_interval rows, bool *bad)
{
	rows = ng_shard_live(shard, rows, bad);
	return rows.lo < rows.hi;
}

/* The longest end that has rows in the BWT, or, if so asked, live ones. */
static int find_end(const struct ng_shard *shard, const uint8_t *pat, size_t len, bool live,
		    const ng_cancel *cancel, struct ng_interval *ret_interval, size_t *ret_len)
{
	struct ng_prefetch_pace pace = {.cold = ng_pages_cold(ng_shard_file_pages(shard->file))};
	struct search s;
	bool bad = false;
	int r = search_begin(shard, pat, len, &s);

	if (r < 0)
		return r;
	/* The frequent patterns give several bytes at once. */
	if (live && len - s.left > 1 && !has_live(shard, s.rows, &bad)) {
		s.left = len - 1;
		ng_bwt_symbol_rows(shard->bwt, pat[s.left], &s.rows.lo, &s.rows.hi);
	}
	if (s.rows.lo == s.rows.hi || (live && !has_live(shard, s.rows, &bad)))
		s.left = len;
	if (bad)
		return ng_shard_damaged(shard);
	if (s.left == len) {
		*ret_interval = (struct ng_interval){0, 0};
		*ret_len = 0;
		return ng_shard_result(shard, 0);
	}
	while (search_goes_on(&s)) {
		struct ng_interval more = s.rows;

		ng_prefetch_pace_read(&pace);
		if (pace.cold)
			searches_prefetch(1, &s);
		ng_bwt_step(shard->bwt, pat[s.left - 1], &more.lo, &more.hi, &bad);
		if (bad)
			return ng_shard_damaged(shard);
		if (s.left % TURNS == 0 && ng_cancelled(cancel))
			return -EINTR;
		if (more.lo == more.hi || (live && !has_live(shard, more, &bad)))
			break;
		s.rows = more;
		s.left--;
	}
	searches_end(1, &s);
	if (bad)
		return ng_shard_damaged(shard);
	*ret_interval = s.rows;
	*ret_len = len - s.left;
	return ng_shard_result(shard, 0);
}

int ng_shard_find_end(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		      const ng_cancel *cancel, struct ng_interval *ret_interval, size_t *ret_len)
{
	struct ng_interval rows, live;
	bool bad = false;
	size_t found;
	int r = find_end(shard, pat, len, false, cancel, &rows, &found);

	if (r < 0)
		return r;
	live = ng_shard_live(shard, rows, &bad);
	/* Most often some of what was found is live. Looking after each step costs as much again.
	 */
	if (!bad && found && live.lo == live.hi) {
		r = find_end(shard, pat, len, true, cancel, &rows, &found);
		if (r < 0)
			return r;
		live = ng_shard_live(shard, rows, &bad);
	}
	if (bad)
		return ng_shard_damaged(shard);
	*ret_interval = live;
	*ret_len = found;
	return ng_shard_result(shard, 0);
}

int ng_shard_find(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		  const ng_cancel *cancel, struct ng_interval *ret_interval)
{
	struct ng_interval rows;
	bool bad = false;
	size_t found = 0;
	int r = find_end(shard, pat, len, false, cancel, &rows, &found);

	if (r < 0)
		return r;
	rows = found == len ? ng_shard_live(shard, rows, &bad) : (struct ng_interval){0, 0};
	if (bad)
		return ng_shard_damaged(shard);
	*ret_interval = rows;
	return ng_shard_result(shard, 0);
}

/* A turn: a step of every search that has one to go. Returns how many made one. */
static size_t searches_turn(size_t n, struct search *searches, const uint8_t *pat,
			    struct ng_prefetch_pace *pace, bool *damaged)
{
	size_t walking = 0;

	if (pace->cold)
		searches_prefetch(n, searches);
	for (size_t i = 0; i < n; i++) {
		struct search *s = &searches[i];

		if (!search_goes_on(s))
			continue;
		ng_prefetch_pace_read(pace);
		s->left--;
		ng_bwt_step(s->shard->bwt, pat[s->left], &s->rows.lo, &s->rows.hi, damaged);
		walking++;
	}
	return walking;
}

int ng_shards_find(struct ng_shard *const *shards, size_t n, const uint8_t *pat, size_t len,
		   const ng_cancel *cancel, struct ng_interval *ret_intervals)
{
	struct search searches[NG_SHARDS_TOGETHER];
	struct ng_interval live[NG_SHARDS_TOGETHER];
	struct ng_prefetch_pace pace = {0};
	bool bad = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		pace.cold |= ng_pages_cold(ng_shard_file_pages(shards[i]->file));
		r = search_begin(shards[i], pat, len, &searches[i]);
	}
	for (size_t turn = 1; r == 0 && searches_turn(n, searches, pat, &pace, &bad); turn++) {
		if (bad)
			break;
		if (turn % TURNS == 0 && ng_cancelled(cancel))
			r = -EINTR;
	}
	if (r == 0)
		searches_end(n, searches);
	for (size_t i = 0; r == 0 && !bad && i < n; i++)
		live[i] = ng_shard_live(shards[i], searches[i].rows, &bad);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = ng_shard_result(shards[i], 0);
	if (r == 0 && bad)
		r = -EUCLEAN;
	if (r == 0)
		memcpy(ret_intervals, live, n * sizeof(*live));
	return r;
}

/* ---- many patterns in one shard ---- */

/* Patterns that are walked side by side. */
#define TOGETHER 512u

/* Bytes of each pattern that are searched between two looks at the cancel flag. */
#define PIECE 256u

/* A search of a pattern, before its first rank step: the frequent patterns' table has its end. */
static int search_start(const struct ng_shard *shard, const struct ng_pattern *pattern,
			struct ng_bwt_search *ret)
{
	size_t left = pattern->len;
	struct ng_interval rows;
	bool bad = false;

	if (shard->has_frequent)
		left -= ng_frequent_find(&shard->frequent, pattern->bytes, pattern->len, &rows.lo,
					 &rows.hi, &bad);
	if (left == pattern->len)
		ng_bwt_symbol_rows(shard->bwt, pattern->bytes[--left], &rows.lo, &rows.hi);
	if (bad || rows.lo > rows.hi || rows.hi > shard->params.rows)
		return -EUCLEAN;
	*ret = (struct ng_bwt_search){rows.lo, rows.hi, pattern->bytes + left, left};
	return 0;
}

/* Ask for what the next step of all searches visits; whether any of it had to be waited for. */
static bool many_prefetch(const struct ng_shard *shard, size_t n,
			  const struct ng_bwt_search *searches)
{
	uint64_t rows[2 * TOGETHER];
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		if (!searches[i].left || searches[i].lo == searches[i].hi)
			continue;
		rows[m++] = searches[i].lo;
		rows[m++] = searches[i].hi;
	}
	ng_bwt_prefetch_rows(shard->bwt, m, rows);
	return ng_bwt_was_cold(shard->bwt, m, rows, ng_thread_sleeps());
}

/* Walk searches of whole patterns to their ends, a piece of each at a time: where pages are cold, a
 * byte of each, so that all of them wait together. */
static int searches_walk(const struct ng_shard *shard, size_t n, struct ng_bwt_search *searches,
			 const ng_cancel *cancel)
{
	const struct ng_pages *pages = ng_shard_file_pages(shard->file);
	size_t rest[TOGETHER]; /* bytes of each behind the piece */
	bool more = true, bad = false;

	for (size_t i = 0; i < n; i++)
		rest[i] = searches[i].left;
	while (more) {
		size_t piece = ng_pages_cold(pages) ? 1 : PIECE;

		for (size_t i = 0; i < n; i++) {
			searches[i].left = ng_min(rest[i], piece);
			rest[i] -= searches[i].left;
		}
		if (piece == 1)
			ng_pages_set_cold(pages, many_prefetch(shard, n, searches));
		ng_bwt_walk_searches(shard->bwt, n, searches, &bad);
		if (bad)
			return -EUCLEAN;
		if (ng_cancelled(cancel))
			return -EINTR;
		more = false;
		for (size_t i = 0; i < n; i++)
			more |= rest[i] && searches[i].lo < searches[i].hi;
	}
	return 0;
}

int ng_shard_find_many(const struct ng_shard *shard, size_t n, const struct ng_pattern *patterns,
		       const ng_cancel *cancel, struct ng_interval *ret_rows)
{
	struct ng_bwt_search searches[TOGETHER];
	bool bad = false;

	for (size_t done = 0; done < n;) {
		size_t m = ng_min(n - done, (size_t)TOGETHER);
		int r = 0;

		for (size_t i = 0; r == 0 && i < m; i++)
			r = search_start(shard, &patterns[done + i], &searches[i]);
		if (r == 0)
			r = searches_walk(shard, m, searches, cancel);
		if (r < 0)
			return ng_shard_result(shard, r);
		for (size_t i = 0; i < m; i++)
			ret_rows[done + i] = ng_shard_live(
				shard, (struct ng_interval){searches[i].lo, searches[i].hi}, &bad);
		if (bad)
			return ng_shard_damaged(shard);
		done += m;
	}
	return ng_shard_result(shard, 0);
}
