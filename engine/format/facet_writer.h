/* SPDX-License-Identifier: Apache-2.0 */
/* The facets of a shard in the making: documents' metadata in, the section out. */
#pragma once

#include "format/facets.h"

struct ng_shard_writer;

/* A field that is to be a column whatever it holds, within NG_FACET_VALUES_MAX and
 * NG_FACET_TABLE_MAX; or one of the first `prefix` characters of its values. */
struct ng_facet_spec {
	const char *name; /* NUL-terminated, at most NG_FACET_NAME_MAX bytes */
	uint32_t prefix;  /* 0: all */
};

struct ng_facet_options {
	bool none; /* no facets at all */
	size_t n;
	const struct ng_facet_spec *specs; /* in any order; what is there twice counts once */
};

struct ng_facet_writer;

/* The specs are copied. -ENOMEM. A writer is for one thread at a time. */
int ng_facet_writer_new(const struct ng_facet_options *options,
			struct ng_facet_writer **ret_writer);
struct ng_facet_writer *ng_facet_writer_free(struct ng_facet_writer *writer);

static inline void ng_facet_writer_freep(struct ng_facet_writer **writer)
{
	ng_facet_writer_free(*writer);
}

/* The next document. -EUCLEAN: its metadata is no JSON object; -ENOMEM. */
int ng_facet_writer_add(struct ng_facet_writer *writer, const char *meta, size_t meta_bytes);

/* Memory that it takes for documents so far, without the values. */
uint64_t ng_facet_writer_bytes(const struct ng_facet_writer *writer);

/* Write NG_SECTION_FACETS; once. What is written depends on the documents alone. -ENOMEM, or the
 * shard's error, with err set. */
int ng_facet_writer_finish(struct ng_facet_writer *writer, struct ng_shard_writer *shard,
			   struct ng_error *err);
