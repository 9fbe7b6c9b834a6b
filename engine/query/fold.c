#include "query/fold.h"

#include "query/casefold.h"
#include "query/index_internal.h"

/* Searches that are walked between two looks at the cancel flag. */
#define TOGETHER 512u

/* Not among the frequent patterns. */
#define NO_NODE (NG_FREQUENT_ROOT - 1)

/* Spellings of an end of the query that occur. */
struct spelling {
	uint64_t lo, hi; /* rows of the BWT; of the empty one all, and not to be used */
	uint64_t left;   /* of these, without those that have been found to have a case in front */
	uint64_t bytes;
	uint32_t node;      /* in the shard's table of frequent patterns */
	uint32_t last_case; /* which one its first letter has */
};

struct spellings {
	struct spelling *list;
	size_t n, cap;
};

/* The search of one shard. */
struct fold {
	const struct ng_shard *shard;
	const ng_cancel *cancel;
	uint64_t steps, steps_max;
	struct spellings now, next;
	/* Extensions of some of now's, of which those become next's that occur. */
	struct ng_bwt_search searches[TOGETHER];
	struct spelling extended[TOGETHER];
	size_t from[TOGETHER];
	size_t n;
};

static int spellings_add(struct spellings *spellings, const struct spelling *spelling)
{
	if (spellings->n == NG_FOLD_SPELLINGS_MAX)
		return -E2BIG;
	if (spellings->n == spellings->cap) {
		size_t cap = ng_max(2 * spellings->cap, (size_t)64);
		struct spelling *grown = reallocarray(spellings->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		spellings->list = grown;
		spellings->cap = cap;
	}
	spellings->list[spellings->n++] = *spelling;
	return 0;
}

/* Walk what was extended to its end, and keep what occurs. */
static int fold_flush(struct fold *fold)
{
	bool bad = false;
	int r = 0;

	for (size_t i = 0; i < fold->n; i++)
		fold->steps += fold->searches[i].left;
	if (fold->steps > fold->steps_max)
		return -E2BIG;
	ng_bwt_walk_searches(fold->shard->bwt, fold->n, fold->searches, &bad);
	if (bad)
		return -EUCLEAN;
	for (size_t i = 0; r == 0 && i < fold->n; i++) {
		struct spelling *spelling = &fold->extended[i];
		struct ng_interval rows;

		spelling->lo = fold->searches[i].lo;
		spelling->hi = fold->searches[i].hi;
		spelling->left = spelling->hi - spelling->lo;
		if (spelling->left > fold->now.list[fold->from[i]].left)
			return -EUCLEAN;
		fold->now.list[fold->from[i]].left -= spelling->left;
		/* What is in removed documents alone doesn't occur. */
		rows = ng_shard_live(fold->shard, (struct ng_interval){spelling->lo, spelling->hi},
				     &bad);
		if (bad)
			return -EUCLEAN;
		if (rows.lo < rows.hi)
			r = spellings_add(&fold->next, spelling);
	}
	fold->n = 0;
	return r == 0 && ng_cancelled(fold->cancel) ? -EINTR : r;
}

/* Put a character in case k in front of spelling `from`: as many of its bytes as the table of
 * frequent patterns has, the others are left to a search. */
static int fold_extend(struct fold *fold, size_t from, const struct ng_cases *cases, unsigned k)
{
	const struct ng_shard *shard = fold->shard;
	struct spelling to = fold->now.list[from];
	const uint8_t *bytes = cases->of[k].bytes;
	size_t len = cases->of[k].len, left = len;
	uint32_t child;
	bool bad = false;

	while (left && to.node != NO_NODE && shard->has_frequent &&
	       ng_frequent_child(&shard->frequent, to.node, bytes[left - 1], &child, &bad)) {
		to.node = child;
		left--;
	}
	if (left < len)
		ng_frequent_rows(&shard->frequent, to.node, &to.lo, &to.hi, &bad);
	if (bad)
		return -EUCLEAN;
	if (left && to.node == NG_FREQUENT_ROOT)
		ng_bwt_symbol_rows(shard->bwt, bytes[--left], &to.lo, &to.hi);
	if (to.lo > to.hi || to.hi > shard->params.rows)
		return -EUCLEAN;
	if (left || to.node == NG_FREQUENT_ROOT)
		to.node = NO_NODE;
	to.bytes += len;
	if (cases->n > 1)
		to.last_case = k;
	fold->from[fold->n] = from;
	fold->extended[fold->n] = to;
	fold->searches[fold->n++] = (struct ng_bwt_search){to.lo, to.hi, bytes + left, left};
	return fold->n == TOGETHER ? fold_flush(fold) : 0;
}

/* Put a character in all its cases in front of all spellings. They come by turns, first the case of
 * the letter that follows: most often all rows have that one, and the others need no step. */
static int fold_character(struct fold *fold, const struct ng_cases *cases)
{
	struct spellings before = fold->now;
	int r = 0;

	for (unsigned turn = 0; r == 0 && turn < cases->n; turn++) {
		for (size_t i = 0; r == 0 && i < fold->now.n; i++)
			if (fold->now.list[i].left)
				r = fold_extend(fold, i, cases,
						(fold->now.list[i].last_case + turn) % cases->n);
		if (r == 0)
			r = fold_flush(fold);
	}
	fold->now = fold->next;
	fold->next = before;
	fold->next.n = 0;
	return r;
}

static int by_row(const void *pa, const void *pb)
{
	const struct spelling *a = pa, *b = pb;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

/* What the search of a shard has found, ascending. No spelling begins another, so that rows which
 * are in two can only come from damaged cells. */
static int fold_finish(struct fold *fold)
{
	struct spelling *list = fold->now.list;

	if (fold->now.n)
		qsort(list, fold->now.n, sizeof(*list), by_row);
	for (size_t i = 1; i < fold->now.n; i++)
		if (list[i].lo < list[i - 1].hi)
			return -EUCLEAN;
	return ng_shard_result(fold->shard, 0);
}

static int fold_run(struct fold *fold, const uint8_t *pat, size_t len)
{
	const uint64_t rows = fold->shard->params.rows;
	const struct spelling empty = {.hi = rows, .left = rows, .node = NG_FREQUENT_ROOT};
	int r = spellings_add(&fold->now, &empty);

	while (r == 0 && len && fold->now.n) {
		struct ng_cases cases;

		len -= ng_casefold_last(pat, len, &cases);
		r = fold_character(fold, &cases);
	}
	return r ? ng_shard_result(fold->shard, r) : fold_finish(fold);
}

struct job {
	const struct ng_index *index;
	const uint8_t *pat;
	size_t len;
	const ng_cancel *cancel;
	struct spellings *found; /* one a shard */
};

static int shard_fold(void *userdata, uint64_t s)
{
	const struct job *job = userdata;
	struct fold fold;
	int r;

	fold.shard = job->index->shards[s];
	fold.cancel = job->cancel;
	fold.steps = 0;
	fold.steps_max = NG_FOLD_STEPS_MAX + (uint64_t)job->len * NG_FOLD_STEPS_PER_BYTE;
	fold.now = fold.next = (struct spellings){0};
	fold.n = 0;
	r = fold_run(&fold, job->pat, job->len);
	if (r == 0)
		job->found[s] = fold.now;
	else
		free(fold.now.list);
	free(fold.next.list);
	return r;
}

static int found_join(const struct job *job, struct ng_ranges *ret_ranges)
{
	struct ng_ranges ranges = NG_RANGES_INIT;
	bool bad = false;
	size_t n = 0;

	for (uint32_t s = 0; s < job->index->n_shards; s++)
		n += job->found[s].n;
	ranges.list = calloc(n + 1, sizeof(*ranges.list));
	if (!ranges.list)
		return -ENOMEM;
	for (uint32_t s = 0; s < job->index->n_shards; s++) {
		for (size_t i = 0; i < job->found[s].n; i++) {
			const struct spelling *spelling = &job->found[s].list[i];
			struct ng_interval rows = ng_shard_live(
				job->index->shards[s],
				(struct ng_interval){spelling->lo, spelling->hi}, &bad);

			ranges.list[ranges.n++] = (struct ng_range){s, rows.lo, rows.hi,
								    ranges.count, spelling->bytes};
			ranges.count += rows.hi - rows.lo;
		}
		if (bad) {
			free(ranges.list);
			return ng_shard_damaged(job->index->shards[s]);
		}
	}
	*ret_ranges = ranges;
	return 0;
}

static bool has_cases(const uint8_t *pat, size_t len)
{
	struct ng_cases cases = {.n = 1};

	while (len && cases.n == 1)
		len -= ng_casefold_last(pat, len, &cases);
	return cases.n > 1;
}

int ng_fold_find(const struct ng_index *index, const uint8_t *pat, size_t len,
		 const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	struct job job = {index, pat, len, cancel, NULL};
	int r;

	if (len == 0)
		return -EINVAL;
	if (!has_cases(pat, len))
		return ng_ranges_find(index, pat, len, cancel, ret_ranges);
	job.found = calloc(index->n_shards + 1, sizeof(*job.found));
	if (!job.found)
		return -ENOMEM;
	r = ng_index_run(index, index->n_shards, shard_fold, &job);
	if (r == 0)
		r = found_join(&job, ret_ranges);
	for (uint32_t s = 0; s < index->n_shards; s++)
		free(job.found[s].list);
	free(job.found);
	return r;
}
