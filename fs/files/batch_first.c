/* SPDX-License-Identifier: Apache-2.0 */
#include "files/batch_first.h"

#include "files/answer.h"
#include "files/batch.h"
#include "files/kwic.h"
#include "files/line_file.h"

/* Occurrences that are looked at together where few of them may count. */
#define CHUNK 256u

/* Append the lines of one query. */
typedef int (*append_first)(const struct ng_mounted_index *index, const struct ng_query *query,
			    const struct ng_settings *settings, const ng_cancel *cancel,
			    struct ng_buf *buf, struct ng_error *err);

static int append_occurrences(struct ng_occurrences *found, const struct ng_settings *settings,
			      const ng_cancel *cancel, struct ng_buf *buf)
{
	uint64_t at = 0;
	size_t left = settings->first;
	int r = 0;

	while (r == 0 && left && at < found->count) {
		size_t n = ng_min(found->at_once,
				  ng_scope_limits(settings->scope) ? (size_t)CHUNK : left);

		n = (size_t)ng_min((uint64_t)n, found->count - at);
		r = ng_occurrences_look_up(found, at, n, cancel);
		at += n;
		for (size_t i = 0; r == 0 && left && i < found->found; i++, left--) {
			struct ng_occurrence occurrence = ng_occurrences_get(found, i);

			r = ng_kwic_line(buf, &occurrence);
		}
	}
	return r;
}

static int append_kwic(const struct ng_mounted_index *index, const struct ng_query *query,
		       const struct ng_settings *settings, const ng_cancel *cancel,
		       struct ng_buf *buf, struct ng_error *err)
{
	const struct ng_occurrences_how how = {settings->kwic_bytes, settings->random,
					       settings->seed};
	struct ng_occurrences found;
	int r = ng_occurrences_find(index->index, query, &how, cancel, &found);

	if (r)
		return r;
	r = append_occurrences(&found, settings, cancel, buf);
	ng_occurrences_clear(&found);
	return r;
}

static int append_match(const struct ng_mounted_index *index, const struct ng_query *query,
			const struct ng_settings *settings, const ng_cancel *cancel,
			struct ng_buf *buf, struct ng_error *err)
{
	ng_cleanup(ng_found_clear) struct ng_found found = {.count = 0};
	struct ng_shuffle shuffle;
	int r = ng_found_make(index->index, query, cancel, &found);

	if (r || found.count == 0)
		return r;
	shuffle = ng_shuffle_make(found.count, settings->seed);
	for (uint64_t i = 0; r == 0 && i < ng_min(found.count, (uint64_t)settings->first); i++)
		r = ng_answer_match(index->index, &found,
				    settings->random ? ng_shuffle_at(&shuffle, i) : i,
				    settings->match_bytes, cancel, buf);
	return r;
}

static int append_lines(const struct ng_mounted_index *index, const struct ng_query *query,
			const struct ng_settings *settings, const ng_cancel *cancel,
			struct ng_buf *buf, struct ng_error *err)
{
	const struct ng_line_file_how how = {false, settings->scan, settings->scan_all,
					     settings->line_bytes};
	struct ng_stream *stream;
	int r = ng_line_file_new(NULL, index, query, &how, cancel, &stream, err);

	if (r)
		return r;
	r = ng_line_file_first(stream, settings->first, cancel, buf);
	ng_stream_free(stream);
	return r;
}

/* Append each line of an answer, and behind it the query's. */
static int append_each(const struct ng_buf *answer, const struct ng_asked_line *line,
		       struct ng_buf *buf)
{
	const uint8_t *at = answer->data;
	size_t left = answer->len;
	int r = 0;

	while (r == 0 && left) {
		const uint8_t *newline = rawmemchr(at, '\n');

		r = ng_buf_append(buf, at, (size_t)(newline - at));
		if (r == 0)
			r = ng_buf_append(buf, "\t", 1);
		if (r == 0)
			r = ng_buf_append(buf, line->text, line->len);
		if (r == 0)
			r = ng_buf_append(buf, "\n", 1);
		left -= (size_t)(newline + 1 - at);
		at = newline + 1;
	}
	return r;
}

static int answer_line(const struct ng_mounted_index *index, const struct ng_asked_line *line,
		       const struct ng_settings *settings, append_first append,
		       const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_buf_free) struct ng_buf bytes = NG_BUF_INIT, answer = NG_BUF_INIT;
	struct ng_query query = {.fold = settings->fold, .scope = settings->scope};
	struct ng_error err = {""};
	const char *error;
	int r = ng_buf_reserve(&bytes, ng_max(line->len, (size_t)1));

	if (r)
		return r;
	error = ng_line_query(line, settings->escaped_lines, bytes.data, &query.len);
	query.bytes = bytes.data;
	if (!error) {
		r = append(index, &query, settings, cancel, &answer, &err);
		if (r == -EOVERFLOW)
			error = err.text[0] ? err.text : "too many spellings";
		else if (r)
			return r;
	}
	if (error) {
		answer.len = 0;
		r = ng_buf_printf(&answer, "error: %s\n", error);
	}
	return r ? r : append_each(&answer, line, buf);
}

static int answer_lines(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
			size_t n, const struct ng_settings *settings, append_first append,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = ng_cancelled(cancel)
			    ? -EINTR
			    : answer_line(index, &lines[i], settings, append, cancel, buf);
	return r;
}

int ng_first_kwic(const struct ng_mounted_index *index, const struct ng_asked_line *lines, size_t n,
		  const struct ng_settings *settings, const ng_cancel *cancel, struct ng_buf *buf)
{
	return answer_lines(index, lines, n, settings, append_kwic, cancel, buf);
}

int ng_first_match(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
		   size_t n, const struct ng_settings *settings, const ng_cancel *cancel,
		   struct ng_buf *buf)
{
	return answer_lines(index, lines, n, settings, append_match, cancel, buf);
}

int ng_first_lines(const struct ng_mounted_index *index, const struct ng_asked_line *lines,
		   size_t n, const struct ng_settings *settings, const ng_cancel *cancel,
		   struct ng_buf *buf)
{
	return answer_lines(index, lines, n, settings, append_lines, cancel, buf);
}
