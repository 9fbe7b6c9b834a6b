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

int ng_frequent_open(const uint8_t *data, size_t bytes, uint64_t rows,
		     struct ng_frequent *ret_frequent)
{
	struct ng_frequent frequent = {.rows = rows};

	if (bytes < HEAD_BYTES)
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
		      unsigned width)
{
	uint64_t bit = (uint64_t)node * (2 * frequent->row_width + frequent->node_width) + at;

	return ng_load64(frequent->records + (bit >> 3)) >> (bit & 7) & ((1ull << width) - 1);
}

static uint32_t child_of(const struct ng_frequent *frequent, uint32_t node)
{
	return (uint32_t)field(frequent, node, 2 * frequent->row_width, frequent->node_width);
}

struct ng_frequent_node ng_frequent_node(const struct ng_frequent *frequent, uint32_t i)
{
	return (struct ng_frequent_node){
		.byte = i < frequent->n ? frequent->bytes[i] : 0,
		.row = field(frequent, i, 0, frequent->row_width),
		.count = field(frequent, i, frequent->row_width, frequent->row_width),
		.child = child_of(frequent, i),
	};
}

/* The node of [begin, end) that puts byte in front; false where there is none. */
static bool node_find(const struct ng_frequent *frequent, uint32_t begin, uint32_t end,
		      uint8_t byte, uint32_t *ret_node)
{
	const uint8_t *at;

	if (begin >= end || end > frequent->n)
		return false;
	at = memchr(frequent->bytes + begin, byte, end - begin);
	if (!at)
		return false;
	*ret_node = (uint32_t)(at - frequent->bytes);
	return true;
}

bool ng_frequent_child(const struct ng_frequent *frequent, uint32_t node, uint8_t byte,
		       uint32_t *ret_child)
{
	if (node == NG_FREQUENT_ROOT)
		return node_find(frequent, 0, frequent->n_first, byte, ret_child);
	return node_find(frequent, child_of(frequent, node), child_of(frequent, node + 1), byte,
			 ret_child);
}

bool ng_frequent_rows(const struct ng_frequent *frequent, uint32_t node, uint64_t *ret_lo,
		      uint64_t *ret_hi)
{
	uint64_t lo = field(frequent, node, 0, frequent->row_width);
	uint64_t count = field(frequent, node, frequent->row_width, frequent->row_width);

	if (lo > frequent->rows || count > frequent->rows - lo)
		return false;
	*ret_lo = lo;
	*ret_hi = lo + count;
	return true;
}

size_t ng_frequent_find(const struct ng_frequent *frequent, const uint8_t *pat, size_t len,
			uint64_t *ret_lo, uint64_t *ret_hi)
{
	uint32_t begin = 0, end = frequent->n_first, node = 0;
	size_t found = 0;

	while (found < len && node_find(frequent, begin, end, pat[len - found - 1], &node)) {
		found++;
		begin = child_of(frequent, node);
		end = child_of(frequent, node + 1);
	}
	return found && ng_frequent_rows(frequent, node, ret_lo, ret_hi) ? found : 0;
}
