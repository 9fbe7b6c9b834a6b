/* SPDX-License-Identifier: Apache-2.0 */
#include "files/answer_facet.h"

#include "files/answer.h"
#include "base/json.h"
#include "names/escape.h"
#include "names/path.h"

/* Of a line besides its value: two numbers, tabs and the newline. */
#define LINE_BYTES (2 * NG_ANSWER_COUNT_MAX + 3)

/* Bytes that one becomes at most (\xNN). */
#define ESCAPE_TIMES 4u

static int counts_make(const struct ng_index *index, const struct ng_query *query,
		       const ng_cancel *cancel, struct ng_facet_counts *ret_counts)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	bool all = query->len == 0;
	int r = all ? 0 : ng_query_find(index, query, cancel, &ranges);

	if (r == 0)
		r = ng_filter_get(index, query->scope, all ? NULL : &ranges, cancel, &filter);
	if (r == 0 && all)
		return ng_facet_all(index, query->facet, &filter, cancel, ret_counts);
	if (r == 0)
		r = ng_filter_narrow(index, &ranges, query->scope, cancel, &filter);
	return r ? r : ng_facet_count(index, query->facet, &ranges, &filter, cancel, ret_counts);
}

int ng_answer_facet(const struct ng_index *index, const struct ng_query *query,
		    const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_facet_counts_clear) struct ng_facet_counts counts = {0};
	int r = counts_make(index, query, cancel, &counts);

	for (size_t i = 0; r == 0 && i < counts.n; i++) {
		const struct ng_facet_count *count = &counts.list[i];

		r = count->none ? ng_buf_append(buf, "\\N", 2)
				: ng_escape_append(buf, count->value, count->bytes);
		if (r == 0)
			r = ng_buf_printf(buf, "\t%llu\t%llu\n",
					  (unsigned long long)count->occurrences,
					  (unsigned long long)count->docs);
	}
	return r;
}

int ng_answer_facet_json(const struct ng_index *index, const struct ng_query *query,
			 const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_facet_counts_clear) struct ng_facet_counts counts = {0};
	int r = counts_make(index, query, cancel, &counts);

	if (r == 0)
		r = ng_buf_append(buf, "[", 1);
	for (size_t i = 0; r == 0 && i < counts.n; i++) {
		const struct ng_facet_count *count = &counts.list[i];

		r = ng_buf_append(buf, ",[", 2);
		/* The first has no comma before it. */
		if (r == 0 && i == 0) {
			buf->data[buf->len - 2] = '[';
			buf->len--;
		}
		if (r == 0)
			r = count->none ? ng_buf_append(buf, "null", 4)
					: ng_json_string(buf, count->value, count->bytes);
		if (r == 0)
			r = ng_buf_printf(buf, ",%llu,%llu]",
					  (unsigned long long)count->occurrences,
					  (unsigned long long)count->docs);
	}
	return r ? r : ng_buf_append(buf, "]\n", 2);
}

int ng_answer_facet_most(const struct ng_index *index, const struct ng_facet *facet,
			 uint64_t *ret_bytes)
{
	uint64_t values, bytes;
	int r = ng_facet_bounds(index, facet, &values, &bytes);

	if (r == 0)
		*ret_bytes = ESCAPE_TIMES * bytes + LINE_BYTES * (values + 1);
	return r;
}

/* Whether a name ends in a colon and a number: where the colon is, or NULL. */
static const uint8_t *number_behind(const uint8_t *name, size_t len)
{
	size_t at = len;

	while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
		at--;
	return at > 0 && at < len && name[at - 1] == ':' ? name + at - 1 : NULL;
}

int ng_facet_name(const struct ng_facet *facet, struct ng_buf *buf)
{
	const uint8_t *colon = number_behind(facet->name, facet->name_bytes);
	bool dots = (facet->name_bytes == 1 || facet->name_bytes == 2) &&
		    memcmp(facet->name, "..", facet->name_bytes) == 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < facet->name_bytes; i++) {
		const uint8_t *c = &facet->name[i];

		if (*c == '%' || *c == '/' || *c == 0 || c == colon || dots)
			r = ng_buf_printf(buf, "%%%02X", *c);
		else
			r = ng_buf_append(buf, c, 1);
	}
	if (r == 0 && facet->prefix)
		r = ng_buf_printf(buf, ":%u", facet->prefix);
	return r;
}

int ng_facet_named(const struct ng_index *index, const char *name,
		   const struct ng_facet **ret_facet)
{
	uint8_t field[NG_PATH_NAME_MAX];
	size_t len = strlen(name), field_bytes = 0, n;
	const uint8_t *colon = number_behind((const uint8_t *)name, len);
	const struct ng_facet *list;
	unsigned long prefix = 0;
	int r;

	if (colon) {
		prefix = strtoul((const char *)colon + 1, NULL, 10);
		len = (size_t)(colon - (const uint8_t *)name);
	}
	r = len ? ng_path_decode(name, len, field, &field_bytes) : 0;
	if (r == 0)
		r = ng_index_facets(index, &list, &n);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (list[i].prefix != prefix || list[i].name_bytes != field_bytes ||
		    (field_bytes && memcmp(list[i].name, field, field_bytes) != 0))
			continue;
		*ret_facet = &list[i];
		return 0;
	}
	return -ENOENT;
}
