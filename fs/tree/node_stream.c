/* SPDX-License-Identifier: Apache-2.0 */
/* Streams, which every lookup gives anew: /batch/count and its like, /repeats and /trace. */
#include "files/batch.h"
#include "files/batch_first.h"
#include "files/repeats_file.h"
#include "tree/node_ops.h"
#include "files/tracing.h"

/* Lines answered together where an answer may take a tenth of a second, or much longer. */
#define SLOW_LINES 8u

static const struct {
	const char *name;
	ng_batch_file_answer answer;
	size_t together; /* as ng_batch_file_new takes it, where no answer takes long */
	bool limits;     /* it knows that some don't count */
} batches[] = {
	{"count", ng_lines_count, NG_BATCH_FILE_LINES, true},
	{"df", ng_lines_df, SLOW_LINES, true},
	{"find", ng_lines_find, NG_BATCH_FILE_LINES, false},
	{"kwic", ng_first_kwic, SLOW_LINES, true},
	{"lines", ng_first_lines, SLOW_LINES, true},
	{"match", ng_first_match, SLOW_LINES, true},
	{"next", ng_lines_next, SLOW_LINES, false},
	{"prev", ng_lines_prev, SLOW_LINES, false},
};

/* The directory beside them. */
#define NAME_FACET "facet"

static bool is_shown(const struct ng_request *request, size_t i)
{
	return batches[i].limits || !ng_scope_limits(request->settings->scope);
}

static int facet_dir(const struct ng_request *request, struct ng_entry *ret_entry)
{
	if (request->node)
		return ng_request_dynamic_dir(request, NG_KIND_BATCH_FACET_DIR, NAME_FACET,
					      request->node->settings, ret_entry);
	return ng_request_entry(request, NG_KIND_BATCH_FACET_DIR, ng_request_epoch_below(request),
				ret_entry);
}

int ng_request_add_stream(const struct ng_request *request, enum ng_kind kind, const char *name,
			  const struct ng_query *query, struct ng_stream *stream,
			  struct ng_entry *ret_entry)
{
	struct ng_node_init init = ng_request_node_init(request, kind, name);
	int r;

	if (request->tree->no_streams) {
		ng_stream_free(stream);
		return -EOPNOTSUPP;
	}
	ng_stream_join(stream, request->tree->streams);
	init.query = query->bytes;
	init.query_bytes = query->len;
	init.stream = stream;
	r = ng_nodes_add(request->tree->nodes, &init, ret_entry);
	if (r == 0) {
		ret_entry->stream = true;
		ret_entry->bytes = ng_stream_bytes(stream);
	}
	return r;
}

static int batch_lookup(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	const struct ng_query query = {.bytes = (const uint8_t *)name, .len = strlen(name)};

	if (strcmp(name, NAME_FACET) == 0)
		return facet_dir(request, ret_entry);
	for (size_t i = 0; i < ng_array_size(batches); i++) {
		struct ng_stream *stream;
		int r;

		if (strcmp(batches[i].name, name) != 0 || !is_shown(request, i))
			continue;
		r = ng_batch_file_new(request->tree->indexes,
				      ng_indexes_get(request->tree->indexes, request->index_no),
				      batches[i].answer, request->settings,
				      request->settings->fold || request->settings->scope
					      ? 1
					      : batches[i].together,
				      &stream);
		return r ? r
			 : ng_request_add_stream(request, NG_KIND_BATCH, name, &query, stream,
						 ret_entry);
	}
	return -ENOENT;
}

static int batch_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		      void *userdata)
{
	struct ng_name facet = {.name = NAME_FACET, .is_dir = true, .next = 1};

	if (request->tree->no_streams)
		return 0;
	facet.ino = ng_node_id_make(NG_KIND_BATCH_FACET_DIR, request->index_no, 0);
	if (request->node)
		facet.ino =
			ng_request_ino(request, NG_KIND_BATCH_FACET_DIR, 0, (const uint8_t *)"", 0);
	if (offset == 0 && !emit(userdata, &facet))
		return 0;
	for (uint64_t i = offset ? offset - 1 : 0; i < ng_array_size(batches); i++) {
		const char *text = batches[i].name;
		struct ng_name name = {.name = text, .next = i + 2};

		if (!is_shown(request, i))
			continue;
		name.ino = ng_request_ino(request, NG_KIND_BATCH, 0, (const uint8_t *)text,
					  strlen(text));
		if (!emit(userdata, &name))
			break;
	}
	return 0;
}

int ng_request_trace(const struct ng_request *request, const char *name, struct ng_entry *ret_entry)
{
	const struct ng_query query = {.bytes = (const uint8_t *)""};
	const struct ng_settings *settings = request->settings;
	const unsigned folds = settings->fold & ~NG_QUERY_WORD;
	const struct ng_tracing_options options = {
		.trace = {.min_bytes =
				  settings->min_bytes ? settings->min_bytes : NG_TRACING_MIN_BYTES,
			  .at_least = settings->at_least ? settings->at_least : 1,
			  .at_most = settings->at_most ? settings->at_most : UINT64_MAX,
			  .word = settings->fold & NG_QUERY_WORD,
			  .folds = folds},
		.line = {.docs = settings->docs,
			 .contexts = settings->contexts,
			 .context_bytes = settings->match_bytes,
			 .varies = folds},
	};
	struct ng_stream *stream;
	int r = ng_tracing_new(request->tree->indexes,
			       ng_indexes_get(request->tree->indexes, request->index_no), &options,
			       &stream);

	return r ? r
		 : ng_request_add_stream(request, NG_KIND_TRACE, name, &query, stream, ret_entry);
}

int ng_request_repeats(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	const struct ng_query query = {.bytes = (const uint8_t *)""};
	const struct ng_settings *settings = request->settings;
	const struct ng_often_options options = {
		.min_bytes = settings->min_bytes ? settings->min_bytes : NG_REPEATS_MIN_BYTES,
		.at_least = settings->at_least ? settings->at_least : NG_REPEATS_AT_LEAST,
		.at_most = settings->at_most ? settings->at_most : UINT64_MAX,
		.word = settings->fold & NG_QUERY_WORD,
	};
	struct ng_stream *stream;
	int r = ng_repeats_file_new(request->tree->indexes,
				    ng_indexes_get(request->tree->indexes, request->index_no),
				    &options, settings->keep_first, &stream);

	return r ? r
		 : ng_request_add_stream(request, NG_KIND_REPEATS, name, &query, stream, ret_entry);
}

static int stream_read(const struct ng_request *request, uint64_t offset, size_t len, uint8_t *buf,
		       size_t *ret_len)
{
	return ng_stream_read(request->node->stream, offset, len, request->cancel, buf, ret_len);
}

const struct ng_node_ops ng_node_ops_batch_dir = {.lookup = batch_lookup, .list = batch_list};
const struct ng_node_ops ng_node_ops_stream_file = {.read = stream_read};
