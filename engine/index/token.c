#include "index/token.h"

#include <zstd.h>

const uint8_t ng_run_class_length[NG_RUN_CLASSES] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 128};

struct leaf {
	uint64_t count;
	unsigned id;
};

static int leaf_compare(const void *pa, const void *pb)
{
	const struct leaf *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return a->id < b->id ? -1 : 1;
}

/* Package-merge: a list a level, each the merge of the leaves with the pairs of the list below.
 * Only which items are leaves has to be kept: taking the first k items of a list takes its first
 * a leaves, and the first 2 (k - a) items of the list below. */
static int package_merge(const struct leaf *leaves, unsigned n, uint8_t *ret_bits)
{
	unsigned width = 2 * n;
	ng_cleanup(ng_freep) uint64_t *lists = malloc(2 * width * sizeof(*lists));
	ng_cleanup(ng_freep) uint8_t *is_leaf = malloc((size_t)NG_CODE_BITS * width);
	unsigned sizes[NG_CODE_BITS];
	uint64_t *below, *list;
	unsigned take;

	if (!lists || !is_leaf)
		return -ENOMEM;
	below = lists;
	list = lists + width;
	for (unsigned level = 0; level < NG_CODE_BITS; level++) {
		unsigned pairs = level ? sizes[level - 1] / 2 : 0, p = 0, l = 0, k = 0;
		uint64_t *swap;

		while (l < n || p < pairs) {
			uint64_t pair = p < pairs ? below[2 * p] + below[2 * p + 1] : UINT64_MAX;
			bool leaf = l < n && leaves[l].count <= pair;

			is_leaf[(size_t)level * width + k] = leaf;
			list[k++] = leaf ? leaves[l++].count : pair;
			p += !leaf;
		}
		sizes[level] = k;
		swap = below;
		below = list;
		list = swap;
	}
	take = 2 * n - 2;
	for (unsigned level = NG_CODE_BITS; level-- > 0 && take;) {
		unsigned taken = 0;

		for (unsigned k = 0; k < take; k++)
			taken += is_leaf[(size_t)level * width + k];
		for (unsigned l = 0; l < taken; l++)
			ret_bits[leaves[l].id]++;
		take = 2 * (take - taken);
	}
	return 0;
}

int ng_code_lengths_make(const uint64_t *counts, unsigned n, uint8_t *ret_bits)
{
	ng_cleanup(ng_freep) struct leaf *leaves = malloc((n + 1) * sizeof(*leaves));
	unsigned used = 0;

	if (!leaves)
		return -ENOMEM;
	memset(ret_bits, 0, n);
	for (unsigned id = 0; id < n; id++)
		if (counts[id])
			leaves[used++] = (struct leaf){counts[id], id};
	if (used == 0)
		return 0;
	if (used == 1) {
		ret_bits[leaves[0].id] = 1;
		return 0;
	}
	qsort(leaves, used, sizeof(*leaves), leaf_compare);
	return package_merge(leaves, used, ret_bits);
}

int ng_codes_assign(const uint8_t *bits, uint16_t *ret_codes)
{
	unsigned of_length[NG_CODE_BITS + 1] = {0}, next[NG_CODE_BITS + 1];
	unsigned code = 0;

	for (unsigned id = 0; id < NG_TOKEN_IDS; id++) {
		if (bits[id] > NG_CODE_BITS)
			return -EUCLEAN;
		of_length[bits[id]]++;
	}
	of_length[0] = 0;
	for (unsigned length = 1; length <= NG_CODE_BITS; length++) {
		code = (code + of_length[length - 1]) << 1;
		next[length] = code;
		if (code + of_length[length] > 1u << length)
			return -EUCLEAN;
	}
	for (unsigned id = 0; id < NG_TOKEN_IDS; id++)
		if (bits[id])
			ret_codes[id] = (uint16_t)next[bits[id]]++;
	return 0;
}

/* What code space that no token uses stands for: it is met only in damaged streams, where any
 * progress will do. */
#define UNUSED_ENTRY (1u | 1u << 23)

/* The tables while they are made. */
struct maker {
	const struct ng_code_lengths *lengths;
	unsigned n_tables;
	struct ng_token_tables out;
	size_t second_len, second_cap;
	uint16_t common_at[NG_TOKEN_IDS]; /* place among the common ones; NG_COMMON: none */
};

static void maker_clear(struct maker *maker)
{
	ng_token_tables_clear(&maker->out);
}

static bool has_short_code(const struct maker *maker, unsigned id, unsigned length)
{
	for (unsigned t = 0; t < maker->n_tables; t++)
		for (unsigned c = 0; c < NG_CONTEXTS; c++)
			if (maker->lengths[t].bits[c][id] == length)
				return true;
	return false;
}

/* The common tokens: those with the shortest code in any context, as far as a first-level code
 * goes and as many as there are places for a token that leaves this context. */
static void common_choose(struct maker *maker)
{
	unsigned n[NG_CONTEXTS] = {0};

	for (unsigned i = 0; i < NG_COMMON; i++)
		maker->out.common[i] = (struct ng_token){0, 1};
	for (unsigned id = 0; id < NG_TOKEN_IDS; id++)
		maker->common_at[id] = NG_COMMON;
	for (unsigned length = 1; length <= NG_FIRST_BITS; length++) {
		for (unsigned id = 0; id < NG_TOKENS; id++) {
			unsigned rank = id / NG_RUN_CLASSES, run_class = id % NG_RUN_CLASSES;
			unsigned context = ng_token_context(rank, run_class), at;

			if (maker->common_at[id] != NG_COMMON ||
			    n[context] == NG_COMMON / NG_CONTEXTS ||
			    !has_short_code(maker, id, length))
				continue;
			/* The context is bits 4-6 of the place. */
			at = (n[context] & 15) | context << 4 | n[context] >> 4 << 7;
			n[context]++;
			maker->common_at[id] = (uint16_t)at;
			maker->out.common[at].rank = (uint16_t)rank;
			maker->out.common[at].run = ng_run_class_length[run_class];
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
	uint16_t codes[NG_TOKEN_IDS];
	uint8_t width[1 << NG_FIRST_BITS] = {0};
	int r = ng_codes_assign(bits, codes);

	if (r < 0)
		return r;
	for (unsigned id = 0; id < NG_TOKEN_IDS; id++) {
		unsigned beyond = bits[id] - NG_FIRST_BITS;

		if (bits[id] > NG_FIRST_BITS)
			width[codes[id] >> beyond] =
				(uint8_t)ng_max(width[codes[id] >> beyond], beyond);
	}
	for (unsigned prefix = 0; r == 0 && prefix < 1u << NG_FIRST_BITS; prefix++)
		if (width[prefix])
			r = second_add(maker, width[prefix], &links[prefix]);
	for (unsigned id = 0; r == 0 && id < NG_TOKEN_IDS; id++) {
		if (bits[id] && is_short(maker, id, bits[id]))
			short_put(maker, id, bits[id], codes[id], first);
		else if (bits[id])
			r = long_put(maker, id, bits[id], codes[id], width, links);
	}
	return r;
}

#define LENGTHS_BYTES(n) ((size_t)(n) * sizeof(struct ng_code_lengths))

int ng_code_lengths_write(const struct ng_code_lengths *lengths, unsigned n_tables,
			  struct ng_buf *buf)
{
	size_t raw = LENGTHS_BYTES(n_tables), bound = ZSTD_compressBound(raw), r;
	uint8_t head[8] = {(uint8_t)n_tables};
	int e = ng_buf_append(buf, head, sizeof(head));

	if (e == 0)
		e = ng_buf_reserve(buf, bound);
	if (e < 0)
		return e;
	r = ZSTD_compress(buf->data + buf->len, bound, lengths, raw, 19);
	if (ZSTD_isError(r))
		return -ENOMEM;
	buf->len += r;
	return 0;
}

static int tables_make(struct maker *maker)
{
	size_t entries = (size_t)maker->n_tables * NG_TABLE_STRIDE;
	uint32_t unused;
	int r;

	maker->out.n_tables = maker->n_tables;
	/* No row across more cache lines than it must. */
	maker->out.first = aligned_alloc(64, entries * sizeof(*maker->out.first));
	maker->out.links = calloc(entries, sizeof(*maker->out.links));
	if (!maker->out.first || !maker->out.links)
		return -ENOMEM;
	memset(maker->out.first, 0, entries * sizeof(*maker->out.first));
	/* Place 0 of the second level, which links are zeroed to, is an unused entry. */
	r = second_add(maker, 0, &unused);
	common_choose(maker);
	for (size_t row = 0; r == 0 && row < (size_t)maker->n_tables * NG_CONTEXTS; row++)
		r = context_make(maker, maker->lengths[row / NG_CONTEXTS].bits[row % NG_CONTEXTS],
				 maker->out.first + (row << NG_FIRST_BITS),
				 maker->out.links + (row << NG_FIRST_BITS));
	return r;
}

int ng_token_tables_open(const uint8_t *data, size_t bytes, struct ng_token_tables *ret_tables)
{
	ng_cleanup(ng_freep) struct ng_code_lengths *lengths = NULL;
	ng_cleanup(maker_clear) struct maker maker = {0};
	size_t raw;
	int r;

	if (bytes < 8 || data[0] < 1 || data[0] > NG_MAX_TABLES)
		return -EUCLEAN;
	maker.n_tables = data[0];
	lengths = malloc(LENGTHS_BYTES(maker.n_tables));
	if (!lengths)
		return -ENOMEM;
	raw = ZSTD_decompress(lengths, LENGTHS_BYTES(maker.n_tables), data + 8, bytes - 8);
	if (ZSTD_isError(raw) || raw != LENGTHS_BYTES(maker.n_tables))
		return -EUCLEAN;
	maker.lengths = lengths;
	r = tables_make(&maker);
	if (r < 0)
		return r;
	*ret_tables = maker.out;
	maker.out = (struct ng_token_tables){0};
	return 0;
}

void ng_token_tables_clear(struct ng_token_tables *tables)
{
	free(tables->first);
	free(tables->links);
	free(tables->second);
	*tables = (struct ng_token_tables){0};
}
