/* SPDX-License-Identifier: Apache-2.0 */
#include "files/answer_next.h"

#include "files/answer.h"
#include "names/escape.h"
#include "base/json.h"
#include "query/df.h"
#include "query/next.h"

int ng_answer_df(const struct ng_index *index, const struct ng_query *query,
		 const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	char text[NG_ANSWER_COUNT_MAX + 1];
	uint64_t docs;
	int r = ng_query_find(index, query, cancel, &ranges);

	if (r == 0)
		r = ng_filter_get(index, query->scope, &ranges, cancel, &filter);
	if (r == 0)
		r = ng_filter_narrow(index, &ranges, query->scope, cancel, &filter);
	if (r == 0)
		r = ng_df_filtered(index, &ranges, &filter, cancel, &docs);
	return r ? r : ng_buf_append(buf, text, ng_answer_count(docs, text));
}

/* ng_next or ng_prev. */
typedef int (*beside)(const struct ng_index *index, const struct ng_ranges *ranges,
		      const ng_cancel *cancel, struct ng_next **ret_list, size_t *ret_n);

static int find_beside(beside find, const struct ng_index *index, const struct ng_query *query,
		       const ng_cancel *cancel, struct ng_next **ret_list, size_t *ret_n)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	int r = ng_query_find(index, query, cancel, &ranges);

	return r ? r : find(index, &ranges, cancel, ret_list, ret_n);
}

/* What isn't a character. */
static int append_other(struct ng_buf *buf, const struct ng_next *next)
{
	switch (next->kind) {
	case NG_NEXT_START:
		return ng_buf_printf(buf, "$START");
	case NG_NEXT_END:
		return ng_buf_printf(buf, "$END");
	default:
		return ng_buf_printf(buf, "%%%02X", next->bytes[0]);
	}
}

static int append_line(struct ng_buf *buf, const struct ng_next *next, uint64_t all)
{
	int r = ng_buf_printf(buf, "%llu\t%.6f\t", (unsigned long long)next->count,
			      (double)next->count / (double)all);

	if (r == 0 && next->kind == NG_NEXT_CHARACTER)
		r = ng_escape_append(buf, next->bytes, next->n_bytes);
	else if (r == 0)
		r = append_other(buf, next);
	return r ? r : ng_buf_append(buf, "\n", 1);
}

static int append_lines(beside find, const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) struct ng_next *list = NULL;
	uint64_t all = 0;
	size_t n = 0;
	int r = find_beside(find, index, query, cancel, &list, &n);

	for (size_t i = 0; i < n; i++)
		all += list[i].count;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = append_line(buf, &list[i], all);
	return r;
}

static int append_pair(struct ng_buf *buf, const struct ng_next *next)
{
	int r = ng_buf_printf(buf, "[%llu,", (unsigned long long)next->count);

	if (r == 0 && next->kind == NG_NEXT_CHARACTER) {
		r = ng_json_string(buf, next->bytes, next->n_bytes);
	} else if (r == 0) {
		r = ng_buf_append(buf, "\"", 1);
		if (r == 0)
			r = append_other(buf, next);
		if (r == 0)
			r = ng_buf_append(buf, "\"", 1);
	}
	return r ? r : ng_buf_append(buf, "]", 1);
}

static int append_json(beside find, const struct ng_index *index, const struct ng_query *query,
		       const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) struct ng_next *list = NULL;
	size_t n = 0;
	int r = find_beside(find, index, query, cancel, &list, &n);

	if (r == 0)
		r = ng_buf_append(buf, "[", 1);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i)
			r = ng_buf_append(buf, ",", 1);
		if (r == 0)
			r = append_pair(buf, &list[i]);
	}
	return r ? r : ng_buf_append(buf, "]\n", 2);
}

int ng_answer_next(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, struct ng_buf *buf)
{
	return append_lines(ng_next, index, query, cancel, buf);
}

int ng_answer_prev(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, struct ng_buf *buf)
{
	return append_lines(ng_prev, index, query, cancel, buf);
}

int ng_answer_next_json(const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	return append_json(ng_next, index, query, cancel, buf);
}

int ng_answer_prev_json(const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	return append_json(ng_prev, index, query, cancel, buf);
}
