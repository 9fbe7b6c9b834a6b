/* SPDX-License-Identifier: Apache-2.0 */
#include "format/packed.h"

#include "format/shardfile.h"

/* u64 n, u32 width, u32 0, then the numbers. */
#define HEAD_BYTES 16u

int ng_packed_open(const struct ng_pages *pages, const uint8_t *data, size_t bytes,
		   struct ng_packed *ret_packed)
{
	uint64_t n;
	uint32_t width;

	if (bytes < HEAD_BYTES || !ng_pages_ok(pages, data, HEAD_BYTES))
		return -EUCLEAN;
	n = ng_load64(data);
	width = ng_load32(data + 8);
	if (width > 56 || (width && n > (bytes - HEAD_BYTES) * 8ull / width))
		return -EUCLEAN;
	*ret_packed = (struct ng_packed){data + HEAD_BYTES, n, width, pages};
	return 0;
}

int ng_packed_writer_begin(struct ng_packed_writer *writer, struct ng_shard_writer *shard,
			   uint64_t n, uint64_t largest, struct ng_error *err)
{
	uint8_t head[HEAD_BYTES] = {0};

	writer->shard = shard;
	writer->width = ng_bits(largest);
	writer->bits = 0;
	writer->have = writer->n_bytes = 0;
	ng_store64(head, n);
	ng_store32(head + 8, writer->width);
	return ng_shard_writer_write(shard, head, sizeof(head), err);
}

static int flush(struct ng_packed_writer *writer, struct ng_error *err)
{
	unsigned n = writer->n_bytes;

	writer->n_bytes = 0;
	return ng_shard_writer_write(writer->shard, writer->bytes, n, err);
}

int ng_packed_writer_put(struct ng_packed_writer *writer, uint64_t value, struct ng_error *err)
{
	writer->bits |= value << writer->have;
	writer->have += writer->width;
	while (writer->have >= 8) {
		writer->bytes[writer->n_bytes++] = (uint8_t)writer->bits;
		writer->bits >>= 8;
		writer->have -= 8;
	}
	if (writer->n_bytes > sizeof(writer->bytes) - 8)
		return flush(writer, err);
	return 0;
}

int ng_packed_writer_end(struct ng_packed_writer *writer, struct ng_error *err)
{
	if (writer->have)
		writer->bytes[writer->n_bytes++] = (uint8_t)writer->bits;
	return flush(writer, err);
}
