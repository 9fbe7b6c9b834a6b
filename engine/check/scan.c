/* SPDX-License-Identifier: Apache-2.0 */
#include "check/scan.h"

struct ng_scan {
	size_t n;
	size_t n_states;
	uint32_t (*next)[256];
	uint32_t *fail;  /* the state of the longest proper end that is a beginning, too */
	uint32_t *order; /* states by length */
	uint32_t *state; /* [n]: of each whole pattern */
};

struct ng_scan *ng_scan_free(struct ng_scan *scan)
{
	if (!scan)
		return NULL;
	free(scan->next);
	free(scan->fail);
	free(scan->order);
	free(scan->state);
	free(scan);
	return NULL;
}

/* The tree of the patterns; 0 in next: no such child, as no child leads to the root. */
static void tree_add(struct ng_scan *scan, const uint8_t *pat, size_t len, uint32_t *ret_state)
{
	uint32_t at = 0;

	for (size_t i = 0; i < len; i++) {
		if (!scan->next[at][pat[i]])
			scan->next[at][pat[i]] = (uint32_t)scan->n_states++;
		at = scan->next[at][pat[i]];
	}
	*ret_state = at;
}

/* Breadth first: where a child is missing, go where the longest proper end goes. */
static void links_make(struct ng_scan *scan)
{
	size_t done = 0, known = 1;

	scan->order[0] = 0;
	for (; done < known; done++) {
		uint32_t at = scan->order[done];

		for (unsigned c = 0; c < 256; c++) {
			uint32_t child = scan->next[at][c];
			uint32_t other = at ? scan->next[scan->fail[at]][c] : 0;

			if (!child) {
				scan->next[at][c] = other;
				continue;
			}
			scan->fail[child] = other;
			scan->order[known++] = child;
		}
	}
}

int ng_scan_new(const uint8_t *const *pats, const size_t *lens, size_t n, struct ng_scan **ret_scan)
{
	ng_cleanup(ng_scan_freep) struct ng_scan *scan = calloc(1, sizeof(*scan));
	size_t cap = 1;

	for (size_t i = 0; i < n; i++) {
		if (lens[i] == 0 || lens[i] > NG_SCAN_BYTES_MAX)
			return -EINVAL;
		cap += lens[i];
	}
	if (cap > UINT32_MAX || !scan)
		return -ENOMEM;
	scan->n = n;
	scan->n_states = 1;
	scan->next = calloc(cap, sizeof(*scan->next));
	scan->fail = calloc(cap, sizeof(*scan->fail));
	scan->order = calloc(cap, sizeof(*scan->order));
	scan->state = calloc(n + 1, sizeof(*scan->state));
	if (!scan->next || !scan->fail || !scan->order || !scan->state)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		tree_add(scan, pats[i], lens[i], &scan->state[i]);
	links_make(scan);
	*ret_scan = ng_steal_ptr(&scan);
	return 0;
}

void ng_scan_run(const struct ng_scan *scan, const uint8_t *text, size_t len, size_t skip,
		 uint64_t *hits)
{
	uint32_t at = 0;

	skip = ng_min(skip, len);
	for (size_t i = 0; i < skip; i++)
		at = scan->next[at][text[i]];
	for (size_t i = skip; i < len; i++) {
		at = scan->next[at][text[i]];
		hits[at]++;
	}
}

size_t ng_scan_states(const struct ng_scan *scan)
{
	return scan->n_states;
}

void ng_scan_counts(const struct ng_scan *scan, uint64_t *hits, uint64_t *ret_counts)
{
	/* Whoever is in a state has also seen what its ends stand for. */
	for (size_t i = scan->n_states; i-- > 1;)
		hits[scan->fail[scan->order[i]]] += hits[scan->order[i]];
	for (size_t i = 0; i < scan->n; i++)
		ret_counts[i] = hits[scan->state[i]];
}
