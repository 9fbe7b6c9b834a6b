/* Backward search: Ferragina and Manzini, J. ACM 2005. */
#include "base/prefetch.h"
#include "bwt/bwt_prefetch.h"
#include "query/shard.h"

/* Turns between two looks at the cancel flag. */
#define TURNS 64u

/* A search in one shard: the rows of the pattern's bytes [left, len). */
struct search {
	const struct ng_shard *shard;
	struct ng_interval rows;
	size_t left;
};

/* The frequent patterns' table has the end of the pattern, or its last byte's rows are known. */
static int search_begin(const struct ng_shard *shard, const uint8_t *pat, size_t len,
			struct search *ret)
{
	struct search s = {.shard = shard, .left = len};

	if (shard->has_frequent)
		s.left -= ng_frequent_find(&shard->frequent, pat, len, &s.rows.lo, &s.rows.hi);
	if (s.left == len)
		ng_bwt_symbol_rows(shard->bwt, pat[--s.left], &s.rows.lo, &s.rows.hi);
	if (s.rows.lo > s.rows.hi || s.rows.hi > shard->params.rows)
		return -EUCLEAN;
	*ret = s;
	return 0;
}

static bool search_goes_on(const struct search *s)
{
	return s->left && s->rows.lo < s->rows.hi;
}

/* Ask for both ends of the rows. */
static void search_prefetch(const struct search *s)
{
	uint64_t ends[] = {s->rows.lo, s->rows.hi};

	ng_bwt_prefetch_rows(s->shard->bwt, ng_array_size(ends), ends);
}

int ng_shard_find_end(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		      const ng_cancel *cancel, struct ng_interval *ret_interval, size_t *ret_len)
{
	struct ng_prefetch_pace pace = {0};
	struct search s;
	bool bad = false;
	int r = search_begin(shard, pat, len, &s);

	if (r < 0)
		return r;
	if (s.rows.lo == s.rows.hi)
		s.left = len;
	while (search_goes_on(&s)) {
		struct ng_interval more = s.rows;

		ng_prefetch_pace_read(&pace);
		if (pace.cold)
			search_prefetch(&s);
		ng_bwt_step(shard->bwt, pat[s.left - 1], &more.lo, &more.hi, &bad);
		if (bad)
			return -EUCLEAN;
		if (s.left % TURNS == 0 && ng_cancelled(cancel))
			return -EINTR;
		if (more.lo == more.hi)
			break;
		s.rows = more;
		s.left--;
	}
	*ret_interval = s.rows;
	*ret_len = len - s.left;
	return ng_shard_result(shard, 0);
}

int ng_shard_find(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		  const ng_cancel *cancel, struct ng_interval *ret_interval)
{
	struct ng_interval rows;
	size_t found = 0;
	int r = ng_shard_find_end(shard, pat, len, cancel, &rows, &found);

	if (r < 0)
		return r;
	*ret_interval = found == len ? rows : (struct ng_interval){0, 0};
	return 0;
}

/* A turn: a step of every search that has one to go. Returns how many made one. */
static size_t searches_turn(size_t n, struct search *searches, const uint8_t *pat,
			    struct ng_prefetch_pace *pace, bool *damaged)
{
	size_t walking = 0;

	for (size_t i = 0; pace->cold && i < n; i++)
		if (search_goes_on(&searches[i]))
			search_prefetch(&searches[i]);
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
	struct ng_prefetch_pace pace = {0};
	bool bad = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = search_begin(shards[i], pat, len, &searches[i]);
	for (size_t turn = 1; r == 0 && searches_turn(n, searches, pat, &pace, &bad); turn++) {
		if (bad)
			r = -EUCLEAN;
		else if (turn % TURNS == 0 && ng_cancelled(cancel))
			r = -EINTR;
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = bad ? -EUCLEAN : ng_shard_result(shards[i], 0);
	for (size_t i = 0; r == 0 && i < n; i++)
		ret_intervals[i] = searches[i].rows.lo < searches[i].rows.hi
					   ? searches[i].rows
					   : (struct ng_interval){0, 0};
	return r;
}
