/* SPDX-License-Identifier: Apache-2.0 */
#include "sort/frequent_search.h"

#include "base/parallel.h"

#define CHUNK 16u /* nodes that a thread extends at a time */

/* A pattern in the tree of those found: its children have one byte more in front. */
struct node {
	struct ng_frequent_pattern pattern;
	size_t parent;
	size_t shorter; /* the node of the pattern without its last byte */
	size_t child; /* its frequent children are [child, child + n_children), by falling count */
	size_t n_children;
};

struct nodes {
	struct node *at;
	size_t n, cap;
};

/* Node 0, the root, is the empty pattern, and no pattern for the caller. */
#define ROOT 0u

struct search {
	const struct ng_rank_source *bwt;
	uint64_t min_count;
	struct nodes nodes;
	size_t begin, end;   /* the nodes being extended: those of one length */
	struct nodes *found; /* by each chunk of them */
	size_t n_chunks;
	void (*looked)(void *userdata);
	void *userdata;
};

static void found_clear(struct search *s)
{
	for (size_t i = 0; i < s->n_chunks; i++)
		free(s->found[i].at);
	free(s->found);
	s->found = NULL;
	s->n_chunks = 0;
}

static void search_clear(struct search *s)
{
	found_clear(s);
	free(s->nodes.at);
}

static int nodes_reserve(struct nodes *nodes, size_t more)
{
	size_t cap = ng_max(nodes->n + more, 2 * nodes->cap);
	struct node *grown;

	if (nodes->n + more <= nodes->cap)
		return 0;
	grown = reallocarray(nodes->at, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	nodes->at = grown;
	nodes->cap = cap;
	return 0;
}

static int by_falling_count(const void *pa, const void *pb)
{
	const struct ng_frequent_pattern *a = &((const struct node *)pa)->pattern;
	const struct ng_frequent_pattern *b = &((const struct node *)pb)->pattern;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* The patterns of a byte and node p's, behind *found. */
static int extend(const struct search *s, size_t p, struct nodes *found)
{
	const struct node *node = &s->nodes.at[p], *shorter = &s->nodes.at[node->shorter];
	uint64_t left = node->pattern.count; /* rows that are preceded by none of the bytes tried */
	size_t first = found->n;

	for (size_t i = 0; i < shorter->n_children && left >= s->min_count; i++) {
		const struct ng_frequent_pattern *same = &s->nodes.at[shorter->child + i].pattern;
		uint64_t lo = node->pattern.row, hi = lo + node->pattern.count;
		uint8_t byte = same->last[same->len - 1];
		bool damaged = false;
		struct node *child;
		int r;

		s->bwt->step(s->bwt->of, byte, &lo, &hi, &damaged);
		/* With this the numbers of patterns stay below that of rows, whatever cells say.
		 */
		if (damaged || hi - lo > left)
			return -EUCLEAN;
		left -= hi - lo;
		if (hi - lo < s->min_count)
			continue;
		r = nodes_reserve(found, 1);
		if (r < 0)
			return r;
		child = &found->at[found->n++];
		*child = (struct node){
			.pattern = node->pattern, .parent = p, .shorter = shorter->child + i};
		child->pattern.last[child->pattern.len++] = byte;
		child->pattern.row = lo;
		child->pattern.count = hi - lo;
	}
	if (found->n > first)
		qsort(found->at + first, found->n - first, sizeof(*found->at), by_falling_count);
	return 0;
}

static int chunk_extend(void *userdata, uint64_t i)
{
	struct search *s = userdata;
	size_t begin = s->begin + i * CHUNK, end = ng_min(begin + CHUNK, s->end);
	int r = 0;

	for (size_t p = begin; r == 0 && p < end; p++)
		r = extend(s, p, &s->found[i]);
	if (s->looked)
		s->looked(s->userdata);
	return r;
}

/* The root, and all bytes that occur. */
static int bytes_find(struct search *s)
{
	struct node *root;
	int r = nodes_reserve(&s->nodes, 257);

	if (r < 0)
		return r;
	root = &s->nodes.at[s->nodes.n++];
	*root = (struct node){.child = 1};
	for (unsigned byte = 0; byte < 256; byte++) {
		uint64_t lo, hi;

		s->bwt->symbol_rows(s->bwt->of, byte, &lo, &hi);
		if (lo == hi)
			continue;
		s->nodes.at[s->nodes.n++] = (struct node){
			.pattern = {.last = {(uint8_t)byte}, .len = 1, .row = lo, .count = hi - lo},
			.parent = ROOT,
			.shorter = ROOT,
		};
		root->n_children += hi - lo >= s->min_count;
	}
	qsort(root + 1, s->nodes.n - 1, sizeof(*root), by_falling_count);
	s->begin = root->child;
	s->end = root->child + root->n_children;
	return 0;
}

/* From the frequent patterns of one length to those of the next. */
static int level_extend(struct search *s, unsigned threads)
{
	size_t n_chunks = ng_div_up(s->end - s->begin, CHUNK), n = 0;
	int r;

	s->found = calloc(n_chunks, sizeof(*s->found));
	if (!s->found)
		return -ENOMEM;
	s->n_chunks = n_chunks;
	r = ng_parallel(n_chunks, threads, chunk_extend, s);
	for (size_t i = 0; i < n_chunks; i++)
		n += s->found[i].n;
	if (r == 0)
		r = nodes_reserve(&s->nodes, n);
	if (r < 0)
		return r;
	s->begin = s->nodes.n;
	for (size_t i = 0; i < n_chunks; i++) {
		for (size_t k = 0; k < s->found[i].n; k++) {
			struct node *parent = &s->nodes.at[s->found[i].at[k].parent];

			if (parent->n_children++ == 0)
				parent->child = s->nodes.n;
			s->nodes.at[s->nodes.n++] = s->found[i].at[k];
		}
	}
	s->end = s->nodes.n;
	found_clear(s);
	return 0;
}

int ng_frequent_search(const struct ng_rank_source *bwt, uint64_t min_count, unsigned threads,
		       void (*looked)(void *userdata), void *userdata,
		       struct ng_frequent_pattern **ret_patterns, size_t *ret_n)
{
	ng_cleanup(search_clear) struct search s = {.bwt = bwt,
						    .min_count = ng_max(min_count, 1u),
						    .looked = looked,
						    .userdata = userdata};
	struct ng_frequent_pattern *patterns;
	int r = bytes_find(&s);

	for (unsigned len = 1; r == 0 && len < NG_FREQUENT_MAX_BYTES && s.begin < s.end; len++)
		r = level_extend(&s, threads);
	if (r < 0)
		return r;
	/* One more, since the text may be empty. */
	patterns = calloc(s.nodes.n, sizeof(*patterns));
	if (!patterns)
		return -ENOMEM;
	for (size_t i = 1; i < s.nodes.n; i++)
		patterns[i - 1] = s.nodes.at[i].pattern;
	*ret_patterns = patterns;
	*ret_n = s.nodes.n - 1;
	return 0;
}
