/* SPDX-License-Identifier: Apache-2.0 */
/* A file of queries, one percent-encoded query a line, as the peer reads them too. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

struct queries {
	size_t n;
	size_t *starts; /* [n + 1]: where each begins in bytes */
	struct ng_buf bytes;
};

static inline void queries_clear(struct queries *queries)
{
	free(queries->starts);
	ng_buf_free(&queries->bytes);
	memset(queries, 0, sizeof(*queries));
}

static inline const uint8_t *query_at(const struct queries *queries, size_t i, size_t *ret_len)
{
	*ret_len = queries->starts[i + 1] - queries->starts[i];
	return queries->bytes.data + queries->starts[i];
}

static inline int query_decode(const char *line, size_t len, struct ng_buf *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < len; i++) {
		uint8_t byte = (uint8_t)line[i];
		char hex[3] = {0};

		if (byte == '%') {
			if (len - i < 3)
				return -EINVAL;
			memcpy(hex, line + i + 1, 2);
			byte = (uint8_t)strtoul(hex, NULL, 16);
			i += 2;
		}
		r = ng_buf_append(to, &byte, 1);
	}
	return r;
}

/* Free with queries_clear. Returns 0 or a negative errno: -EINVAL for a blank line, an escape that
 * is cut off, or no query at all. */
static inline int queries_read(const char *path, struct queries *ret_queries)
{
	ng_cleanup(ng_fclosep) FILE *file = fopen(path, "r");
	ng_cleanup(queries_clear) struct queries queries = {0};
	ng_cleanup(ng_freep) char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!file)
		return -errno;
	queries.starts = calloc(1, sizeof(*queries.starts));
	if (!queries.starts)
		return -ENOMEM;
	while ((len = getline(&line, &cap, file)) > 0) {
		size_t *starts = realloc(queries.starts, (queries.n + 2) * sizeof(*queries.starts));
		int r;

		if (!starts)
			return -ENOMEM;
		queries.starts = starts;
		len -= line[len - 1] == '\n';
		r = len ? query_decode(line, (size_t)len, &queries.bytes) : -EINVAL;
		if (r < 0)
			return r;
		starts[++queries.n] = queries.bytes.len;
	}
	if (queries.n == 0)
		return -EINVAL;
	*ret_queries = queries;
	memset(&queries, 0, sizeof(queries));
	return 0;
}
