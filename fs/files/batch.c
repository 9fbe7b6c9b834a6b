/* SPDX-License-Identifier: Apache-2.0 */
#include "files/batch.h"
#include "files/answer.h"
#include "files/answer_facet.h"
#include "files/answer_next.h"
#include "names/path.h"
#include "query/batch.h"

/* Intervals that are in memory at once: a query has one for each shard. */
#define INTERVALS_MAX (1u << 17)

/* The queries of some lines, decoded. */
struct queries {
	struct ng_buf bytes;
	struct ng_pattern *patterns; /* those that are queries, in the order of the lines */
	size_t n;
	const char **errors; /* of each line, why it isn't one, or NULL */
};

static void queries_clear(struct queries *q)
{
	ng_buf_free(&q->bytes);
	free(q->patterns);
	free(q->errors);
}

const char *ng_line_query(const struct ng_asked_line *line, bool escaped, uint8_t *buf,
			  size_t *ret_len)
{
	size_t len = line->len;

	if (line->len == 0)
		return "an empty query";
	if (line->cut)
		return "a query longer than 1 MiB";
	/* Whoever means it can write an escape; most who send it don't know that it is there, and
	 * would believe the 0. */
	if (line->text[line->len - 1] == '\r')
		return "a carriage return ends the line (a Windows line end?); where it is meant, "
		       "it is %0D below with/escape=percent";
	if (!escaped)
		memcpy(buf, line->text, len);
	else if (ng_path_decode((const char *)line->text, len, buf, &len) < 0)
		return "a % without two hexadecimal digits";
	if (len > NG_BATCH_QUERY_MAX)
		return "a query longer than 1 MiB";
	*ret_len = len;
	return NULL;
}

static int queries_decode(struct queries *q, const struct ng_asked_line *lines, size_t n,
			  bool escaped)
{
	size_t room = 0;
	int r;

	/* Decoded, none is longer; where the bytes are doesn't change any more. */
	for (size_t i = 0; i < n; i++)
		room += lines[i].len;
	r = ng_buf_reserve(&q->bytes, ng_max(room, (size_t)1));
	if (r)
		return r;
	q->patterns = calloc(n + 1, sizeof(*q->patterns));
	q->errors = calloc(n + 1, sizeof(*q->errors));
	if (!q->patterns || !q->errors)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint8_t *bytes = q->bytes.data + q->bytes.len;
		size_t len = 0;

		q->errors[i] = ng_line_query(&lines[i], escaped, bytes, &len);
		if (q->errors[i])
			continue;
		q->patterns[q->n++] = (struct ng_pattern){bytes, len};
		q->bytes.len += len;
	}
	return 0;
}

/* Append the answers to n queries, each with its newline and without another one. */
typedef int (*append_answers)(const struct ng_index *index, size_t n,
			      const struct ng_pattern *queries, const ng_cancel *cancel,
			      struct ng_buf *buf);

static int append_counts(const struct ng_index *index, size_t n, const struct ng_pattern *queries,
			 const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) uint64_t *counts = calloc(n + 1, sizeof(*counts));
	int r = counts ? ng_batch_count(index, n, queries, cancel, counts) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++) {
		char text[NG_ANSWER_COUNT_MAX + 1];

		r = ng_buf_append(buf, text, ng_answer_count(counts[i], text));
	}
	return r;
}

static int append_intervals(const struct ng_index *index, size_t n,
			    const struct ng_pattern *queries, const ng_cancel *cancel,
			    struct ng_buf *buf)
{
	ng_cleanup(ng_freep) struct ng_interval *found = NULL;
	struct ng_index_stats stats;
	size_t together;
	int r = 0;

	ng_index_stats(index, &stats);
	together = ng_max(INTERVALS_MAX / ng_max(stats.shards, 1u), 1u);
	together = ng_min(together, n);
	found = calloc(together * stats.shards + 1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	for (size_t done = 0; r == 0 && done < n; done += together) {
		size_t m = ng_min(together, n - done);

		r = ng_batch_find(index, m, queries + done, cancel, found);
		for (size_t i = 0; r == 0 && i < m; i++)
			r = ng_answer_intervals(found + i * stats.shards, stats.shards, buf);
	}
	return r;
}

static int append_count(const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	char text[NG_ANSWER_COUNT_MAX + 1];
	uint64_t count;
	int r = ng_query_count(index, query, cancel, &count);

	return r ? r : ng_buf_append(buf, text, ng_answer_count(count, text));
}

/* The answer to one of the queries. */
typedef int (*append_answer)(const struct ng_index *index, const struct ng_query *query,
			     const ng_cancel *cancel, struct ng_buf *buf);

/* How a kind of question is answered. */
struct answers {
	append_answers together; /* all of them; NULL: one after the other */
	append_answer each;
};

/* One query after the other. */
static int append_each(append_answer append, const struct ng_index *index, size_t n,
		       const struct ng_pattern *queries, const struct ng_settings *settings,
		       const ng_cancel *cancel, struct ng_buf *buf)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct ng_query query = {queries[i].bytes, queries[i].len, settings->fold,
					       settings->scope, settings->facet};
		size_t good = buf->len;

		r = ng_cancelled(cancel) ? -EINTR : append(index, &query, cancel, buf);
		if (r == -EOVERFLOW || r == -EFBIG) {
			buf->len = good;
			r = ng_buf_printf(buf, "error: too many %s\n",
					  r == -EFBIG ? "values" : "spellings");
		}
	}
	return r;
}

/* Append a line's answer, the next in *answers, or its error. */
static int append_line(const struct ng_asked_line *line, const char *error, const uint8_t **answers,
		       struct ng_buf *buf)
{
	int r;

	if (error) {
		r = ng_buf_printf(buf, "error: %s", error);
	} else {
		const uint8_t *end = rawmemchr(*answers, '\n');

		r = ng_buf_append(buf, *answers, (size_t)(end - *answers));
		*answers = end + 1;
	}
	if (r == 0)
		r = ng_buf_append(buf, "\t", 1);
	if (r == 0)
		r = ng_buf_append(buf, line->text, line->len);
	return r ? r : ng_buf_append(buf, "\n", 1);
}

static int answer(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const struct answers *how,
		  const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(queries_clear) struct queries queries = {.bytes = NG_BUF_INIT};
	ng_cleanup(ng_buf_free) struct ng_buf answers = NG_BUF_INIT;
	const uint8_t *next;
	int r = queries_decode(&queries, lines, n, settings->escaped_lines);

	if (r == 0 && how->together && !settings->fold && !settings->scope)
		r = how->together(index->index, queries.n, queries.patterns, cancel, &answers);
	else if (r == 0)
		r = append_each(how->each, index->index, queries.n, queries.patterns, settings,
				cancel, &answers);
	next = answers.data;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = append_line(&lines[i], queries.errors[i], &next, buf);
	return r;
}

int ng_lines_count(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
		   size_t n, const struct ng_settings *settings, const ng_cancel *cancel,
		   struct ng_buf *buf)
{
	static const struct answers how = {append_counts, append_count};

	return answer(index, lines, n, settings, &how, cancel, buf);
}

int ng_lines_find(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf)
{
	static const struct answers how = {append_intervals, ng_answer_find};

	return answer(index, lines, n, settings, &how, cancel, buf);
}

int ng_lines_df(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf)
{
	static const struct answers how = {NULL, ng_answer_df};

	return answer(index, lines, n, settings, &how, cancel, buf);
}

int ng_lines_next(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf)
{
	static const struct answers how = {NULL, ng_answer_next_json};

	return answer(index, lines, n, settings, &how, cancel, buf);
}

int ng_lines_prev(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf)
{
	static const struct answers how = {NULL, ng_answer_prev_json};

	return answer(index, lines, n, settings, &how, cancel, buf);
}

int ng_lines_facet(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
		   size_t n, const struct ng_settings *settings, const ng_cancel *cancel,
		   struct ng_buf *buf)
{
	static const struct answers how = {NULL, ng_answer_facet_json};

	return answer(index, lines, n, settings, &how, cancel, buf);
}
