#include "bwt/token.h"

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

unsigned ng_codes_used(const uint8_t *bits, uint16_t *ret_ids)
{
	unsigned n = 0, id = 0;

	while (id < NG_TOKEN_IDS) {
		if (id + 8 <= NG_TOKEN_IDS && ng_load64(bits + id) == 0) {
			id += 8;
			continue;
		}
		if (bits[id])
			ret_ids[n++] = (uint16_t)id;
		id++;
	}
	return n;
}

int ng_codes_assign(const uint8_t *bits, uint16_t *ret_codes)
{
	unsigned of_length[NG_CODE_BITS + 1] = {0}, next[NG_CODE_BITS + 1];
	uint16_t ids[NG_TOKEN_IDS];
	unsigned n = ng_codes_used(bits, ids), code = 0;

	for (unsigned i = 0; i < n; i++) {
		if (bits[ids[i]] > NG_CODE_BITS)
			return -EUCLEAN;
		of_length[bits[ids[i]]]++;
	}
	for (unsigned length = 1; length <= NG_CODE_BITS; length++) {
		code = (code + of_length[length - 1]) << 1;
		next[length] = code;
		if (code + of_length[length] > 1u << length)
			return -EUCLEAN;
	}
	for (unsigned i = 0; i < n; i++)
		ret_codes[ids[i]] = (uint16_t)next[bits[ids[i]]]++;
	return 0;
}

int ng_code_lengths_write(const struct ng_code_lengths *lengths, unsigned n_tables,
			  struct ng_buf *buf)
{
	size_t raw = n_tables * sizeof(*lengths), bound = ZSTD_compressBound(raw), r;
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
