/* SPDX-License-Identifier: Apache-2.0 */
/* /docs/QUERY, /meta/QUERY and /doc: documents and their metadata. */
#include "files/answer.h"
#include "tree/node_ops.h"

#define TEXT_SUFFIX ".txt"
#define META_SUFFIX ".json"

static int doc_entry(const struct ng_request *request, enum ng_kind kind, uint64_t doc,
		     struct ng_entry *ret_entry)
{
	/* Only a damaged index names a document that isn't there. */
	if (doc >= request->index->numbers)
		return -EUCLEAN;
	return ng_request_entry(request, kind, doc, ret_entry);
}

static int doc_number(const struct ng_request *request, const char *name, const char *suffix,
		      uint64_t *ret_doc)
{
	uint64_t doc;
	int r = ng_path_number(name, request->index->doc_width, suffix, &doc);

	if (r)
		return r;
	if (doc >= request->index->numbers)
		return -ENOENT;
	*ret_doc = doc;
	return 0;
}

/* Whether a document counts. */
static int doc_check(const struct ng_request *request, uint64_t doc)
{
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	int r = ng_filter_get(request->index->index, request->settings->scope, NULL,
			      request->cancel, &filter);

	return r == 0 && !ng_filter_has(&filter, doc) ? -ENOENT : r;
}

static int doc_lookup(const struct ng_request *request, const char *name,
		      struct ng_entry *ret_entry)
{
	enum ng_kind kind = NG_KIND_TEXT;
	uint64_t doc = 0;
	int r = doc_number(request, name, TEXT_SUFFIX, &doc);

	if (r < 0) {
		kind = NG_KIND_META;
		r = doc_number(request, name, META_SUFFIX, &doc);
	}
	if (r == 0)
		r = doc_check(request, doc);
	return r < 0 ? r : doc_entry(request, kind, doc, ret_entry);
}

static int docs_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	return ng_request_first_page(request, NG_KIND_DOCS_PAGE, name, ret_entry);
}

static int meta_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	return ng_request_first_page(request, NG_KIND_META_PAGE, name, ret_entry);
}

static bool is_meta(const struct ng_request *request)
{
	return ng_node_kind(request->id) == NG_KIND_META_PAGE;
}

static int get_page(const struct ng_request *request, struct ng_page **ret_page)
{
	const struct ng_query query = ng_request_query(request);

	return ng_listings_page(request->tree->listings, request->index->index, &query,
				request->settings->page_docs, request->node->number,
				request->cancel, ret_page);
}

/* Whether another page follows. Documents are no more than occurrences, so most often the count
 * says no; otherwise the page itself knows. */
static int has_more(const struct ng_request *request, bool *ret_more)
{
	ng_cleanup(ng_page_unrefp) struct ng_page *page = NULL;
	int r;

	if (request->node->count / request->settings->page_docs <= request->node->number) {
		*ret_more = false;
		return 0;
	}
	r = get_page(request, &page);
	if (r)
		return r;
	*ret_more = page->more;
	return 0;
}

/* Any document that holds the query can be opened in any of the query's pages, so that a script
 * that knows the number needn't know the page. */
static int page_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	const struct ng_query query = ng_request_query(request);
	uint64_t doc;
	bool more;
	int r;

	if (strcmp(name, NG_NAME_MORE) == 0) {
		r = has_more(request, &more);
		if (r)
			return r;
		return more ? ng_request_next_page(request, ret_entry) : -ENOENT;
	}
	r = doc_number(request, name, is_meta(request) ? META_SUFFIX : TEXT_SUFFIX, &doc);
	if (r)
		return r;
	r = ng_listings_holds(request->tree->listings, request->index->index, &query,
			      request->settings->page_docs, doc);
	if (r == -EAGAIN)
		r = ng_query_doc_holds(request->index->index, doc, &query, request->node->count,
				       request->cancel);
	if (r < 0)
		return r;
	if (r == 0)
		return -ENOENT;
	return doc_entry(request, is_meta(request) ? NG_KIND_META : NG_KIND_TEXT, doc, ret_entry);
}

static int page_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		     void *userdata)
{
	ng_cleanup(ng_page_unrefp) struct ng_page *page = NULL;
	const char *suffix = is_meta(request) ? META_SUFFIX : TEXT_SUFFIX;
	enum ng_kind kind = is_meta(request) ? NG_KIND_META : NG_KIND_TEXT;
	int r = get_page(request, &page);

	for (uint64_t i = offset; r == 0 && i < page->n_docs; i++) {
		struct ng_entry entry;
		struct ng_name name;
		char text[40];

		r = doc_entry(request, kind, page->docs[i], &entry);
		if (r)
			break;
		snprintf(text, sizeof(text), "%0*llu%s", (int)request->index->doc_width,
			 (unsigned long long)page->docs[i], suffix);
		name = (struct ng_name){text, entry.ino, false, &entry, i + 1};
		if (!emit(userdata, &name))
			return 0;
	}
	if (r == 0 && page->more && offset <= page->n_docs) {
		struct ng_name more = {NG_NAME_MORE, ng_request_more_ino(request), true, NULL,
				       page->n_docs + 1};

		emit(userdata, &more);
	}
	return r;
}

static int text_bytes(const struct ng_request *request, uint64_t *ret_bytes)
{
	return ng_doc_bytes(request->index->index, request->value, ret_bytes);
}

static int text_read(const struct ng_request *request, uint64_t offset, size_t len, uint8_t *buf,
		     size_t *ret_len)
{
	return ng_doc_read(request->index->index, request->value, offset, len, request->cancel, buf,
			   ret_len);
}

static int meta_bytes(const struct ng_request *request, uint64_t *ret_bytes)
{
	return ng_answer_meta_bytes(request->index->index, request->value, ret_bytes);
}

static int meta_read(const struct ng_request *request, uint64_t offset, size_t len, uint8_t *buf,
		     size_t *ret_len)
{
	struct ng_buf text = NG_BUF_INIT;
	int r = ng_answer_meta(request->index->index, request->value, &text);

	if (r == 0)
		ng_node_copy(text.data, text.len, offset, len, buf, ret_len);
	ng_buf_free(&text);
	return r;
}

const struct ng_node_ops ng_node_ops_doc_dir = {.lookup = doc_lookup};
const struct ng_node_ops ng_node_ops_docs_dir = {.lookup = docs_lookup};
const struct ng_node_ops ng_node_ops_meta_dir = {.lookup = meta_lookup};
const struct ng_node_ops ng_node_ops_docs_page = {.lookup = page_lookup, .list = page_list};
const struct ng_node_ops ng_node_ops_text = {.bytes = text_bytes, .read = text_read};
const struct ng_node_ops ng_node_ops_meta = {.bytes = meta_bytes, .read = meta_read};
