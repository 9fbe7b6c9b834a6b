/* SPDX-License-Identifier: Apache-2.0 */
#include "format/facets.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "format/meta_fields.h"

int ng_facets_open(const struct ng_pages *pages, const uint8_t *data, size_t bytes, uint64_t docs,
		   struct ng_facets *ret_facets)
{
	struct ng_facets_header header;

	if (bytes < sizeof(header) || !ng_pages_ok(pages, data, sizeof(header)))
		return -EUCLEAN;
	memcpy(&header, data, sizeof(header));
	if (header.n > NG_FACET_FIELDS_MAX || header.flags & ~NG_FACETS_OTHERS ||
	    bytes - sizeof(header) < (header.n + 1) * sizeof(uint64_t))
		return -EUCLEAN;
	*ret_facets = (struct ng_facets){.pages = pages,
					 .data = data,
					 .bytes = bytes,
					 .docs = docs,
					 .n = header.n,
					 .others = header.flags & NG_FACETS_OTHERS};
	return 0;
}

/* A piece of a field, and zeroes up to a multiple of 8. */
static bool piece_take(uint64_t *at, uint64_t end, uint64_t bytes)
{
	uint64_t whole = ng_align_up(bytes, 8);

	if (bytes > end - *at || whole > end - *at)
		return false;
	*at += whole;
	return true;
}

int ng_facets_field(const struct ng_facets *facets, uint32_t i, struct ng_facet_field *ret_field)
{
	const uint8_t *offsets = facets->data + sizeof(struct ng_facets_header) + 8ull * i;
	struct ng_facet_field field = {.facets = facets};
	struct ng_facet_header header;
	uint64_t at, end;

	if (!ng_pages_ok(facets->pages, offsets, 16))
		return -EUCLEAN;
	at = ng_load64(offsets);
	end = ng_load64(offsets + 8);
	if (at % 8 || end % 8 || end > facets->bytes || at > end || end - at < sizeof(header) ||
	    !ng_pages_ok(facets->pages, facets->data + at, sizeof(header)))
		return -EUCLEAN;
	memcpy(&header, facets->data + at, sizeof(header));
	at += sizeof(header);
	field.name = facets->data + at;
	field.name_bytes = header.name_bytes;
	field.prefix = header.prefix;
	if (header.name_bytes > NG_FACET_NAME_MAX || header.prefix > NG_FACET_PREFIX_MAX ||
	    !piece_take(&at, end, header.name_bytes) ||
	    (header.name_bytes && !ng_pages_ok(facets->pages, field.name, header.name_bytes)))
		return -EUCLEAN;
	field.has_column = header.values != NG_FACET_NO_COLUMN;
	if (!field.has_column && (header.width || header.table_bytes || header.frame_bytes))
		return -EUCLEAN;
	if (field.has_column) {
		field.values = header.values;
		field.width = header.width;
		field.table_bytes = header.table_bytes;
		field.frame_bytes = header.frame_bytes;
		field.frame = facets->data + at;
		if (header.values > NG_FACET_VALUES_MAX || header.width > 32 ||
		    header.table_bytes > NG_FACET_TABLE_MAX ||
		    header.table_bytes / 4 < header.values ||
		    !piece_take(&at, end, header.frame_bytes))
			return -EUCLEAN;
		field.ids = facets->data + at;
		field.ids_bytes = ng_div_up(facets->docs * header.width, 64) * 8;
		if (!piece_take(&at, end, field.ids_bytes))
			return -EUCLEAN;
	}
	if (at != end)
		return -EUCLEAN;
	*ret_field = field;
	return 0;
}

int ng_facets_find(const struct ng_facets *facets, const void *name, size_t len, uint32_t prefix,
		   struct ng_facet_field *ret_field)
{
	uint32_t lo = 0, hi = facets->n;

	while (lo < hi) {
		uint32_t middle = lo + (hi - lo) / 2;
		struct ng_facet_field field;
		int r = ng_facets_field(facets, middle, &field), order;

		if (r < 0)
			return r;
		order = ng_bytes_compare(field.name, field.name_bytes, name, len);
		if (order == 0)
			order = (field.prefix > prefix) - (field.prefix < prefix);
		if (order == 0) {
			*ret_field = field;
			return 1;
		}
		if (order < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return 0;
}

/* Where each value ends, out of the lengths that the table begins with. */
static int ends_make(struct ng_facet_column *column, size_t table_bytes)
{
	uint64_t at = 4ull * column->values;

	column->ends = calloc(column->values + 1ull, sizeof(*column->ends));
	if (!column->ends)
		return -ENOMEM;
	for (uint32_t i = 0; i < column->values; i++) {
		column->ends[i] = (uint32_t)at;
		at += ng_load32(column->table + 4ull * i);
		if (at > table_bytes)
			return -EUCLEAN;
	}
	column->ends[column->values] = (uint32_t)at;
	return at == table_bytes ? 0 : -EUCLEAN;
}

int ng_facet_column_open(const struct ng_facet_field *field, struct ng_facet_column *ret_column)
{
	const struct ng_pages *pages = field->facets->pages;
	struct ng_facet_column column = {.values = field->values};
	size_t got;
	int r;

	if (!field->has_column ||
	    (field->frame_bytes && !ng_pages_ok(pages, field->frame, field->frame_bytes)))
		return -EUCLEAN;
	column.table = malloc(ng_max(field->table_bytes, (size_t)1));
	if (!column.table)
		return -ENOMEM;
	got = ZSTD_decompress(column.table, field->table_bytes, field->frame, field->frame_bytes);
	if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
		r = -ENOMEM;
	else
		r = ZSTD_isError(got) || got != field->table_bytes ? -EUCLEAN : 0;
	if (r == 0)
		r = ends_make(&column, field->table_bytes);
	if (r < 0) {
		ng_facet_column_clear(&column);
		return r;
	}
	column.ids = (struct ng_packed){field->ids, field->facets->docs, field->width, pages};
	*ret_column = column;
	return 0;
}

void ng_facet_column_clear(struct ng_facet_column *column)
{
	free(column->table);
	free(column->ends);
	*column = (struct ng_facet_column){0};
}
