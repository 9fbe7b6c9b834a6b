/* /kwic/QUERY, /df/QUERY and its like, /batch/count and its like, and /trace: files that every
 * lookup gives anew. */
#include "answer_next.h"
#include "batch.h"
#include "kwic.h"
#include "lazy_file.h"
#include "node_ops.h"
#include "tracing.h"

/* Lines answered together where an answer may take a tenth of a second, or much longer. */
#define SLOW_LINES 8u

static const struct {
	const char *name;
	ng_batch_file_answer answer;
	size_t together; /* as ng_batch_file_new takes it, where case isn't folded */
} batches[] = {
	{"count", ng_lines_count, NG_BATCH_FILE_LINES},
	{"df", ng_lines_df, SLOW_LINES},
	{"find", ng_lines_find, NG_BATCH_FILE_LINES},
	{"next", ng_lines_next, SLOW_LINES},
	{"prev", ng_lines_prev, SLOW_LINES},
};

static int add(const struct ng_request *request, enum ng_kind kind, const char *name,
	       const uint8_t *query, size_t query_bytes, struct ng_stream *stream,
	       struct ng_entry *ret_entry)
{
	struct ng_node_init init = ng_request_node_init(request, kind, name);
	int r;

	init.query = query;
	init.query_bytes = query_bytes;
	init.stream = stream;
	r = ng_nodes_add(request->tree->nodes, &init, ret_entry);
	if (r == 0)
		ret_entry->growing = true;
	return r;
}

/* Also where the query doesn't occur: the file is empty then. */
static int kwic_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	const struct ng_occurrences_how how = {request->settings->kwic_bytes,
					       request->settings->random, request->settings->seed};
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_stream *stream;
	struct ng_query query;
	int r = ng_request_decode(request, name, bytes, &query);

	if (r == 0)
		r = ng_kwic_new(request->tree->indexes,
				ng_indexes_get(request->tree->indexes, request->index_no), &query,
				&how, &stream);
	return r ? r : add(request, NG_KIND_KWIC, name, bytes, query.len, stream, ret_entry);
}

/* Also where the query doesn't occur. */
static int lazy_lookup(const struct ng_request *request, enum ng_kind kind, const char *name,
		       ng_lazy_file_answer answer, struct ng_entry *ret_entry)
{
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_stream *stream;
	struct ng_query query;
	int r = ng_request_decode(request, name, bytes, &query);

	if (r == 0)
		r = ng_lazy_file_new(request->tree->indexes,
				     ng_indexes_get(request->tree->indexes, request->index_no),
				     answer, &query, &stream);
	return r ? r : add(request, kind, name, bytes, query.len, stream, ret_entry);
}

static int df_lookup(const struct ng_request *request, const char *name, struct ng_entry *ret_entry)
{
	return lazy_lookup(request, NG_KIND_DF, name, ng_answer_df, ret_entry);
}

static int next_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	return lazy_lookup(request, NG_KIND_NEXT, name, ng_answer_next, ret_entry);
}

static int prev_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	return lazy_lookup(request, NG_KIND_PREV, name, ng_answer_prev, ret_entry);
}

static int batch_lookup(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	for (size_t i = 0; i < ng_array_size(batches); i++) {
		struct ng_stream *stream;
		int r;

		if (strcmp(batches[i].name, name) != 0)
			continue;
		r = ng_batch_file_new(request->tree->indexes,
				      ng_indexes_get(request->tree->indexes, request->index_no),
				      batches[i].answer, request->settings,
				      request->settings->fold ? 1 : batches[i].together, &stream);
		return r ? r
			 : add(request, NG_KIND_BATCH, name, (const uint8_t *)name, strlen(name),
			       stream, ret_entry);
	}
	return -ENOENT;
}

static int batch_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		      void *userdata)
{
	for (uint64_t i = offset; i < ng_array_size(batches); i++) {
		const char *text = batches[i].name;
		struct ng_name name = {.name = text, .next = i + 1};

		name.ino = ng_request_ino(request, NG_KIND_BATCH, 0, (const uint8_t *)text,
					  strlen(text));
		if (!emit(userdata, &name))
			break;
	}
	return 0;
}

int ng_request_trace(const struct ng_request *request, const char *name, struct ng_entry *ret_entry)
{
	struct ng_stream *stream;
	int r = ng_tracing_new(request->tree->indexes,
			       ng_indexes_get(request->tree->indexes, request->index_no),
			       request->settings->min_bytes, &stream);

	return r ? r : add(request, NG_KIND_TRACE, name, (const uint8_t *)"", 0, stream, ret_entry);
}

static int stream_read(const struct ng_request *request, uint64_t offset, size_t len, uint8_t *buf,
		       size_t *ret_len)
{
	return ng_stream_read(request->node->stream, offset, len, request->cancel, buf, ret_len);
}

const struct ng_node_ops ng_node_ops_kwic_dir = {.lookup = kwic_lookup};
const struct ng_node_ops ng_node_ops_df_dir = {.lookup = df_lookup};
const struct ng_node_ops ng_node_ops_next_dir = {.lookup = next_lookup};
const struct ng_node_ops ng_node_ops_prev_dir = {.lookup = prev_lookup};
const struct ng_node_ops ng_node_ops_batch_dir = {.lookup = batch_lookup, .list = batch_list};
const struct ng_node_ops ng_node_ops_stream_file = {.read = stream_read};
