/* SPDX-License-Identifier: Apache-2.0 */
#include "text/seen.h"

static bool is_zero(struct ng_seen_id id)
{
	return !id.dev && !id.ino && !id.stamp;
}

/* The slot where id is, or the free one where it would be. cap is not 0, and some slot is free. */
static struct ng_seen_id *find(const struct ng_seen *seen, struct ng_seen_id id)
{
	uint64_t hash = (id.ino + id.dev * 0x9e3779b97f4a7c15u + id.stamp) * 0xff51afd7ed558ccdu;
	size_t at = (size_t)(hash ^ hash >> 32) & (seen->cap - 1);

	while (!is_zero(seen->slots[at]) &&
	       (seen->slots[at].ino != id.ino || seen->slots[at].dev != id.dev ||
		seen->slots[at].stamp != id.stamp))
		at = (at + 1) & (seen->cap - 1);
	return &seen->slots[at];
}

static int grow(struct ng_seen *seen)
{
	struct ng_seen larger = {.cap = ng_max(2 * seen->cap, (size_t)64), .zero = seen->zero};

	larger.slots = calloc(larger.cap, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < seen->cap; i++)
		if (!is_zero(seen->slots[i]))
			*find(&larger, seen->slots[i]) = seen->slots[i];
	larger.n = seen->n;
	free(seen->slots);
	*seen = larger;
	return 0;
}

bool ng_seen_has(const struct ng_seen *seen, struct ng_seen_id id)
{
	if (is_zero(id))
		return seen->zero;
	return seen->cap && !is_zero(*find(seen, id));
}

int ng_seen_add(struct ng_seen *seen, struct ng_seen_id id)
{
	if (ng_seen_has(seen, id))
		return 0;
	if (is_zero(id)) {
		seen->zero = true;
		return 1;
	}
	if (2 * seen->n >= seen->cap && grow(seen) < 0)
		return -ENOMEM;
	*find(seen, id) = id;
	seen->n++;
	return 1;
}

void ng_seen_clear(struct ng_seen *seen)
{
	free(seen->slots);
	*seen = (struct ng_seen){0};
}
