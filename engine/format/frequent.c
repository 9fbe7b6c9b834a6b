/* SPDX-License-Identifier: Apache-2.0 */
#include "format/frequent.h"

#define HEAD_BYTES 16u

static int by_last(const void *pa, const void *pb)
{
	const struct ng_frequent_pattern *a = pa, *b = pb;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->last, b->last, sizeof(a->last));
}

static void put_bits(uint8_t *base, uint64_t bit, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		if (value >> i & 1)
			base[(bit + i) >> 3] |= (uint8_t)(1u << ((bit + i) & 7));
}

int ng_frequent_write(struct ng_frequent_pattern *patterns, size_t n, uint64_t rows,
		      struct ng_buf *buf)
{
	unsigned row_width = ng_bits(rows), node_width = ng_bits(n);
	unsigned record = 2 * row_width + node_width;
	size_t bytes_at = buf->len + HEAD_BYTES, records_at, child = 0;
	uint32_t head[HEAD_BYTES / 4] = {(uint32_t)n, 0, row_width, node_width};
	int r;

	qsort(patterns, n, sizeof(*patterns), by_last);
	while (head[1] < n && patterns[head[1]].len == 1)
		head[1]++;
	r = ng_buf_append(buf, head, sizeof(head));
	if (r == 0)
		r = ng_buf_zero(buf, ng_align_up(n, 8) + ((n + 1) * record + 7) / 8);
	if (r < 0)
		return r;
	records_at = bytes_at + ng_align_up(n, 8);
	child = head[1];
	for (size_t i = 0; i <= n; i++) {
		uint64_t bit = (uint64_t)i * record;
		const struct ng_frequent_pattern *k = &patterns[i];

		put_bits(buf->data + records_at, bit + 2 * row_width, child, node_width);
		if (i == n)
			break;
		buf->data[bytes_at + i] = k->last[k->len - 1];
		put_bits(buf->data + records_at, bit, k->row, row_width);
		put_bits(buf->data + records_at, bit + row_width, k->count, row_width);
		/* Parents come in the order of their children. */
		while (child < n && patterns[child].len == k->len + 1 &&
		       memcmp(patterns[child].last, k->last, k->len) == 0)
			child++;
	}
	return 0;
}

int ng_frequent_open(const struct ng_pages *pages, const uint8_t *data, size_t bytes, uint64_t rows,
		     struct ng_frequent *ret_frequent)
{
	struct ng_frequent frequent = {.rows = rows, .pages = pages};

	if (bytes < HEAD_BYTES || !ng_pages_ok(pages, data, HEAD_BYTES))
		return -EUCLEAN;
	frequent.n = ng_load32(data);
	frequent.n_first = ng_load32(data + 4);
	frequent.row_width = ng_load32(data + 8);
	frequent.node_width = ng_load32(data + 12);
	if (frequent.n_first > frequent.n || frequent.n > 1u << 30 || frequent.row_width > 40 ||
	    frequent.node_width > 32 ||
	    bytes - HEAD_BYTES <
		    ng_align_up(frequent.n, 8) +
			    ((frequent.n + 1ull) * (2 * frequent.row_width + frequent.node_width) +
			     7) / 8)
		return -EUCLEAN;
	frequent.bytes = data + HEAD_BYTES;
	frequent.records = frequent.bytes + ng_align_up(frequent.n, 8);
	*ret_frequent = frequent;
	return 0;
}

static uint64_t field(const struct ng_frequent *frequent, uint32_t node, unsigned at,
		      unsigned width, bool *damaged)
{
	uint64_t bit = (uint64_t)node * (2 * frequent->row_width + frequent->node_width) + at;
	const uint8_t *from = frequent->records + (bit >> 3);

	if (!ng_pages_ok(frequent->pages, from, sizeof(uint64_t))) {
		*damaged = true;
		return 0;
	}
	return ng_load64(from) >> (bit & 7) & ((1ull << width) - 1);
}

static uint32_t child_of(const struct ng_frequent *frequent, uint32_t node, bool *damaged)
{
	return (uint32_t)field(frequent, node, 2 * frequent->row_width, frequent->node_width,
			       damaged);
}

struct ng_frequent_node ng_frequent_node(const struct ng_frequent *frequent, uint32_t i,
					 bool *damaged)
{
	bool has_byte = i < frequent->n;

	if (has_byte && !ng_pages_ok(frequent->pages, frequent->bytes + i, 1)) {
		*damaged = true;
		has_byte = false;
	}
	return (struct ng_frequent_node){
		.byte = has_byte ? frequent->bytes[i] : 0,
		.row = field(frequent, i, 0, frequent->row_width, damaged),
		.count = field(frequent, i, frequent->row_width, frequent->row_width, damaged),
		.child = child_of(frequent, i, damaged),
	};
}

/* The node of [begin, end) that puts byte in front; false where there is none. */
static bool node_find(const struct ng_frequent *frequent, uint32_t begin, uint32_t end,
		      uint8_t byte, uint32_t *ret_node, bool *damaged)
{
	const uint8_t *at;

	if (begin >= end || end > frequent->n)
		return false;
	if (!ng_pages_ok(frequent->pages, frequent->bytes + begin, end - begin)) {
		*damaged = true;
		return false;
	}
	at = memchr(frequent->bytes + begin, byte, end - begin);
	if (!at)
		return false;
	*ret_node = (uint32_t)(at - frequent->bytes);
	return true;
}

bool ng_frequent_child(const struct ng_frequent *frequent, uint32_t node, uint8_t byte,
		       uint32_t *ret_child, bool *damaged)
{
	if (node == NG_FREQUENT_ROOT)
		return node_find(frequent, 0, frequent->n_first, byte, ret_child, damaged);
	return node_find(frequent, child_of(frequent, node, damaged),
			 child_of(frequent, node + 1, damaged), byte, ret_child, damaged);
}

bool ng_frequent_rows(const struct ng_frequent *frequent, uint32_t node, uint64_t *ret_lo,
		      uint64_t *ret_hi, bool *damaged)
{
	bool bad = false;
	uint64_t lo = field(frequent, node, 0, frequent->row_width, &bad);
	uint64_t count = field(frequent, node, frequent->row_width, frequent->row_width, &bad);

	if (bad || lo > frequent->rows || count > frequent->rows - lo) {
		*damaged = true;
		return false;
	}
	*ret_lo = lo;
	*ret_hi = lo + count;
	return true;
}

size_t ng_frequent_find(const struct ng_frequent *frequent, const uint8_t *pat, size_t len,
			uint64_t *ret_lo, uint64_t *ret_hi, bool *damaged)
{
	uint32_t begin = 0, end = frequent->n_first, node = 0;
	size_t found = 0;

	while (found < len &&
	       node_find(frequent, begin, end, pat[len - found - 1], &node, damaged)) {
		found++;
		begin = child_of(frequent, node, damaged);
		end = child_of(frequent, node + 1, damaged);
	}
	if (*damaged || !found || !ng_frequent_rows(frequent, node, ret_lo, ret_hi, damaged))
		return 0;
	return found;
}
