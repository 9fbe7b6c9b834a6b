/* SPDX-License-Identifier: Apache-2.0 */
/* Where documents come from, as their metadata says: the path of their source, and which part of
 * that they are. Read one after the other: cheap where their numbers ascend, since a frame of
 * metadata is decompressed once then. */
#pragma once

#include "query/column.h"

/* Zero it, and set index, which is borrowed. One thread at a time. */
struct ng_doc_sources {
	const struct ng_index *index;
	struct ng_meta_cursor cursor;
};

struct ng_doc_source {
	const uint8_t *path; /* any bytes, as JSON has them; NULL: there is none */
	size_t path_bytes;
	bool is_part;  /* it is a line, an object or a record of that source, */
	uint64_t part; /* of this number */
};

/* Where a document comes from; what *ret_source points to is good until the next call. -ENOENT:
 * there is no such document, or none any more; and the errors of query.h. */
int ng_doc_source_read(struct ng_doc_sources *sources, uint64_t doc,
		       struct ng_doc_source *ret_source);
void ng_doc_sources_clear(struct ng_doc_sources *sources);
