#include "format/kmers.h"

#define HEAD_BYTES 16u

static int by_last(const void *pa, const void *pb)
{
	const struct ng_kmer *a = pa, *b = pb;

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

int ng_kmers_write(struct ng_kmer *kmers, size_t n, uint64_t rows, struct ng_buf *buf)
{
	unsigned row_width = ng_bits(rows), node_width = ng_bits(n);
	unsigned record = 2 * row_width + node_width;
	size_t bytes_at = buf->len + HEAD_BYTES, records_at, child = 0;
	uint32_t head[HEAD_BYTES / 4] = {(uint32_t)n, 0, row_width, node_width};
	int r;

	qsort(kmers, n, sizeof(*kmers), by_last);
	while (head[1] < n && kmers[head[1]].len == 1)
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
		const struct ng_kmer *k = &kmers[i];

		put_bits(buf->data + records_at, bit + 2 * row_width, child, node_width);
		if (i == n)
			break;
		buf->data[bytes_at + i] = k->last[k->len - 1];
		put_bits(buf->data + records_at, bit, k->row, row_width);
		put_bits(buf->data + records_at, bit + row_width, k->count, row_width);
		/* Parents come in the order of their children. */
		while (child < n && kmers[child].len == k->len + 1 &&
		       memcmp(kmers[child].last, k->last, k->len) == 0)
			child++;
	}
	return 0;
}

int ng_kmers_open(const uint8_t *data, size_t bytes, uint64_t rows, struct ng_kmers *ret_kmers)
{
	struct ng_kmers kmers = {.rows = rows};

	if (bytes < HEAD_BYTES)
		return -EUCLEAN;
	kmers.n = ng_load32(data);
	kmers.n_first = ng_load32(data + 4);
	kmers.row_width = ng_load32(data + 8);
	kmers.node_width = ng_load32(data + 12);
	if (kmers.n_first > kmers.n || kmers.n > 1u << 30 || kmers.row_width > 40 ||
	    kmers.node_width > 32 ||
	    bytes - HEAD_BYTES <
		    ng_align_up(kmers.n, 8) +
			    ((kmers.n + 1ull) * (2 * kmers.row_width + kmers.node_width) + 7) / 8)
		return -EUCLEAN;
	kmers.bytes = data + HEAD_BYTES;
	kmers.records = kmers.bytes + ng_align_up(kmers.n, 8);
	*ret_kmers = kmers;
	return 0;
}

static uint64_t field(const struct ng_kmers *kmers, uint32_t node, unsigned at, unsigned width)
{
	uint64_t bit = (uint64_t)node * (2 * kmers->row_width + kmers->node_width) + at;

	return ng_load64(kmers->records + (bit >> 3)) >> (bit & 7) & ((1ull << width) - 1);
}

static uint32_t child_of(const struct ng_kmers *kmers, uint32_t node)
{
	return (uint32_t)field(kmers, node, 2 * kmers->row_width, kmers->node_width);
}

struct ng_kmer_node ng_kmers_node(const struct ng_kmers *kmers, uint32_t i)
{
	return (struct ng_kmer_node){
		.byte = i < kmers->n ? kmers->bytes[i] : 0,
		.row = field(kmers, i, 0, kmers->row_width),
		.count = field(kmers, i, kmers->row_width, kmers->row_width),
		.child = child_of(kmers, i),
	};
}

/* The node of [begin, end) that puts byte in front; false where there is none. */
static bool node_find(const struct ng_kmers *kmers, uint32_t begin, uint32_t end, uint8_t byte,
		      uint32_t *ret_node)
{
	const uint8_t *at;

	if (begin >= end || end > kmers->n)
		return false;
	at = memchr(kmers->bytes + begin, byte, end - begin);
	if (!at)
		return false;
	*ret_node = (uint32_t)(at - kmers->bytes);
	return true;
}

bool ng_kmers_child(const struct ng_kmers *kmers, uint32_t node, uint8_t byte, uint32_t *ret_child)
{
	if (node == NG_KMERS_ROOT)
		return node_find(kmers, 0, kmers->n_first, byte, ret_child);
	return node_find(kmers, child_of(kmers, node), child_of(kmers, node + 1), byte, ret_child);
}

bool ng_kmers_rows(const struct ng_kmers *kmers, uint32_t node, uint64_t *ret_lo, uint64_t *ret_hi)
{
	uint64_t lo = field(kmers, node, 0, kmers->row_width);
	uint64_t count = field(kmers, node, kmers->row_width, kmers->row_width);

	if (lo > kmers->rows || count > kmers->rows - lo)
		return false;
	*ret_lo = lo;
	*ret_hi = lo + count;
	return true;
}

size_t ng_kmers_find(const struct ng_kmers *kmers, const uint8_t *pat, size_t len, uint64_t *ret_lo,
		     uint64_t *ret_hi)
{
	uint32_t begin = 0, end = kmers->n_first, node = 0;
	size_t found = 0;

	while (found < len && node_find(kmers, begin, end, pat[len - found - 1], &node)) {
		found++;
		begin = child_of(kmers, node);
		end = child_of(kmers, node + 1);
	}
	return found && ng_kmers_rows(kmers, node, ret_lo, ret_hi) ? found : 0;
}
