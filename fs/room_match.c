/* /match/QUERY/N.json: one occurrence a file, numbered from 0 in the index's order, or a random
 * one. */
#include "answer.h"
#include "query/shuffle.h"
#include "room.h"

#define SUFFIX ".json"

static int match_dir_lookup(const struct ng_at *at, const char *name, struct ng_entry *ret_entry)
{
	return ng_room_first_page(at, NG_KIND_MATCH_PAGE, name, ret_entry);
}

/* The occurrences [lo, hi) that a page lists. */
static void page_range(const struct ng_at *at, uint64_t *ret_lo, uint64_t *ret_hi)
{
	uint64_t page = at->settings->page_docs, lo;

	if (__builtin_mul_overflow(at->node->number, page, &lo))
		lo = at->node->count;
	*ret_lo = ng_min(lo, at->node->count);
	*ret_hi = *ret_lo + ng_min(page, at->node->count - *ret_lo);
}

/* The occurrence in index order that goes by a number. */
static uint64_t occurrence(const struct ng_at *at, uint64_t number)
{
	struct ng_shuffle shuffle;

	if (!at->settings->random)
		return number;
	shuffle = ng_shuffle_make(at->node->count, at->settings->seed);
	return ng_shuffle_at(&shuffle, number);
}

static int make_match(const struct ng_at *at, const char *name, uint64_t number,
		      struct ng_entry *ret_entry)
{
	const struct ng_asked asked = ng_room_asked(at);
	struct ng_buf answer = NG_BUF_INIT;
	struct ng_node_init init = ng_room_init(at, NG_KIND_MATCH, name);
	int r;

	r = ng_answer_match(at->index->index, &asked, occurrence(at, number),
			    at->settings->match_bytes, at->cancel, &answer);
	if (r) {
		ng_buf_free(&answer);
		return r;
	}
	init.query = at->node->query;
	init.query_bytes = at->node->query_bytes;
	init.number = number;
	init.count = at->node->count;
	init.content = answer.data;
	init.content_bytes = answer.len;
	return ng_nodes_add(at->view->nodes, &init, ret_entry);
}

/* As with documents, any occurrence can be opened in any of the query's pages. */
static int page_lookup(const struct ng_at *at, const char *name, struct ng_entry *ret_entry)
{
	uint64_t lo, hi, number;
	int r;

	if (ng_nodes_lookup(at->view->nodes, at->id, at->index->epoch, name, ret_entry))
		return 0;
	if (strcmp(name, NG_ROOM_MORE) == 0) {
		page_range(at, &lo, &hi);
		return hi < at->node->count ? ng_room_next_page(at, ret_entry) : -ENOENT;
	}
	r = ng_path_number(name, ng_path_width(at->node->count), SUFFIX, &number);
	if (r)
		return r;
	if (number >= at->node->count)
		return -ENOENT;
	return make_match(at, name, number, ret_entry);
}

/* Names only: making a thousand answers is left to whoever reads them. */
static int page_list(const struct ng_at *at, uint64_t offset, ng_view_emit emit, void *userdata)
{
	const struct ng_node *node = at->node;
	int width = (int)ng_path_width(node->count);
	uint64_t lo, hi;

	page_range(at, &lo, &hi);
	for (uint64_t i = offset; i < hi - lo; i++) {
		uint64_t ino =
			ng_room_ino(at, NG_KIND_MATCH, lo + i, node->query, node->query_bytes);
		char text[40];
		struct ng_name name = {text, ino, false, NULL, i + 1};

		snprintf(text, sizeof(text), "%0*llu" SUFFIX, width, (unsigned long long)(lo + i));
		if (!emit(userdata, &name))
			return 0;
	}
	if (hi < node->count && offset <= hi - lo) {
		struct ng_name more = {NG_ROOM_MORE, ng_room_more_ino(at), true, NULL, hi - lo + 1};

		emit(userdata, &more);
	}
	return 0;
}

const struct ng_room ng_room_match_dir = {.lookup = match_dir_lookup};
const struct ng_room ng_room_match_page = {.lookup = page_lookup, .list = page_list};
const struct ng_room ng_room_match = {.bytes = ng_room_kept_bytes, .read = ng_room_kept_read};
