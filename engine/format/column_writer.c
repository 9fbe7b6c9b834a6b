/* SPDX-License-Identifier: Apache-2.0 */
#include "format/column_writer.h"

#include <assert.h>
#include <zstd.h>

#include "format/meta_fields.h"

#define TABLE_LEVEL 19

/* Numbers in more bytes each. */
static int ids_widen(struct ng_column_writer *column, unsigned id_bytes)
{
	struct ng_buf wide = NG_BUF_INIT;
	size_t n;
	int r;

	assert(column->id_bytes > 0 && id_bytes > column->id_bytes);
	n = column->ids.len / column->id_bytes;
	r = ng_buf_zero(&wide, n * id_bytes);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		memcpy(wide.data + i * id_bytes, column->ids.data + i * column->id_bytes,
		       column->id_bytes);
	ng_buf_free(&column->ids);
	column->ids = wide;
	column->id_bytes = id_bytes;
	return 0;
}

int ng_column_writer_put(struct ng_column_writer *column, uint64_t doc, uint32_t number)
{
	uint32_t id = number + 1;
	unsigned need = id >> 16 ? 4 : id >> 8 ? 2 : 1;
	int r = need > column->id_bytes ? ids_widen(column, need) : 0;

	/* Documents in between have none. */
	if (r == 0)
		r = ng_buf_zero(&column->ids, doc * column->id_bytes - column->ids.len);
	if (r == 0)
		r = ng_buf_append(&column->ids, &id, column->id_bytes);
	column->with += r == 0;
	return r;
}

static uint32_t id_get(const struct ng_column_writer *column, uint64_t doc)
{
	uint32_t id = 0;

	if (doc < column->ids.len / column->id_bytes)
		memcpy(&id, column->ids.data + doc * column->id_bytes, column->id_bytes);
	return id;
}

static int by_bytes(const void *pa, const void *pb, void *userdata)
{
	const struct ng_dictionary *values = userdata;
	size_t a_len, b_len;
	const uint8_t *a = ng_dictionary_get(values, *(const uint32_t *)pa, &a_len);
	const uint8_t *b = ng_dictionary_get(values, *(const uint32_t *)pb, &b_len);

	return ng_bytes_compare(a, a_len, b, b_len);
}

/* Append the compressed table; what each number becomes is in *ret_orders, [n + 1], by the number
 * as it is kept. */
static int table_write(struct ng_column_writer *column, struct ng_buf *buf,
		       struct ng_facet_header *header, uint32_t **ret_orders)
{
	struct ng_dictionary *values = &column->values;
	ng_cleanup(ng_buf_free) struct ng_buf table = NG_BUF_INIT;
	ng_cleanup(ng_freep) uint32_t *orders = calloc(values->n + 1ull, sizeof(*orders));
	ng_cleanup(ng_freep) uint32_t *sorted = calloc(values->n + 1ull, sizeof(*sorted));
	size_t bound, frame, len;
	int r = 0;

	if (!orders || !sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < values->n; i++)
		sorted[i] = i;
	qsort_r(sorted, values->n, sizeof(*sorted), by_bytes, values);
	orders[0] = values->n;
	for (uint32_t i = 0; r == 0 && i < values->n; i++) {
		uint32_t bytes;

		orders[sorted[i] + 1] = i;
		ng_dictionary_get(values, sorted[i], &len);
		bytes = (uint32_t)len;
		r = ng_buf_append(&table, &bytes, sizeof(bytes));
	}
	for (uint32_t i = 0; r == 0 && i < values->n; i++) {
		const uint8_t *value = ng_dictionary_get(values, sorted[i], &len);

		r = ng_buf_append(&table, value, len);
	}
	bound = ZSTD_compressBound(table.len);
	if (r == 0)
		r = ng_buf_reserve(buf, bound);
	if (r < 0)
		return r;
	frame = ZSTD_compress(buf->data + buf->len, bound, table.data, table.len, TABLE_LEVEL);
	if (ZSTD_isError(frame))
		return -ENOMEM;
	buf->len += frame;
	header->table_bytes = (uint32_t)table.len;
	header->frame_bytes = (uint32_t)frame;
	*ret_orders = ng_steal_ptr(&orders);
	return 0;
}

static int ids_write(const struct ng_column_writer *column, uint64_t docs, const uint32_t *orders,
		     unsigned width, struct ng_buf *buf)
{
	uint64_t word = 0, value;
	unsigned have = 0;
	int r = ng_buf_reserve(buf, ng_div_up(docs * width, 64) * 8);

	for (uint64_t doc = 0; r == 0 && width && doc < docs; doc++) {
		value = orders[id_get(column, doc)];
		word |= value << have;
		have += width;
		if (have < 64)
			continue;
		r = ng_buf_append(buf, &word, 8);
		have -= 64;
		word = have ? value >> (width - have) : 0;
	}
	return r == 0 && have ? ng_buf_append(buf, &word, 8) : r;
}

int ng_column_writer_write(struct ng_column_writer *column, uint64_t docs,
			   struct ng_facet_header *header, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) uint32_t *orders = NULL;
	uint32_t n = column->values.n;
	int r;

	header->values = n;
	/* Without a document that has none, there need be no number for that. */
	header->width = ng_bits(column->with < docs ? n : n - 1);
	r = table_write(column, buf, header, &orders);
	if (r == 0)
		r = ng_buf_zero(buf, ng_align_up(buf->len, 8) - buf->len);
	return r < 0 ? r : ids_write(column, docs, orders, header->width, buf);
}

void ng_column_writer_clear(struct ng_column_writer *column)
{
	ng_dictionary_clear(&column->values);
	ng_buf_free(&column->ids);
	*column = NG_COLUMN_WRITER_INIT;
}
