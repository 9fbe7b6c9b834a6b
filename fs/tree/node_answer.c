/* SPDX-License-Identifier: Apache-2.0 */
/* /kwic/QUERY, /df/QUERY, /next/QUERY and /prev/QUERY: what is short or quickly made is made before
 * its size is told, and is a file as any other; the rest are streams. Which of them an answer is
 * depends on nothing but how often the query occurs and the settings. */
#include "files/answer.h"
#include "files/answer_next.h"
#include "files/kwic.h"
#include "files/lazy_file.h"
#include "tree/node_ops.h"

/* Occurrences that are located for /df before its size is told: some hundredths of a second. */
#define DF_MADE_COUNT 8192u

static int make_answer(const struct ng_request *request, enum ng_kind kind, const char *name,
		       const struct ng_query *query, ng_lazy_file_answer answer,
		       struct ng_entry *ret_entry)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	int r = answer(request->index->index, query, request->cancel, &text);

	return r ? r : ng_request_add_answer(request, kind, name, query, &text, ret_entry);
}

/* Also where the query doesn't occur: the file is empty then. */
static int kwic_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	const struct ng_occurrences_how how = {request->settings->kwic_bytes,
					       request->settings->random, request->settings->seed};
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	struct ng_indexes *indexes = request->tree->indexes;
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_stream *stream;
	struct ng_query query;
	int r;

	if (ng_request_known(request, name, ret_entry))
		return 0;
	r = ng_request_decode(request, name, bytes, &query);
	if (r == 0)
		r = ng_kwic_new(indexes, ng_indexes_get(indexes, request->index_no), &query, &how,
				request->cancel, &stream);
	if (r)
		return r;
	if (!ng_kwic_is_short(stream))
		return ng_request_add_stream(request, NG_KIND_LONG_KWIC, name, &query, stream,
					     ret_entry);
	r = ng_kwic_all(stream, request->cancel, &text);
	ng_stream_free(stream);
	return r ? r : ng_request_add_answer(request, NG_KIND_KWIC, name, &query, &text, ret_entry);
}

/* Also where the query doesn't occur. */
static int df_lookup(const struct ng_request *request, const char *name, struct ng_entry *ret_entry)
{
	struct ng_indexes *indexes = request->tree->indexes;
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_stream *stream;
	struct ng_query query;
	uint64_t count;
	int r;

	if (ng_request_known(request, name, ret_entry))
		return 0;
	r = ng_request_decode(request, name, bytes, &query);
	if (r == 0)
		r = ng_query_work(request->index->index, &query, request->cancel, &count);
	if (r)
		return r;
	if (count <= DF_MADE_COUNT)
		return make_answer(request, NG_KIND_DF, name, &query, ng_answer_df, ret_entry);
	r = ng_lazy_file_new(indexes, ng_indexes_get(indexes, request->index_no), ng_answer_df,
			     &query, NG_ANSWER_COUNT_MAX, &stream);
	return r ? r
		 : ng_request_add_stream(request, NG_KIND_LONG_DF, name, &query, stream, ret_entry);
}

/* Also where the query doesn't occur. */
static int beside_lookup(const struct ng_request *request, enum ng_kind kind, const char *name,
			 ng_lazy_file_answer answer, struct ng_entry *ret_entry)
{
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_query query;
	int r;

	if (ng_request_known(request, name, ret_entry))
		return 0;
	r = ng_request_decode(request, name, bytes, &query);
	return r ? r : make_answer(request, kind, name, &query, answer, ret_entry);
}

static int next_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	return beside_lookup(request, NG_KIND_NEXT, name, ng_answer_next, ret_entry);
}

static int prev_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	return beside_lookup(request, NG_KIND_PREV, name, ng_answer_prev, ret_entry);
}

const struct ng_node_ops ng_node_ops_kwic_dir = {.lookup = kwic_lookup};
const struct ng_node_ops ng_node_ops_df_dir = {.lookup = df_lookup};
const struct ng_node_ops ng_node_ops_next_dir = {.lookup = next_lookup};
const struct ng_node_ops ng_node_ops_prev_dir = {.lookup = prev_lookup};
const struct ng_node_ops ng_node_ops_answer = {.bytes = ng_request_dynamic_bytes,
					       .read = ng_request_dynamic_read};
