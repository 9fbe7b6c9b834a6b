/* SPDX-License-Identifier: Apache-2.0 */
#include "query/stringset.h"

#define BLOCK_BYTES 16384u

struct ng_arena_block {
	struct ng_arena_block *next;
	size_t used, bytes;
	uint8_t data[];
};

void *ng_arena_get(struct ng_arena *arena, size_t bytes)
{
	struct ng_arena_block *block = arena->blocks;
	size_t want = (size_t)ng_align_up(ng_max(bytes, (size_t)1), 16);

	if (!block || block->bytes - block->used < want) {
		size_t room = ng_max(want, (size_t)BLOCK_BYTES);

		block = calloc(1, sizeof(*block) + room);
		if (!block) {
			arena->failed = true;
			return NULL;
		}
		block->bytes = room;
		block->next = arena->blocks;
		arena->blocks = block;
	}
	block->used += want;
	return block->data + block->used - want;
}

void ng_arena_clear(struct ng_arena *arena)
{
	while (arena->blocks) {
		struct ng_arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
}

/* Room for so many strings. */
static struct ng_required_set set_make(struct ng_arena *arena, size_t n, bool fold)
{
	struct ng_required_set set = {.fold = fold};

	set.strings = ng_arena_get(arena, n * sizeof(*set.strings));
	set.n = set.strings ? n : 0;
	return set;
}

struct ng_part ng_part_empty(struct ng_arena *arena)
{
	return (struct ng_part){.begin = set_make(arena, 1, false), .exact = true};
}

struct ng_part ng_part_anything(struct ng_arena *arena)
{
	return (struct ng_part){.begin = set_make(arena, 1, false)};
}

static bool set_has_empty(const struct ng_required_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->strings[i].len == 0)
			return true;
	return set->n == 0;
}

static bool set_has(const struct ng_required_set *set, const struct ng_required_string *string)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->strings[i].len == string->len &&
		    (string->len == 0 ||
		     memcmp(set->strings[i].bytes, string->bytes, string->len) == 0))
			return true;
	return false;
}

struct ng_part ng_part_strings(struct ng_arena *arena, const struct ng_required_string *strings,
			       size_t n, bool fold)
{
	struct ng_part part = {.begin = set_make(arena, n, fold), .exact = true};
	struct ng_required_set *set = &part.begin;

	n = set->n;
	for (set->n = 0; n--; strings++) {
		struct ng_required_string copy = {ng_arena_get(arena, strings->len), strings->len};

		if (!copy.bytes)
			break;
		memcpy(copy.bytes, strings->bytes, strings->len);
		if (!set_has(set, &copy))
			set->strings[set->n++] = copy;
	}
	return part;
}

/* Each of a before each of b, where they aren't too many or too long. A set whose case is folded
 * says less than one that isn't, so that the two make one that is. */
static bool set_product(struct ng_arena *arena, const struct ng_required_set *a,
			const struct ng_required_set *b, struct ng_required_set *ret)
{
	struct ng_required_set set;
	size_t longest[2] = {0, 0};

	if (a->n * b->n > NG_REQUIRED_STRINGS)
		return false;
	for (size_t i = 0; i < a->n; i++)
		longest[0] = ng_max(longest[0], a->strings[i].len);
	for (size_t i = 0; i < b->n; i++)
		longest[1] = ng_max(longest[1], b->strings[i].len);
	if (longest[0] + longest[1] > NG_REQUIRED_BYTES)
		return false;
	set = set_make(arena, a->n * b->n, a->fold || b->fold);
	if (set.n == 0)
		return false;
	set.n = 0;
	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; k < b->n; k++) {
			const struct ng_required_string *left = &a->strings[i],
							*right = &b->strings[k];
			struct ng_required_string *both = &set.strings[set.n];

			both->len = left->len + right->len;
			both->bytes = ng_arena_get(arena, both->len);
			if (!both->bytes)
				return false;
			if (left->len)
				memcpy(both->bytes, left->bytes, left->len);
			if (right->len)
				memcpy(both->bytes + left->len, right->bytes, right->len);
			set.n += !set_has(&set, both);
		}
	}
	*ret = set;
	return true;
}

/* The sets of a and b, and room for `more`. */
static void sets_join(struct ng_arena *arena, const struct ng_part *a, const struct ng_part *b,
		      size_t more, struct ng_part *ret)
{
	ret->sets = ng_arena_get(arena, (a->n + b->n + more) * sizeof(*ret->sets));
	ret->n = 0;
	if (!ret->sets)
		return;
	if (a->n)
		memcpy(ret->sets, a->sets, a->n * sizeof(*a->sets));
	if (b->n)
		memcpy(ret->sets + a->n, b->sets, b->n * sizeof(*b->sets));
	ret->n = a->n + b->n;
}

/* One more set, for which there is room, if it says something. */
static void set_add(struct ng_part *part, const struct ng_required_set *set)
{
	if (part->sets && !set_has_empty(set))
		part->sets[part->n++] = *set;
}

struct ng_part ng_part_concatenate(struct ng_arena *arena, struct ng_part a, struct ng_part b)
{
	struct ng_part part = {.begin = a.begin, .exact = a.exact && b.exact};
	bool joined = a.exact && set_product(arena, &a.begin, &b.begin, &part.begin);

	sets_join(arena, &a, &b, 1, &part);
	if (!joined) {
		set_add(&part, &b.begin);
		part.exact = false;
	}
	return part;
}

/* The set that says most of a part. */
static struct ng_required_set part_best(const struct ng_part *part)
{
	struct ng_required_set best = part->begin;
	size_t best_len = 0;

	for (size_t i = 0; i <= part->n; i++) {
		const struct ng_required_set *set = i < part->n ? &part->sets[i] : &part->begin;
		size_t len = SIZE_MAX;

		for (size_t k = 0; k < set->n; k++)
			len = ng_min(len, set->strings[k].len);
		if (set->n && (len > best_len || (len == best_len && set->n < best.n))) {
			best = *set;
			best_len = len;
		}
	}
	return best;
}

static bool set_union(struct ng_arena *arena, const struct ng_required_set *a,
		      const struct ng_required_set *b, struct ng_required_set *ret)
{
	struct ng_required_set set;

	if (a->n + b->n > NG_REQUIRED_STRINGS)
		return false;
	set = set_make(arena, a->n + b->n, a->fold || b->fold);
	if (set.n == 0)
		return false;
	memcpy(set.strings, a->strings, a->n * sizeof(*a->strings));
	set.n = a->n;
	for (size_t i = 0; i < b->n; i++)
		if (!set_has(&set, &b->strings[i]))
			set.strings[set.n++] = b->strings[i];
	*ret = set;
	return true;
}

struct ng_part ng_part_alternate(struct ng_arena *arena, struct ng_part a, struct ng_part b)
{
	const struct ng_required_set best[2] = {part_best(&a), part_best(&b)};
	struct ng_part none = {0}, part = ng_part_anything(arena);
	struct ng_required_set either;

	if (set_union(arena, &a.begin, &b.begin, &part.begin))
		part.exact = a.exact && b.exact;
	sets_join(arena, &none, &none, 1, &part);
	if (!part.exact && set_union(arena, &best[0], &best[1], &either))
		set_add(&part, &either);
	return part;
}

struct ng_part ng_part_repeat(struct ng_arena *arena, struct ng_part part, unsigned min,
			      unsigned max)
{
	struct ng_part repeated = part;

	if (min == 0 && max == 1) {
		part.n = 0;
		return ng_part_alternate(arena, part, ng_part_empty(arena));
	}
	if (min == 0)
		return max == 0 ? ng_part_empty(arena) : ng_part_anything(arena);
	for (unsigned i = 1; i < min; i++) {
		struct ng_part once = part;

		/* Its own sets are said already. */
		once.n = 0;
		repeated = ng_part_concatenate(arena, repeated, once);
		if (!repeated.exact)
			break;
	}
	if (max != min)
		repeated.exact = false;
	return repeated;
}

void ng_part_finish(struct ng_arena *arena, struct ng_part *part)
{
	struct ng_part none = {0}, finished = *part;

	sets_join(arena, part, &none, 1, &finished);
	set_add(&finished, &part->begin);
	*part = finished;
}
