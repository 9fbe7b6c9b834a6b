/* SPDX-License-Identifier: Apache-2.0 */
#include "query/column.h"

int ng_shard_facets(const struct ng_shard *shard, bool *ret_has, struct ng_facets *ret_facets)
{
	const uint8_t *data;
	size_t bytes;

	*ret_has = ng_shard_file_section(shard->file, NG_SECTION_FACETS, &data, &bytes);
	if (!*ret_has)
		return 0;
	return ng_shard_result(shard, ng_facets_open(ng_shard_file_pages(shard->file), data, bytes,
						     shard->params.docs, ret_facets));
}

int ng_column_open(const struct ng_shard *shard, const void *name, size_t len, uint32_t prefix,
		   struct ng_column *ret_column)
{
	struct ng_column column = {.source = NG_COLUMN_METADATA};
	struct ng_facet_field field, whole;
	struct ng_facets facets;
	bool has;
	int r = ng_shard_facets(shard, &has, &facets), found = 0;

	if (r == 0 && has)
		r = found = ng_facets_find(&facets, name, len, prefix, &field);
	if (r >= 0 && found == 1 && field.has_column) {
		column.source = NG_COLUMN_TABLE;
		r = ng_facet_column_open(&field, &column.table);
	} else if (r >= 0 && has && found == 0 && !facets.others) {
		/* A prefix that was not asked for may be one of a field that is there. */
		r = prefix ? ng_facets_find(&facets, name, len, 0, &whole) : 0;
		if (r == 0)
			column.source = NG_COLUMN_EMPTY;
	}
	r = ng_shard_result(shard, ng_min(r, 0));
	if (r < 0) {
		ng_column_clear(&column);
		return r;
	}
	*ret_column = column;
	return 0;
}

void ng_column_clear(struct ng_column *column)
{
	ng_facet_column_clear(&column->table);
}

int ng_meta_cursor_read(struct ng_meta_cursor *cursor, uint64_t doc)
{
	const struct ng_shard *shard = cursor->shard;
	uint64_t all = ng_frames_raw_bytes(shard->meta);
	bool bad = false;
	uint64_t from = ng_ef_get(&shard->meta_starts, doc, &bad);
	uint64_t to = ng_ef_get(&shard->meta_starts, doc + 1, &bad);
	int r = bad || to < from || to > all ? -EUCLEAN : 0;

	if (r == 0 && (!cursor->raw.data || from < cursor->begin || to > cursor->end)) {
		/* Whole frames; and even of nothing, so that there is somewhere where it is. */
		cursor->begin = from / NG_FRAME_BYTES * NG_FRAME_BYTES;
		cursor->end = ng_min(ng_align_up(ng_max(to, from + 1), NG_FRAME_BYTES), all);
		cursor->raw.len = 0;
		r = ng_buf_reserve(&cursor->raw, cursor->end - cursor->begin + 1);
		if (r == 0 && cursor->begin < cursor->end)
			r = ng_frames_read(shard->meta, cursor->begin, cursor->end - cursor->begin,
					   cursor->raw.data);
		if (r < 0)
			cursor->begin = cursor->end = 0;
	}
	if (r == 0)
		r = (cursor->outer ? ng_meta_fields_read_outer : ng_meta_fields_read)(
			&cursor->fields, cursor->raw.data + (from - cursor->begin), to - from);
	return ng_shard_result(shard, r == -EINVAL ? -EUCLEAN : r);
}

void ng_meta_cursor_clear(struct ng_meta_cursor *cursor)
{
	ng_buf_free(&cursor->raw);
	ng_meta_fields_clear(&cursor->fields);
}
