/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/kinds.h"

#include "tree/node_ops.h"

static const struct ng_node_ops *const node_ops[NG_KINDS] = {
	[NG_KIND_ROOT] = &ng_node_ops_root,
	[NG_KIND_INDEX] = &ng_node_ops_index,
	[NG_KIND_README] = &ng_node_ops_readme,
	[NG_KIND_STATS] = &ng_node_ops_stats,
	[NG_KIND_COUNT_DIR] = &ng_node_ops_count_dir,
	[NG_KIND_FIND_DIR] = &ng_node_ops_find_dir,
	[NG_KIND_DOCS_DIR] = &ng_node_ops_docs_dir,
	[NG_KIND_META_DIR] = &ng_node_ops_meta_dir,
	[NG_KIND_MATCH_DIR] = &ng_node_ops_match_dir,
	[NG_KIND_DOC_DIR] = &ng_node_ops_doc_dir,
	[NG_KIND_KWIC_DIR] = &ng_node_ops_kwic_dir,
	[NG_KIND_BATCH_DIR] = &ng_node_ops_batch_dir,
	[NG_KIND_DF_DIR] = &ng_node_ops_df_dir,
	[NG_KIND_NEXT_DIR] = &ng_node_ops_next_dir,
	[NG_KIND_PREV_DIR] = &ng_node_ops_prev_dir,
	[NG_KIND_NEXTWORD_DIR] = &ng_node_ops_nextword_dir,
	[NG_KIND_PREVWORD_DIR] = &ng_node_ops_prevword_dir,
	[NG_KIND_LINES_DIR] = &ng_node_ops_lines_dir,
	[NG_KIND_GREP_DIR] = &ng_node_ops_grep_dir,
	[NG_KIND_WITH_DIR] = &ng_node_ops_with_dir,
	[NG_KIND_FACET_DIR] = &ng_node_ops_facet_dir,
	[NG_KIND_BATCH_FACET_DIR] = &ng_node_ops_batch_facet_dir,
	[NG_KIND_FACET_FIELD] = &ng_node_ops_facet_field,
	[NG_KIND_FILES_DIR] = &ng_node_ops_files_dir,
	[NG_KIND_FILES_SUB] = &ng_node_ops_files_dir,
	[NG_KIND_FACET] = &ng_node_ops_answer,
	[NG_KIND_SETTINGS] = &ng_node_ops_index,
	[NG_KIND_COUNT] = &ng_node_ops_count,
	[NG_KIND_TEXT] = &ng_node_ops_text,
	[NG_KIND_META] = &ng_node_ops_meta,
	[NG_KIND_FIND] = &ng_node_ops_find,
	[NG_KIND_DOCS_PAGE] = &ng_node_ops_docs_page,
	[NG_KIND_META_PAGE] = &ng_node_ops_docs_page,
	[NG_KIND_MATCH_PAGE] = &ng_node_ops_match_page,
	[NG_KIND_MATCH] = &ng_node_ops_match,
	[NG_KIND_KWIC] = &ng_node_ops_answer,
	[NG_KIND_DF] = &ng_node_ops_answer,
	[NG_KIND_NEXT] = &ng_node_ops_answer,
	[NG_KIND_PREV] = &ng_node_ops_answer,
	[NG_KIND_NEXTWORD] = &ng_node_ops_answer,
	[NG_KIND_PREVWORD] = &ng_node_ops_answer,
	[NG_KIND_LINES] = &ng_node_ops_answer,
	[NG_KIND_GREP] = &ng_node_ops_answer,
	[NG_KIND_LONG_KWIC] = &ng_node_ops_stream_file,
	[NG_KIND_LONG_DF] = &ng_node_ops_stream_file,
	[NG_KIND_LONG_WORDS] = &ng_node_ops_stream_file,
	[NG_KIND_WORDLIST] = &ng_node_ops_stream_file,
	[NG_KIND_REPEATS] = &ng_node_ops_stream_file,
	[NG_KIND_LONG_COUNT] = &ng_node_ops_stream_file,
	[NG_KIND_LONG_FACET] = &ng_node_ops_stream_file,
	[NG_KIND_LONG_LINES] = &ng_node_ops_stream_file,
	[NG_KIND_LONG_GREP] = &ng_node_ops_stream_file,
	[NG_KIND_BATCH] = &ng_node_ops_stream_file,
	[NG_KIND_TRACE] = &ng_node_ops_stream_file,
};

const struct ng_node_ops *ng_kind_ops(enum ng_kind kind)
{
	return node_ops[kind];
}

bool ng_kind_needs_no_shard(enum ng_kind kind)
{
	switch (kind) {
	case NG_KIND_ROOT:
	case NG_KIND_INDEX:
	case NG_KIND_SETTINGS:
	case NG_KIND_WITH_DIR:
	case NG_KIND_BATCH_DIR:
	case NG_KIND_README:
	case NG_KIND_STATS:
	case NG_KIND_COUNT:
		return true;
	default:
		return false;
	}
}

bool ng_kind_lookup_is_long(enum ng_kind kind)
{
	switch (kind) {
	case NG_KIND_KWIC_DIR:
	case NG_KIND_DF_DIR:
	case NG_KIND_NEXT_DIR:
	case NG_KIND_PREV_DIR:
	case NG_KIND_NEXTWORD_DIR:
	case NG_KIND_PREVWORD_DIR:
	case NG_KIND_FACET_FIELD:
	case NG_KIND_LINES_DIR:
	case NG_KIND_GREP_DIR:
	case NG_KIND_DOCS_PAGE:
	case NG_KIND_META_PAGE:
	case NG_KIND_FILES_DIR:
	case NG_KIND_FILES_SUB:
		return true;
	default:
		return false;
	}
}

bool ng_tree_list_is_long(ng_node_id dir)
{
	unsigned kind = ng_node_kind(dir);

	return kind == NG_KIND_DOCS_PAGE || kind == NG_KIND_META_PAGE ||
	       kind == NG_KIND_FILES_DIR || kind == NG_KIND_FILES_SUB;
}

bool ng_tree_is_dir(ng_node_id id)
{
	unsigned kind = ng_node_kind(id);

	return kind < NG_KINDS && node_ops[kind]->lookup;
}

bool ng_tree_is_writable(ng_node_id id)
{
	return ng_node_kind(id) == NG_KIND_BATCH || ng_node_kind(id) == NG_KIND_TRACE;
}

bool ng_tree_is_stream(ng_node_id id)
{
	return ng_node_kind(id) >= NG_KIND_FIRST_STREAM;
}
