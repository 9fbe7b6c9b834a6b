/* SPDX-License-Identifier: Apache-2.0 */
/* /lines/QUERY and /grep/REGEX: what is short is made before its size is told, and is a file as any
 * other; the rest are streams. */
#include "files/line_file.h"
#include "tree/node_ops.h"

static int lookup(const struct ng_request *request, const char *name, bool regex,
		  struct ng_entry *ret_entry)
{
	const struct ng_settings *settings = request->settings;
	const struct ng_line_file_how how = {regex, settings->scan, settings->scan_all,
					     settings->line_bytes};
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	struct ng_indexes *indexes = request->tree->indexes;
	struct ng_error err = {""};
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_stream *stream;
	struct ng_query query;
	int r;

	if (ng_request_known(request, name, ret_entry))
		return 0;
	r = ng_request_decode(request, name, bytes, &query);
	if (r == 0)
		r = ng_line_file_new(indexes, ng_indexes_get(indexes, request->index_no), &query,
				     &how, request->cancel, &stream, &err);
	if (r) {
		ng_request_refuse(request, regex ? "grep" : "lines", name, &err);
		return r;
	}
	if (!ng_line_file_is_short(stream))
		return ng_request_add_stream(request,
					     regex ? NG_KIND_LONG_GREP : NG_KIND_LONG_LINES, name,
					     &query, stream, ret_entry);
	r = ng_line_file_all(stream, request->cancel, &text);
	ng_stream_free(stream);
	return r ? r
		 : ng_request_add_answer(request, regex ? NG_KIND_GREP : NG_KIND_LINES, name,
					 &query, &text, ret_entry);
}

static int lines_lookup(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	return lookup(request, name, false, ret_entry);
}

static int grep_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	return lookup(request, name, true, ret_entry);
}

const struct ng_node_ops ng_node_ops_lines_dir = {.lookup = lines_lookup};
const struct ng_node_ops ng_node_ops_grep_dir = {.lookup = grep_lookup};
