/* SPDX-License-Identifier: Apache-2.0 */
/* /count/QUERY and /find/QUERY. */
#include "files/answer.h"
#include "files/lazy_file.h"
#include "tree/node_ops.h"

/* Occurrences that are located for a count of those that count before its size is told: some
 * hundredths of a second. */
#define MADE_COUNT 8192u

static int answer_count(const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	char text[NG_ANSWER_COUNT_MAX + 1];
	uint64_t count;
	int r = ng_query_count(index, query, cancel, &count);

	return r ? r : ng_buf_append(buf, text, ng_answer_count(count, text));
}

/* Where some don't count, of a frequent query: counted when it is read. Where there are no such
 * files, it is counted at once. */
static int long_count(const struct ng_request *request, const char *name,
		      const struct ng_query *query, bool *ret_made, struct ng_entry *ret_entry)
{
	struct ng_indexes *indexes = request->tree->indexes;
	struct ng_stream *stream;
	uint64_t work;
	int r;

	*ret_made = false;
	if (!ng_scope_limits(query->scope) || request->tree->no_streams)
		return 0;
	r = ng_query_work(request->index->index, query, request->cancel, &work);
	if (r || work <= MADE_COUNT)
		return r;
	*ret_made = true;
	r = ng_lazy_file_new(indexes, ng_indexes_hold(indexes, request->index), answer_count, query,
			     NG_ANSWER_COUNT_MAX, &stream);
	return r ? r
		 : ng_request_add_stream(request, NG_KIND_LONG_COUNT, name, query, stream,
					 ret_entry);
}

/* The count is the node's number: nothing to remember. */
static int count_lookup(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	uint8_t bytes[NG_PATH_NAME_MAX];
	char text[NG_ANSWER_COUNT_MAX + 1];
	struct ng_query query;
	uint64_t count;
	bool made = false;
	int r;

	r = ng_request_decode(request, name, bytes, &query);
	if (r == 0)
		r = long_count(request, name, &query, &made, ret_entry);
	if (r == 0 && made)
		return 0;
	if (r == 0)
		r = ng_query_count(request->index->index, &query, request->cancel, &count);
	if (r)
		return r;
	/* No more occurrences than bytes of text; more come from a damaged index. */
	if (count >= ng_node_value_limit(request->index_no))
		return -EUCLEAN;
	ret_entry->id = ng_node_id_make(NG_KIND_COUNT, request->index_no, count);
	ret_entry->ino = ret_entry->id;
	ret_entry->bytes = ng_answer_count(count, text);
	return 0;
}

static int count_bytes(const struct ng_request *request, uint64_t *ret_bytes)
{
	char text[NG_ANSWER_COUNT_MAX + 1];

	*ret_bytes = ng_answer_count(request->value, text);
	return 0;
}

static int count_read(const struct ng_request *request, uint64_t offset, size_t len, uint8_t *buf,
		      size_t *ret_len)
{
	char text[NG_ANSWER_COUNT_MAX + 1];
	size_t n = ng_answer_count(request->value, text);

	ng_node_copy(text, n, offset, len, buf, ret_len);
	return 0;
}

static int find_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	struct ng_buf answer = NG_BUF_INIT;
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_node_init init = ng_request_node_init(request, NG_KIND_FIND, name);
	struct ng_query query;
	int r;

	if (ng_nodes_lookup(request->tree->nodes, request->id, init.epoch, name, ret_entry))
		return 0;
	r = ng_request_decode(request, name, bytes, &query);
	if (r == 0)
		r = ng_answer_find(request->index->index, &query, request->cancel, &answer);
	if (r) {
		ng_buf_free(&answer);
		return r;
	}
	init.query = bytes;
	init.query_bytes = query.len;
	init.content = answer.data;
	init.content_bytes = answer.len;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

const struct ng_node_ops ng_node_ops_count_dir = {.lookup = count_lookup};
const struct ng_node_ops ng_node_ops_count = {.bytes = count_bytes, .read = count_read};
const struct ng_node_ops ng_node_ops_find_dir = {.lookup = find_lookup};
const struct ng_node_ops ng_node_ops_find = {.bytes = ng_request_dynamic_bytes,
					     .read = ng_request_dynamic_read};
