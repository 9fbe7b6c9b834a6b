#include "batch.h"
#include "answer.h"
#include "path.h"

/* Queries, decoded. */
struct queries {
	struct ng_buf bytes;
	size_t *begins;      /* [n + 1] */
	const char **errors; /* why it isn't one, or NULL */
};

static void queries_clear(struct queries *q)
{
	ng_buf_free(&q->bytes);
	free(q->begins);
	free(q->errors);
}

static const char *decode(const struct ng_line *line, uint8_t *buf, size_t *ret_len)
{
	if (line->len == 0)
		return "an empty query";
	if (!line->cut && ng_path_decode((const char *)line->text, line->len, buf, ret_len) < 0)
		return "a % without two hexadecimal digits";
	if (line->cut || *ret_len > NG_BATCH_QUERY_MAX)
		return "a query longer than 1 MiB";
	return NULL;
}

static int queries_decode(struct queries *q, const struct ng_line *lines, size_t n)
{
	q->begins = calloc(n + 1, sizeof(*q->begins));
	q->errors = calloc(n, sizeof(*q->errors));
	if (!q->begins || !q->errors)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t len = 0;
		int r = ng_buf_reserve(&q->bytes, ng_max(lines[i].len, (size_t)1));

		if (r)
			return r;
		q->errors[i] = decode(&lines[i], q->bytes.data + q->bytes.len, &len);
		if (!q->errors[i])
			q->bytes.len += len;
		q->begins[i + 1] = q->bytes.len;
	}
	return 0;
}

typedef int (*append_answer)(const struct ng_index *index, const uint8_t *query, size_t query_bytes,
			     const ng_cancel *cancel, struct ng_buf *buf);

static int append_count(const struct ng_index *index, const uint8_t *query, size_t query_bytes,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	char text[NG_ANSWER_COUNT_MAX + 1];
	uint64_t count;
	int r = ng_count(index, query, query_bytes, cancel, &count);

	return r ? r : ng_buf_append(buf, text, ng_answer_count(count, text));
}

static int append_line(const struct ng_index *index, const struct queries *q, size_t i,
		       const struct ng_line *line, append_answer append, const ng_cancel *cancel,
		       struct ng_buf *buf)
{
	int r;

	if (q->errors[i]) {
		r = ng_buf_printf(buf, "error: %s", q->errors[i]);
	} else {
		r = append(index, q->bytes.data + q->begins[i], q->begins[i + 1] - q->begins[i],
			   cancel, buf);
		if (r == 0)
			buf->len--; /* the newline of a file's answer */
	}
	if (r == 0)
		r = ng_buf_append(buf, "\t", 1);
	if (r == 0)
		r = ng_buf_append(buf, line->text, line->len);
	return r ? r : ng_buf_append(buf, "\n", 1);
}

static int answer(const struct ng_view_index *index, const struct ng_line *lines, size_t n,
		  append_answer append, const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(queries_clear) struct queries queries = {.bytes = NG_BUF_INIT};
	int r = queries_decode(&queries, lines, n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (ng_cancelled(cancel))
			return -EINTR;
		r = append_line(index->index, &queries, i, &lines[i], append, cancel, buf);
	}
	return r;
}

int ng_batch_count(const struct ng_view_index *index, const struct ng_line *lines, size_t n,
		   const ng_cancel *cancel, struct ng_buf *buf)
{
	return answer(index, lines, n, append_count, cancel, buf);
}

int ng_batch_find(const struct ng_view_index *index, const struct ng_line *lines, size_t n,
		  const ng_cancel *cancel, struct ng_buf *buf)
{
	return answer(index, lines, n, ng_answer_find, cancel, buf);
}
