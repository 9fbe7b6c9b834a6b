/* SPDX-License-Identifier: Apache-2.0 */
/* /nextword/QUERY, /prevword/QUERY and /wordlist. */
#include "files/answer_word.h"
#include "files/lazy_file.h"
#include "tree/node_ops.h"
#include "files/wordlist_file.h"

/* Occurrences whose words are counted before the file's size is told: some tenths of a second. */
#define MADE_COUNT (1u << 17)

/* Also where the query doesn't occur: the file is empty then. */
static int words_lookup(const struct ng_request *request, enum ng_kind kind, const char *name,
			ng_lazy_file_answer answer, struct ng_entry *ret_entry)
{
	struct ng_indexes *indexes = request->tree->indexes;
	struct ng_node_init init = ng_request_node_init(request, kind, name);
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_stream *stream;
	struct ng_query query;
	uint64_t count;
	int r;

	if (ng_nodes_lookup(request->tree->nodes, request->id, request->index->epoch, name,
			    ret_entry))
		return 0;
	r = ng_request_decode(request, name, bytes, &query);
	if (r == 0)
		r = ng_query_count(request->index->index, &query, request->cancel, &count);
	if (r)
		return r;
	if (count > MADE_COUNT) {
		r = ng_lazy_file_new(indexes, ng_indexes_get(indexes, request->index_no), answer,
				     &query, ng_answer_words_most(request->index->index, count),
				     &stream);
		return r ? r
			 : ng_request_add_stream(request, NG_KIND_LONG_WORDS, name, &query, stream,
						 ret_entry);
	}
	r = answer(request->index->index, &query, request->cancel, &text);
	if (r)
		return r;
	init.query = query.bytes;
	init.query_bytes = query.len;
	init.content = text.data;
	init.content_bytes = text.len;
	text = NG_BUF_INIT;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

static int nextword_lookup(const struct ng_request *request, const char *name,
			   struct ng_entry *ret_entry)
{
	return words_lookup(request, NG_KIND_NEXTWORD, name, ng_answer_nextword, ret_entry);
}

static int prevword_lookup(const struct ng_request *request, const char *name,
			   struct ng_entry *ret_entry)
{
	return words_lookup(request, NG_KIND_PREVWORD, name, ng_answer_prevword, ret_entry);
}

int ng_request_wordlist(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	const struct ng_query query = {.bytes = (const uint8_t *)""};
	struct ng_stream *stream;
	int r = ng_wordlist_file_new(request->tree->indexes,
				     ng_indexes_get(request->tree->indexes, request->index_no),
				     ng_max(request->settings->min_bytes, 1u), &stream);

	return r ? r
		 : ng_request_add_stream(request, NG_KIND_WORDLIST, name, &query, stream,
					 ret_entry);
}

const struct ng_node_ops ng_node_ops_nextword_dir = {.lookup = nextword_lookup};
const struct ng_node_ops ng_node_ops_prevword_dir = {.lookup = prevword_lookup};
