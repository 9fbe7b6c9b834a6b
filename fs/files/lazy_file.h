/* SPDX-License-Identifier: Apache-2.0 */
/* A file whose text is small but takes a while to make: it is made when the file is first read, and
 * kept. Until then its size is a bound; see stream.h. */
#pragma once

#include "base/buf.h"
#include "query/find.h"
#include "files/stream.h"

/* Append what the file of a query holds. On failure what was appended is dropped, and the next
 * reader will ask again. */
typedef int (*ng_lazy_file_answer)(const struct ng_index *index, const struct ng_query *query,
				   const ng_cancel *cancel, struct ng_buf *buf);

/* The stream of answer(query), of bytes_most bytes at most. The query is copied; indexes and index
 * are as ng_stream_init takes them, and index not NULL. Holds the whole text once it is made; a
 * large one may be shed, and is made again when it is read on. -ENOMEM. */
int ng_lazy_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		     ng_lazy_file_answer answer, const struct ng_query *query, size_t bytes_most,
		     struct ng_stream **ret_stream);
