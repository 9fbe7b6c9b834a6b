#include <zstd.h>

#include "bwt/token.h"

/* What code space that no token uses stands for: it is met only in damaged streams, where any
 * progress will do. */
#define UNUSED_ENTRY (1u | 1u << 23)

/* The tables while they are made. */
struct maker {
	struct ng_token_tables out;
	size_t second_len, second_cap;
	/* Of the table in the making: */
	const struct ng_code_lengths *lengths;
	struct ng_token_table *table;
	uint16_t common_at[NG_TOKEN_IDS]; /* place among the common ones; NG_COMMON: none */
	unsigned n_common[NG_CONTEXTS];   /* of those that leave this context */
};

static void maker_clear(struct maker *maker)
{
	ng_token_tables_clear(&maker->out);
}

#define PLACE_CONTEXT                                                                              \
	(1u << (NG_CONTEXT_SHIFT - 6)) /* the context of a place, in steps of this                 \
					*/

/* The next place for a token or a pair that leaves this context, which is bits 4-6 of the place;
 * NG_COMMON when all are taken. */
static unsigned common_place(struct maker *maker, unsigned context)
{
	unsigned n = maker->n_common[context];

	if (n == NG_COMMON / NG_CONTEXTS)
		return NG_COMMON;
	maker->n_common[context]++;
	return (n & (PLACE_CONTEXT - 1)) | context * PLACE_CONTEXT |
	       n / PLACE_CONTEXT * PLACE_CONTEXT * NG_CONTEXTS;
}

#define COMMON_IDS (NG_COMMON_RANKS * NG_RUN_CLASSES)

/* The common tokens: those with the shortest code in any context, as far as a first-level code
 * goes and as many as there are places for a token that leaves this context. */
static void common_choose(struct maker *maker)
{
	struct ng_token_pair *common = maker->table->common;
	uint8_t shortest[COMMON_IDS];

	memset(maker->n_common, 0, sizeof(maker->n_common));
	for (unsigned i = 0; i < NG_COMMON; i++)
		common[i] = (struct ng_token_pair){.run = {1, 0}};
	for (unsigned id = 0; id < NG_TOKEN_IDS; id++)
		maker->common_at[id] = NG_COMMON;
	memset(shortest, UINT8_MAX, sizeof(shortest));
	for (unsigned c = 0; c < NG_CONTEXTS; c++)
		for (unsigned id = 0; id < COMMON_IDS; id++)
			/* 0, no code, becomes the longest. */
			shortest[id] =
				ng_min(shortest[id], (uint8_t)(maker->lengths->bits[c][id] - 1));
	for (unsigned length = 1; length <= NG_FIRST_BITS; length++) {
		for (unsigned id = 0; id < COMMON_IDS; id++) {
			unsigned rank = id / NG_RUN_CLASSES, run_class = id % NG_RUN_CLASSES;
			unsigned at;

			if (shortest[id] != length - 1)
				continue;
			at = common_place(maker, ng_token_context(rank, run_class));
			if (at == NG_COMMON)
				continue;
			maker->common_at[id] = (uint16_t)at;
			common[at].rank[0] = (uint8_t)rank;
			common[at].run[0] = ng_run_class_length[run_class];
		}
	}
}

/* Room for a second-level table; *ret_link refers to it. */
static int second_add(struct maker *maker, unsigned width, uint32_t *ret_link)
{
	size_t size = (size_t)1 << width, cap;

	if (maker->second_len + size > maker->second_cap) {
		uint32_t *grown;

		cap = 2 * maker->second_cap + 4096;
		grown = realloc(maker->out.second, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		maker->out.second = grown;
		maker->second_cap = cap;
	}
	*ret_link = width | (uint32_t)maker->second_len << 6;
	for (size_t i = 0; i < size; i++)
		maker->out.second[maker->second_len++] = UNUSED_ENTRY;
	return 0;
}

static uint32_t full_entry(unsigned id, unsigned length)
{
	if (id == NG_TOKEN_ESCAPE)
		return NG_ENTRY_ESCAPE | length;
	return ng_entry_make(length, id / NG_RUN_CLASSES, id % NG_RUN_CLASSES);
}

static bool is_short(const struct maker *maker, unsigned id, unsigned length)
{
	return length <= NG_FIRST_BITS && maker->common_at[id] != NG_COMMON;
}

static void short_put(const struct maker *maker, unsigned id, unsigned length, unsigned code,
		      uint16_t *first)
{
	unsigned span = 1u << (NG_FIRST_BITS - length);

	for (unsigned i = 0; i < span; i++)
		first[code * span + i] = (uint16_t)(length | maker->common_at[id] << 6);
}

/* A token of the second level. width: of the prefix's table. */
static int long_put(struct maker *maker, unsigned id, unsigned length, unsigned code,
		    const uint8_t *width, uint32_t *links)
{
	unsigned beyond, prefix, span, at;

	if (length <= NG_FIRST_BITS) {
		uint32_t link;
		int r = second_add(maker, 0, &link);

		if (r < 0)
			return r;
		maker->out.second[link >> 6] = full_entry(id, length);
		span = 1u << (NG_FIRST_BITS - length);
		for (unsigned i = 0; i < span; i++)
			links[code * span + i] = link;
		return 0;
	}
	beyond = length - NG_FIRST_BITS;
	prefix = code >> beyond;
	span = 1u << (width[prefix] - beyond);
	at = (links[prefix] >> 6) + (code & ((1u << beyond) - 1)) * span;
	for (unsigned i = 0; i < span; i++)
		maker->out.second[at + i] = full_entry(id, length);
	return 0;
}

static int context_make(struct maker *maker, const uint8_t *bits, uint16_t *first, uint32_t *links)
{
	uint16_t codes[NG_TOKEN_IDS], ids[NG_TOKEN_IDS];
	uint8_t width[1 << NG_FIRST_BITS] = {0};
	unsigned n = ng_codes_used(bits, ids);
	int r = ng_codes_assign(bits, codes);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < n; i++) {
		unsigned id = ids[i], beyond = bits[id] - NG_FIRST_BITS;

		if (bits[id] > NG_FIRST_BITS)
			width[codes[id] >> beyond] =
				(uint8_t)ng_max(width[codes[id] >> beyond], beyond);
	}
	for (unsigned prefix = 0; r == 0 && prefix < 1u << NG_FIRST_BITS; prefix++)
		if (width[prefix])
			r = second_add(maker, width[prefix], &links[prefix]);
	for (unsigned i = 0; r == 0 && i < n; i++) {
		unsigned id = ids[i];

		if (is_short(maker, id, bits[id]))
			short_put(maker, id, bits[id], codes[id], first);
		else
			r = long_put(maker, id, bits[id], codes[id], width, links);
	}
	return r;
}

/* ---- pairs ---- */

#define PAIR_SLOTS 2048u /* of a hash table, a power of 2: of some 300 pairs in a table of text */

struct pair_slot {
	uint16_t one, two; /* places of the tokens */
	uint16_t windows;  /* first-level entries that the pair fits into; 0: an empty slot */
	uint16_t place;    /* NG_COMMON: not common */
};

/* The slot of a pair, or an empty one for it; NULL when none is left. */
static struct pair_slot *pair_find(struct pair_slot *slots, unsigned one, unsigned two)
{
	unsigned at = (one * 0x9e3779b1u ^ two * 0x85ebca6bu) >> 16;

	for (unsigned i = 0; i < PAIR_SLOTS; i++) {
		struct pair_slot *slot = &slots[(at + i) % PAIR_SLOTS];

		if (!slot->windows || (slot->one == one && slot->two == two))
			return slot;
	}
	return NULL;
}

/* The entry of the token that follows the one in a window of the first level, and is whole in it;
 * 0: there is none. */
static unsigned second_entry(const uint16_t *first, unsigned entry, unsigned window)
{
	unsigned length = entry & 63, next;

	if (!length)
		return 0;
	next = first[(entry & NG_FIRST_CONTEXT) / 2 +
		     (window << length & ((1u << NG_FIRST_BITS) - 1))];
	return (next & 63) && (next & 63) + length <= NG_FIRST_BITS ? next : 0;
}

static int slot_compare(const void *pa, const void *pb)
{
	const struct pair_slot *a = pa, *b = pb;

	return (a->windows < b->windows) - (a->windows > b->windows);
}

/* Give the pairs that fit into most windows the places that the tokens have left. */
static void pairs_choose(struct maker *maker, struct pair_slot *slots)
{
	struct pair_slot order[PAIR_SLOTS];
	struct ng_token_pair *common = maker->table->common;
	unsigned n = 0;

	for (unsigned i = 0; i < PAIR_SLOTS; i++)
		if (slots[i].windows)
			order[n++] = slots[i];
	qsort(order, n, sizeof(*order), slot_compare);
	for (unsigned i = 0; i < n; i++) {
		unsigned one = order[i].one, two = order[i].two;
		unsigned place = common_place(maker, two / PLACE_CONTEXT % NG_CONTEXTS);

		pair_find(slots, one, two)->place = (uint16_t)place;
		if (place != NG_COMMON)
			common[place] =
				(struct ng_token_pair){{common[one].rank[0], common[two].rank[0]},
						       {common[one].run[0], common[two].run[0]}};
	}
}

/* Let the first level's entries stand for two tokens where a window holds two. */
static void pairs_make(struct maker *maker)
{
	struct pair_slot slots[PAIR_SLOTS] = {{0}}, *slot;
	uint16_t singles[NG_FIRST_ENTRIES];

	memcpy(singles, maker->table->first, sizeof(singles));
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < NG_FIRST_ENTRIES; i++) {
			unsigned one = singles[i];
			unsigned two = second_entry(singles, one, i % (1u << NG_FIRST_BITS));

			slot = two ? pair_find(slots, one >> 6, two >> 6) : NULL;
			if (!slot)
				continue;
			if (pass == 0) {
				slot->one = (uint16_t)(one >> 6);
				slot->two = (uint16_t)(two >> 6);
				slot->windows++;
			} else if (slot->windows && slot->place != NG_COMMON) {
				maker->table->first[i] =
					(uint16_t)((one & 63) + (two & 63) + (slot->place << 6));
			}
		}
		if (pass == 0)
			pairs_choose(maker, slots);
	}
}

static int table_make(struct maker *maker)
{
	struct ng_token_table *table = maker->table;
	int r = 0;

	memset(table, 0, sizeof(*table));
	common_choose(maker);
	for (unsigned c = 0; r == 0 && c < NG_CONTEXTS; c++)
		r = context_make(maker, maker->lengths->bits[c],
				 table->first + (c << NG_FIRST_BITS),
				 table->links + (c << NG_FIRST_BITS));
	if (r == 0)
		pairs_make(maker);
	return r;
}

int ng_token_tables_open(const uint8_t *data, size_t bytes, struct ng_token_tables *ret_tables)
{
	ng_cleanup(ng_freep) struct ng_code_lengths *lengths = NULL;
	ng_cleanup(maker_clear) struct maker maker = {0};
	unsigned n_tables;
	size_t raw, lengths_bytes;
	uint32_t unused;
	int r;

	if (bytes < 8 || data[0] < 1 || data[0] > NG_MAX_TABLES)
		return -EUCLEAN;
	n_tables = data[0];
	lengths_bytes = n_tables * sizeof(*lengths);
	lengths = malloc(lengths_bytes);
	maker.out.table = aligned_alloc(64, n_tables * sizeof(*maker.out.table));
	if (!lengths || !maker.out.table)
		return -ENOMEM;
	raw = ZSTD_decompress(lengths, lengths_bytes, data + 8, bytes - 8);
	if (ZSTD_isError(raw) || raw != lengths_bytes)
		return -EUCLEAN;
	/* Place 0 of the second level, which links are zeroed to, is an unused entry. */
	r = second_add(&maker, 0, &unused);
	for (unsigned t = 0; r == 0 && t < n_tables; t++) {
		maker.lengths = &lengths[t];
		maker.table = &maker.out.table[t];
		r = table_make(&maker);
	}
	if (r < 0)
		return r;
	maker.out.n_tables = n_tables;
	*ret_tables = maker.out;
	maker.out = (struct ng_token_tables){0};
	return 0;
}

void ng_token_tables_clear(struct ng_token_tables *tables)
{
	free(tables->table);
	free(tables->second);
	*tables = (struct ng_token_tables){0};
}
