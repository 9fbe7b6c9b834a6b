/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of /facet hold, and the lines of /batch/facet; and how facets are named there. As
 * answer.h has it: thread-safe, appending, errors of the engine unchanged. */
#pragma once

#include "base/buf.h"
#include "query/facet.h"
#include "query/find.h"

/* A line for each value of query->facet that is there, by falling occurrences, then documents, then
 * value: the value, spelled as ng_escape_append does, occurrences, documents, with tabs between
 * them; for documents that have no such field, \N is the value. Of a query of no bytes, which is
 * all documents, the bytes of their text are the occurrences. Cost of ng_facet_count. */
int ng_answer_facet(const struct ng_index *index, const struct ng_query *query,
		    const ng_cancel *cancel, struct ng_buf *buf);

/* The same on one line, as JSON: [["value",occurrences,documents],...], the value null where there
 * is none. */
int ng_answer_facet_json(const struct ng_index *index, const struct ng_query *query,
			 const ng_cancel *cancel, struct ng_buf *buf);

/* Bytes that ng_answer_facet has at most. O(shards). */
int ng_answer_facet_most(const struct ng_index *index, const struct ng_facet *facet,
			 uint64_t *ret_bytes);

/* Append the name that a facet has in a directory: the field, and behind a colon the characters of
 * a prefix. %, / and NUL in the field are escapes, and so is a dot that stands alone or before
 * another one, and a colon that only digits follow. */
int ng_facet_name(const struct ng_facet *facet, struct ng_buf *buf);

/* The facet of that name, in which any byte of the field may be an escape: -ENOENT, or -EINVAL for
 * a bad escape. *ret_facet is the index's and stays. */
int ng_facet_named(const struct ng_index *index, const char *name,
		   const struct ng_facet **ret_facet);
