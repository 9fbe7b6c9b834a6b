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

/* An entry for code space that no token uses: it is met only in damaged streams, where any
 * progress will do. */
#define UNUSED_ENTRY (1u | 1u << 23)

struct second_level {
	uint32_t *entries;
	size_t len, cap;
};

/* Room for the second level of one first-level prefix; *ret_at in entries. */
static int second_level_add(struct second_level *second, unsigned width, size_t *ret_at)
{
	size_t size = ng_max(1u << width, 4u);

	if ((second->len + size) / 4 > 0x1ffff)
		return -EUCLEAN;
	if (second->len + size > second->cap) {
		size_t cap = ng_max(2 * second->cap, (size_t)4096);
		uint32_t *grown = realloc(second->entries, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		second->entries = grown;
		second->cap = cap;
	}
	*ret_at = second->len;
	for (size_t i = 0; i < size; i++)
		second->entries[second->len++] = UNUSED_ENTRY;
	return 0;
}

static uint32_t entry_of_id(unsigned id, unsigned length)
{
	if (id == NG_TOKEN_ESCAPE)
		return NG_ENTRY_SPECIAL | length;
	return ng_entry_make(length, id / NG_RUN_CLASSES, id % NG_RUN_CLASSES);
}

static int context_table_make(const uint8_t *bits, uint32_t *first, struct second_level *second)
{
	uint16_t codes[NG_TOKEN_IDS];
	uint8_t width[1 << NG_FIRST_BITS] = {0};
	size_t at[1 << NG_FIRST_BITS];
	int r = ng_codes_assign(bits, codes);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < 1u << NG_FIRST_BITS; i++)
		first[i] = UNUSED_ENTRY;
	/* The escape is a second-level entry whatever its length, so that the first level's special
	 * bit has one meaning. */
	for (unsigned id = 0; id < NG_TOKEN_IDS; id++) {
		unsigned beyond, prefix;

		if (!bits[id] || (bits[id] <= NG_FIRST_BITS && id != NG_TOKEN_ESCAPE))
			continue;
		if (bits[id] <= NG_FIRST_BITS)
			continue;
		beyond = bits[id] - NG_FIRST_BITS;
		prefix = codes[id] >> beyond;
		width[prefix] = (uint8_t)ng_max(width[prefix], beyond);
	}
	for (unsigned prefix = 0; prefix < 1u << NG_FIRST_BITS; prefix++) {
		if (!width[prefix])
			continue;
		r = second_level_add(second, width[prefix], &at[prefix]);
		if (r < 0)
			return r;
		first[prefix] = NG_ENTRY_SPECIAL | width[prefix] | (uint32_t)(at[prefix] / 4) << 14;
	}
	for (unsigned id = 0; id < NG_TOKEN_IDS; id++) {
		uint32_t entry = entry_of_id(id, bits[id]);
		unsigned span, start;

		if (!bits[id])
			continue;
		if (bits[id] > NG_FIRST_BITS) {
			unsigned beyond = bits[id] - NG_FIRST_BITS, prefix = codes[id] >> beyond;

			span = 1u << (width[prefix] - beyond);
			start = (codes[id] & ((1u << beyond) - 1)) * span;
			for (unsigned i = 0; i < span; i++)
				second->entries[at[prefix] + start + i] = entry;
			continue;
		}
		span = 1u << (NG_FIRST_BITS - bits[id]);
		start = codes[id] * span;
		if (id == NG_TOKEN_ESCAPE) {
			size_t one;

			r = second_level_add(second, 0, &one);
			if (r < 0)
				return r;
			second->entries[one] = entry;
			entry = NG_ENTRY_SPECIAL | (uint32_t)(one / 4) << 14;
		}
		for (unsigned i = 0; i < span; i++)
			first[start + i] = entry;
	}
	return 0;
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

int ng_token_tables_open(const uint8_t *data, size_t bytes, struct ng_token_tables *ret_tables)
{
	ng_cleanup(ng_freep) struct ng_code_lengths *lengths = NULL;
	ng_cleanup(ng_freep) uint32_t *first = NULL;
	struct second_level second = {0};
	unsigned n_tables;
	size_t r;
	int e;

	if (bytes < 8 || data[0] < 1 || data[0] > NG_MAX_TABLES)
		return -EUCLEAN;
	n_tables = data[0];
	lengths = malloc(LENGTHS_BYTES(n_tables));
	first = calloc((size_t)n_tables * NG_TABLE_STRIDE, sizeof(*first));
	if (!lengths || !first)
		return -ENOMEM;
	r = ZSTD_decompress(lengths, LENGTHS_BYTES(n_tables), data + 8, bytes - 8);
	if (ZSTD_isError(r) || r != LENGTHS_BYTES(n_tables))
		return -EUCLEAN;
	for (size_t i = 0; i < (size_t)n_tables * NG_TABLE_STRIDE; i++)
		first[i] = UNUSED_ENTRY;
	for (unsigned t = 0; t < n_tables; t++) {
		for (unsigned c = 0; c < NG_CONTEXTS; c++) {
			e = context_table_make(lengths[t].bits[c],
					       first + (size_t)t * NG_TABLE_STRIDE +
						       ((size_t)c << NG_FIRST_BITS),
					       &second);
			if (e < 0) {
				free(second.entries);
				return e;
			}
		}
	}
	ret_tables->n_tables = n_tables;
	ret_tables->first = ng_steal_ptr(&first);
	ret_tables->second = second.entries;
	return 0;
}

void ng_token_tables_clear(struct ng_token_tables *tables)
{
	free(tables->first);
	free(tables->second);
	*tables = (struct ng_token_tables){0};
}
