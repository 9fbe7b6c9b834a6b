/* SPDX-License-Identifier: Apache-2.0 */
#include "query/doc_source.h"

#include "query/index_internal.h"

/* How readers of the formats call the number of a document in its file. */
static const char *const parts[] = {"line", "item", "record"};

static bool part_read(const struct ng_meta_fields *fields, const struct ng_meta_field *field,
		      uint64_t *ret_part)
{
	const uint8_t *digits = ng_meta_value(fields, field);
	uint64_t part = 0;

	for (size_t i = 0; i < field->value_bytes; i++) {
		if (digits[i] < '0' || digits[i] > '9' ||
		    __builtin_mul_overflow(part, 10u, &part) ||
		    __builtin_add_overflow(part, (unsigned)(digits[i] - '0'), &part))
			return false;
	}
	*ret_part = part;
	return field->value_bytes > 0;
}

int ng_doc_source_read(struct ng_doc_sources *sources, uint64_t doc,
		       struct ng_doc_source *ret_source)
{
	struct ng_meta_cursor *cursor = &sources->cursor;
	struct ng_doc_source source = {0};
	const struct ng_meta_field *field;
	const struct ng_shard *shard;
	uint64_t local;
	int r = ng_index_shard_of(sources->index, doc, &shard, &local);

	if (r < 0)
		return r;
	if (cursor->shard != shard) {
		/* What was read is another shard's. */
		cursor->begin = cursor->end = 0;
		cursor->shard = shard;
		cursor->outer = true;
	}
	r = ng_meta_cursor_read(cursor, local);
	if (r < 0)
		return r;
	field = ng_meta_fields_find(&cursor->fields, "path", 4);
	if (field) {
		source.path = ng_meta_value(&cursor->fields, field);
		source.path_bytes = field->value_bytes;
	}
	for (size_t i = 0; i < ng_array_size(parts) && !source.is_part; i++) {
		field = ng_meta_fields_find(&cursor->fields, parts[i], strlen(parts[i]));
		source.is_part = field && part_read(&cursor->fields, field, &source.part);
	}
	*ret_source = source;
	return 0;
}

void ng_doc_sources_clear(struct ng_doc_sources *sources)
{
	ng_meta_cursor_clear(&sources->cursor);
}
