/* Many backward searches in one shard. */
#include "query/batch.h"
#include "query/shard.h"

#define TOGETHER 512u

/* Bytes of each pattern that are searched between two looks at the cancel flag. */
#define PIECE 256u

/* A search of a pattern, before its first rank step: the frequent patterns' table has its end. */
static int search_start(const struct ng_shard *shard, const struct ng_pattern *pattern,
			struct ng_bwt_search *ret)
{
	size_t left = pattern->len;
	struct ng_interval rows;

	if (shard->has_frequent)
		left -= ng_frequent_find(&shard->frequent, pattern->bytes, pattern->len, &rows.lo,
					 &rows.hi);
	if (left == pattern->len)
		ng_bwt_symbol_rows(shard->bwt, pattern->bytes[--left], &rows.lo, &rows.hi);
	if (rows.lo > rows.hi || rows.hi > shard->params.rows)
		return -EUCLEAN;
	*ret = (struct ng_bwt_search){rows.lo, rows.hi, pattern->bytes + left, left};
	return 0;
}

/* Walk searches of whole patterns to their ends, a piece of each at a time. */
static int searches_walk(const struct ng_shard *shard, size_t n, struct ng_bwt_search *searches,
			 const ng_cancel *cancel)
{
	size_t rest[TOGETHER]; /* bytes of each behind the piece */
	bool more = true, bad = false;

	for (size_t i = 0; i < n; i++)
		rest[i] = searches[i].left;
	while (more) {
		for (size_t i = 0; i < n; i++) {
			searches[i].left = ng_min(rest[i], (size_t)PIECE);
			rest[i] -= searches[i].left;
		}
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

	for (size_t done = 0; done < n;) {
		size_t m = ng_min(n - done, (size_t)TOGETHER);
		int r = 0;

		for (size_t i = 0; r == 0 && i < m; i++)
			r = search_start(shard, &patterns[done + i], &searches[i]);
		if (r == 0)
			r = searches_walk(shard, m, searches, cancel);
		if (r < 0)
			return r;
		for (size_t i = 0; i < m; i++)
			ret_rows[done + i] =
				searches[i].lo < searches[i].hi
					? (struct ng_interval){searches[i].lo, searches[i].hi}
					: (struct ng_interval){0, 0};
		done += m;
	}
	return ng_shard_result(shard, 0);
}
