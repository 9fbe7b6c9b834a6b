/* SPDX-License-Identifier: Apache-2.0 */
/* What the documents of a shard have in a field of their metadata: out of the shard's facets where
 * they have a column of it, and out of the metadata itself where they don't. Errors as in query.h.
 * Thread-safe on different cursors. */
#pragma once

#include "format/facets.h"
#include "format/meta_fields.h"
#include "query/shard.h"

enum ng_column_source {
	NG_COLUMN_EMPTY,    /* no document has the field */
	NG_COLUMN_TABLE,    /* there is a column */
	NG_COLUMN_METADATA, /* each document's metadata must be read */
};

struct ng_column {
	enum ng_column_source source;
	struct ng_facet_column table; /* of NG_COLUMN_TABLE */
};

/* Whether the shard says which fields its documents have; then *ret_facets. */
int ng_shard_facets(const struct ng_shard *shard, bool *ret_has, struct ng_facets *ret_facets);

/* O(values). The caller clears it. */
int ng_column_open(const struct ng_shard *shard, const void *name, size_t len, uint32_t prefix,
		   struct ng_column *ret_column);
void ng_column_clear(struct ng_column *column);

/* Reads the fields of one document after another: cheap where they ascend, since a frame of
 * metadata is then decompressed once. */
struct ng_meta_cursor {
	const struct ng_shard *shard;
	bool outer;          /* by ng_meta_fields_read_outer */
	uint64_t begin, end; /* of the stream, in raw */
	struct ng_buf raw;
	struct ng_meta_fields fields;
};

/* The fields of document doc < docs are in cursor->fields, until the next call. */
int ng_meta_cursor_read(struct ng_meta_cursor *cursor, uint64_t doc);
void ng_meta_cursor_clear(struct ng_meta_cursor *cursor);
