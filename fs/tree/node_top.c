/* SPDX-License-Identifier: Apache-2.0 */
/* The root, the root of an index, and the files that stand in it. */
#include "files/answer.h"
#include "files/repeats_file.h"
#include "tree/node_ops.h"

static const struct {
	const char *name;
	enum ng_kind kind;
} names[] = {
	{"README", NG_KIND_README},     {"batch", NG_KIND_BATCH_DIR},
	{"count", NG_KIND_COUNT_DIR},   {"df", NG_KIND_DF_DIR},
	{"doc", NG_KIND_DOC_DIR},       {"docs", NG_KIND_DOCS_DIR},
	{"facet", NG_KIND_FACET_DIR},   {"files", NG_KIND_FILES_DIR},
	{"find", NG_KIND_FIND_DIR},     {"grep", NG_KIND_GREP_DIR},
	{"kwic", NG_KIND_KWIC_DIR},     {"lines", NG_KIND_LINES_DIR},
	{"match", NG_KIND_MATCH_DIR},   {"meta", NG_KIND_META_DIR},
	{"next", NG_KIND_NEXT_DIR},     {"nextword", NG_KIND_NEXTWORD_DIR},
	{"prev", NG_KIND_PREV_DIR},     {"prevword", NG_KIND_PREVWORD_DIR},
	{"repeats", NG_KIND_REPEATS},   {"stats", NG_KIND_STATS},
	{"trace", NG_KIND_TRACE},       {"with", NG_KIND_WITH_DIR},
	{"wordlist", NG_KIND_WORDLIST},
};

const char *ng_node_top_name(size_t i)
{
	return i < ng_array_size(names) ? names[i].name : NULL;
}

/* README and stats are kept, so that whoever has opened one reads it to its end as it was. */
static int dynamic_lookup(const struct ng_request *request, enum ng_kind kind, const char *name,
			  struct ng_entry *ret_entry)
{
	struct ng_buf text = NG_BUF_INIT;
	struct ng_node_init init = ng_request_node_init(request, kind, name);
	int r;

	if (ng_nodes_lookup(request->tree->nodes, request->id, init.epoch, name, ret_entry))
		return 0;
	if (kind == NG_KIND_README)
		r = ng_answer_readme(request->index->index, request->settings->page_docs, &text);
	else
		r = ng_answer_stats(request->index->index, &text);
	if (r) {
		ng_buf_free(&text);
		return r;
	}
	init.content = text.data;
	init.content_bytes = text.len;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

static bool is_dynamic(enum ng_kind kind)
{
	return kind >= NG_KIND_FIRST_DYNAMIC;
}

static bool is_stream(enum ng_kind kind)
{
	return kind == NG_KIND_TRACE || kind == NG_KIND_WORDLIST || kind == NG_KIND_REPEATS;
}

/* Whether a kind of question knows that some occurrences don't count. */
static bool knows_limits(enum ng_kind kind)
{
	switch (kind) {
	case NG_KIND_FIND_DIR:
	case NG_KIND_NEXT_DIR:
	case NG_KIND_PREV_DIR:
	case NG_KIND_NEXTWORD_DIR:
	case NG_KIND_PREVWORD_DIR:
	case NG_KIND_REPEATS:
	case NG_KIND_TRACE:
	case NG_KIND_WORDLIST:
		return false;
	default:
		return true;
	}
}

/* Whether it is of a query's occurrences: near= and any= say something of these only. */
static bool is_of_occurrences(enum ng_kind kind)
{
	switch (kind) {
	case NG_KIND_DOC_DIR:
	case NG_KIND_FILES_DIR:
	case NG_KIND_GREP_DIR:
	case NG_KIND_REPEATS:
	case NG_KIND_TRACE:
	case NG_KIND_WORDLIST:
		return false;
	default:
		return true;
	}
}

static bool is_in_scope(const struct ng_scope *scope, enum ng_kind kind)
{
	if (ng_scope_limits(scope) && !knows_limits(kind))
		return false;
	return is_of_occurrences(kind) || !(ng_scope_is_near(scope) || ng_scope_has_any(scope));
}

/* Under settings of /repeats and /trace alone nothing else is there that might seem to be under
 * them. */
static bool is_under_own(const struct ng_settings *settings, enum ng_kind kind)
{
	if (kind == NG_KIND_REPEATS)
		return !settings->at_most || settings->at_most >= NG_REPEATS_AT_LEAST;
	if (kind == NG_KIND_TRACE)
		return !settings->keep_first;
	return !settings->at_least && !settings->at_most && !settings->keep_first;
}

/* What of folds and whole words a kind doesn't know. */
static unsigned folds_unknown(enum ng_kind kind)
{
	switch (kind) {
	case NG_KIND_WORDLIST:
		return UINT_MAX;
	case NG_KIND_REPEATS:
		return ~NG_QUERY_WORD;
	case NG_KIND_GREP_DIR:
		return ~NG_FOLD_CASE;
	default:
		return 0;
	}
}

/* /with isn't in itself. */
static bool is_shown(const struct ng_request *request, enum ng_kind kind)
{
	const struct ng_settings *settings = request->settings;

	return is_in_scope(settings->scope, kind) && is_under_own(settings, kind) &&
	       !(settings->fold & folds_unknown(kind)) &&
	       (kind != NG_KIND_WITH_DIR || !request->node);
}

static int index_lookup(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	for (size_t i = 0; i < ng_array_size(names); i++) {
		enum ng_kind kind = names[i].kind;

		if (strcmp(names[i].name, name) != 0 || !is_shown(request, kind))
			continue;
		if (kind == NG_KIND_TRACE)
			return ng_request_trace(request, name, ret_entry);
		if (kind == NG_KIND_REPEATS)
			return ng_request_repeats(request, name, ret_entry);
		if (kind == NG_KIND_WORDLIST)
			return ng_request_wordlist(request, name, ret_entry);
		if (is_dynamic(kind))
			return dynamic_lookup(request, kind, name, ret_entry);
		if (request->node)
			return ng_request_dynamic_dir(request, kind, name, request->node->settings,
						      ret_entry);
		return ng_request_entry(request, kind, ng_request_epoch_below(request), ret_entry);
	}
	return -ENOENT;
}

static int index_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		      void *userdata)
{
	for (uint64_t i = offset; i < ng_array_size(names); i++) {
		enum ng_kind kind = names[i].kind;
		struct ng_name name = {.name = names[i].name, .next = i + 1};
		struct ng_entry entry;

		if (!is_shown(request, kind) || (is_stream(kind) && request->tree->no_streams))
			continue;
		name.is_dir = !is_dynamic(kind);
		if (is_dynamic(kind) || request->node) {
			name.ino = ng_request_ino(request, kind, 0, (const uint8_t *)"", 0);
		} else {
			int r = ng_request_entry(request, kind, ng_request_epoch_below(request),
						 &entry);

			if (r)
				return r;
			name.ino = entry.ino;
			name.entry = &entry;
		}
		if (!emit(userdata, &name))
			break;
	}
	return 0;
}

/* The directory of one index of several. */
static int root_entry(const struct ng_request *request, size_t i, struct ng_entry *ret_entry)
{
	struct ng_request in = *request;
	int r;

	in.index = ng_indexes_get(request->tree->indexes, i);
	in.index_no = (unsigned)i;
	r = ng_request_entry(&in, NG_KIND_INDEX, in.index->epoch, ret_entry);
	ng_indexes_put(request->tree->indexes, in.index);
	return r;
}

static int root_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	for (size_t i = 0; i < ng_indexes_count(request->tree->indexes); i++) {
		if (strcmp(ng_indexes_name(request->tree->indexes, i), name) == 0)
			return root_entry(request, i, ret_entry);
	}
	return -ENOENT;
}

static int root_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		     void *userdata)
{
	for (uint64_t i = offset; i < ng_indexes_count(request->tree->indexes); i++) {
		struct ng_name name = {.name = ng_indexes_name(request->tree->indexes, i),
				       .is_dir = true,
				       .next = i + 1};
		struct ng_entry entry;
		int r = root_entry(request, i, &entry);

		if (r)
			return r;
		name.ino = entry.ino;
		name.entry = &entry;
		if (!emit(userdata, &name))
			break;
	}
	return 0;
}

const struct ng_node_ops ng_node_ops_root = {.lookup = root_lookup, .list = root_list};
const struct ng_node_ops ng_node_ops_index = {.lookup = index_lookup, .list = index_list};
const struct ng_node_ops ng_node_ops_readme = {.bytes = ng_request_dynamic_bytes,
					       .read = ng_request_dynamic_read};
const struct ng_node_ops ng_node_ops_stats = {.bytes = ng_request_dynamic_bytes,
					      .read = ng_request_dynamic_read};
