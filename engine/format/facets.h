/* SPDX-License-Identifier: Apache-2.0 */
/* Facets: for each field of the metadata that has few values, the value of each document as a
 * number of a few bits, and the table of the values. A section that a reader may pass over, since
 * the metadata says the same. See ngramfs-index(5), and meta_fields.h for what a field is. */
#pragma once

#include "base/buf.h"
#include "format/packed.h"

/* Values that a field may have in a shard to become a column by itself, and their bytes; values and
 * bytes of all of them together of one that was asked for (--facet). */
#define NG_FACET_VALUES      4096u
#define NG_FACET_VALUE_BYTES 256u
#define NG_FACET_VALUES_MAX  (1u << 20)
#define NG_FACET_TABLE_MAX   (64u << 20)
/* Columns that fields become by themselves. */
#define NG_FACET_COLUMNS 64u
/* Fields that are listed at most, and bytes of a name. */
#define NG_FACET_FIELDS_MAX 256u
#define NG_FACET_NAME_MAX   255u
/* Characters of a prefix at most. */
#define NG_FACET_PREFIX_MAX 4096u

/* The section begins so; offsets[n + 1], u64 from its beginning, follow: where each field is, and
 * where the last one ends. */
struct ng_facets_header {
	uint32_t n;
	uint32_t flags;
};
#define NG_FACETS_OTHERS 1u /* documents have fields that are not listed */

/* A field; its name follows, and zeroes up to a multiple of 8; and, of a column, the zstd frame of
 * the table and as many zeroes, and the numbers of all documents, bit by bit, in whole u64. The
 * table is the length of each value, u32, and their bytes, ascending. */
struct ng_facet_header {
	uint32_t name_bytes;
	uint32_t prefix; /* characters of each value that are taken; 0: all */
	uint32_t values; /* NG_FACET_NO_COLUMN: there is no column */
	uint32_t width;  /* of a document's number: its value's, or `values` where it has none */
	uint32_t table_bytes;
	uint32_t frame_bytes;
};
#define NG_FACET_NO_COLUMN UINT32_MAX

/* A section, opened: a view. */
struct ng_facets {
	const struct ng_pages *pages;
	const uint8_t *data;
	size_t bytes;
	uint64_t docs;
	uint32_t n;
	bool others;
};

/* O(1). -EUCLEAN where lengths don't fit, here and below, and where a page is damaged. Thread-safe,
 * as all of this. */
int ng_facets_open(const struct ng_pages *pages, const uint8_t *data, size_t bytes, uint64_t docs,
		   struct ng_facets *ret_facets);

/* Field i < n: a view. */
struct ng_facet_field {
	const uint8_t *name;
	size_t name_bytes;
	uint32_t prefix;
	bool has_column;
	uint32_t values;
	uint32_t width;
	const uint8_t *frame, *ids;
	size_t frame_bytes, table_bytes, ids_bytes;
	const struct ng_facets *facets;
};

int ng_facets_field(const struct ng_facets *facets, uint32_t i, struct ng_facet_field *ret_field);

/* The field of that name and prefix: 1, or 0 where it isn't listed. O(log n). */
int ng_facets_find(const struct ng_facets *facets, const void *name, size_t len, uint32_t prefix,
		   struct ng_facet_field *ret_field);

/* A column with its values in memory. */
struct ng_facet_column {
	uint32_t values;
	uint8_t *table;       /* all of it, decompressed */
	uint32_t *ends;       /* [values + 1]: value i is bytes [ends[i], ends[i + 1]) of table */
	struct ng_packed ids; /* of documents */
};

/* Decompress the values of a field that has a column. O(values and their bytes). -ENOMEM. */
int ng_facet_column_open(const struct ng_facet_field *field, struct ng_facet_column *ret_column);
void ng_facet_column_clear(struct ng_facet_column *column);

static inline const uint8_t *ng_facet_value(const struct ng_facet_column *column, uint32_t i,
					    size_t *ret_bytes)
{
	*ret_bytes = column->ends[i + 1] - column->ends[i];
	return column->table + column->ends[i];
}

/* The number of a document's value; column->values where it has none, or where *damaged is set. */
static inline uint32_t ng_facet_id(const struct ng_facet_column *column, uint64_t doc,
				   bool *damaged)
{
	uint64_t id = ng_packed_get(&column->ids, doc, damaged);

	if (__builtin_expect(id <= column->values && !*damaged, 1))
		return (uint32_t)id;
	*damaged = true;
	return column->values;
}
