#include "answer.h"
#include "json.h"

/* How much of a document is read at once to look for a query in it, and how many occurrences are
 * located at once. */
#define SCAN_BYTES  65536u
#define SCAN_LOCATE 256u

/* With a text store reading is that much cheaper than backward steps. */
#define STORE_SPEEDUP 64u

size_t ng_answer_count(uint64_t count, char text[static NG_ANSWER_COUNT_MAX + 1])
{
	return (size_t)snprintf(text, NG_ANSWER_COUNT_MAX + 1, "%llu\n", (unsigned long long)count);
}

int ng_answer_stats(const struct ng_index *index, struct ng_buf *buf)
{
	struct ng_index_stats s;

	ng_index_stats(index, &s);
	return ng_buf_printf(
		buf,
		"{\"documents\":%llu,\"text_bytes\":%llu,\"shards\":%u,\"index_bytes\":%llu,"
		"\"rank_bytes\":%llu,\"sample_bytes\":%llu,\"metadata_bytes\":%llu,"
		"\"boundary_bytes\":%llu,\"text_store_bytes\":%llu,\"sa_sampling\":%u,"
		"\"format_version\":%u}\n",
		(unsigned long long)s.docs, (unsigned long long)s.text_bytes, s.shards,
		(unsigned long long)s.index_bytes, (unsigned long long)s.bwt_bytes,
		(unsigned long long)s.sample_bytes, (unsigned long long)s.meta_bytes,
		(unsigned long long)s.doc_bytes, (unsigned long long)s.text_store_bytes,
		s.sa_sampling, s.format_version);
}

/* The intervals of a query; *ret_count is their length in sum, *ret_shards their number. */
static int find(const struct ng_index *index, const uint8_t *query, size_t query_bytes,
		const ng_cancel *cancel, struct ng_interval **ret_by_shard, uint32_t *ret_shards,
		uint64_t *ret_count)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	struct ng_index_stats stats;
	uint64_t count = 0;
	int r;

	ng_index_stats(index, &stats);
	by_shard = calloc(ng_max(stats.shards, 1u), sizeof(*by_shard));
	if (!by_shard)
		return -ENOMEM;
	r = ng_find(index, query, query_bytes, cancel, by_shard);
	if (r)
		return r;
	for (uint32_t i = 0; i < stats.shards; i++)
		count += by_shard[i].hi - by_shard[i].lo;
	*ret_by_shard = ng_steal_ptr(&by_shard);
	*ret_shards = stats.shards;
	*ret_count = count;
	return 0;
}

int ng_answer_intervals(const struct ng_interval *by_shard, uint32_t shards, struct ng_buf *buf)
{
	uint64_t count = 0;
	int r;

	for (uint32_t i = 0; i < shards; i++)
		count += by_shard[i].hi - by_shard[i].lo;
	r = ng_buf_printf(buf, "{\"cnt\":%llu,\"segment_by_shard\":[", (unsigned long long)count);
	for (uint32_t i = 0; r == 0 && i < shards; i++)
		r = ng_buf_printf(buf, "%s[%llu,%llu]", i ? "," : "",
				  (unsigned long long)by_shard[i].lo,
				  (unsigned long long)by_shard[i].hi);
	return r ? r : ng_buf_printf(buf, "]}\n");
}

int ng_answer_find(const struct ng_index *index, const uint8_t *query, size_t query_bytes,
		   const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	uint32_t shards;
	uint64_t count;
	int r;

	r = find(index, query, query_bytes, cancel, &by_shard, &shards, &count);
	return r ? r : ng_answer_intervals(by_shard, shards, buf);
}

static int locate_one(const struct ng_index *index, const uint8_t *query, size_t query_bytes,
		      uint64_t number, const ng_cancel *cancel, struct ng_match *ret_match)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	struct ng_match match;
	uint32_t shards;
	uint64_t count;
	size_t n = 0;
	int r;

	r = find(index, query, query_bytes, cancel, &by_shard, &shards, &count);
	if (r)
		return r;
	if (number >= count)
		return -ENOENT;
	r = ng_locate(index, by_shard, number, 1, cancel, &match, &n);
	if (r)
		return r;
	if (n != 1)
		return -EUCLEAN;
	*ret_match = match;
	return 0;
}

/* The three pieces of text, cut out of what was read around the occurrence: `lead` bytes before
 * it, `rest` bytes after. */
static int append_text(struct ng_buf *buf, const uint8_t *text, size_t lead, size_t query_bytes,
		       size_t rest, bool cut_before, bool cut_after)
{
	size_t skip = cut_before ? ng_utf8_tail_bytes(text, lead) : 0;
	const uint8_t *after = text + lead + query_bytes;
	int r;

	if (cut_after)
		rest -= ng_utf8_head_bytes(after, rest);
	r = ng_buf_printf(buf, ",\"before\":");
	if (r == 0)
		r = ng_json_string(buf, text + skip, lead - skip);
	if (r == 0)
		r = ng_buf_printf(buf, ",\"match_text\":");
	if (r == 0)
		r = ng_json_string(buf, text + lead, query_bytes);
	if (r == 0)
		r = ng_buf_printf(buf, ",\"after\":");
	return r ? r : ng_json_string(buf, after, rest);
}

int ng_answer_match(const struct ng_index *index, const uint8_t *query, size_t query_bytes,
		    uint64_t match, uint32_t context_bytes, const ng_cancel *cancel,
		    struct ng_buf *buf)
{
	ng_cleanup(ng_freep) uint8_t *text = NULL;
	ng_cleanup(ng_freep) char *meta = NULL;
	struct ng_match at;
	uint64_t doc_bytes, end;
	size_t lead, want, got, meta_bytes;
	int r;

	r = locate_one(index, query, query_bytes, match, cancel, &at);
	if (r == 0)
		r = ng_doc_bytes(index, at.doc, &doc_bytes);
	if (r)
		return r;
	if (at.offset > doc_bytes || query_bytes > doc_bytes - at.offset)
		return -EUCLEAN;
	end = at.offset + query_bytes;
	lead = ng_min(at.offset, (uint64_t)context_bytes);
	want = lead + query_bytes + ng_min(doc_bytes - end, (uint64_t)context_bytes);
	text = malloc(ng_max(want, (size_t)1));
	if (!text)
		return -ENOMEM;
	r = ng_doc_read(index, at.doc, at.offset - lead, want, cancel, text, &got);
	if (r == 0 && got != want)
		r = -EUCLEAN;
	if (r == 0)
		r = ng_doc_meta(index, at.doc, &meta, &meta_bytes);
	if (r == 0)
		r = ng_buf_printf(
			buf, "{\"match\":%llu,\"document\":%llu,\"doc_len\":%llu,\"offset\":%llu",
			(unsigned long long)match, (unsigned long long)at.doc,
			(unsigned long long)doc_bytes, (unsigned long long)at.offset);
	if (r == 0)
		r = append_text(buf, text, lead, query_bytes, want - lead - query_bytes,
				at.offset > lead, doc_bytes > at.offset - lead + want);
	if (r == 0)
		r = ng_buf_printf(buf, ",\"metadata\":");
	if (r == 0)
		r = ng_buf_append(buf, meta, meta_bytes);
	return r ? r : ng_buf_append(buf, "}\n", 2);
}

int ng_answer_meta(const struct ng_index *index, uint64_t doc, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) char *meta = NULL;
	size_t meta_bytes;
	int r;

	r = ng_doc_meta(index, doc, &meta, &meta_bytes);
	if (r == 0)
		r = ng_buf_append(buf, meta, meta_bytes);
	return r ? r : ng_buf_append(buf, "\n", 1);
}

int ng_answer_meta_bytes(const struct ng_index *index, uint64_t doc, uint64_t *ret_bytes)
{
	uint64_t bytes;
	int r = ng_doc_meta_bytes(index, doc, &bytes);

	if (r)
		return r;
	*ret_bytes = bytes + 1;
	return 0;
}

static int holds_by_locating(const struct ng_index *index, uint64_t doc, const uint8_t *query,
			     size_t query_bytes, const ng_cancel *cancel)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	struct ng_match matches[SCAN_LOCATE];
	uint32_t shards;
	uint64_t count, first = 0;
	size_t n;
	int r;

	r = find(index, query, query_bytes, cancel, &by_shard, &shards, &count);
	while (r == 0 && first < count) {
		r = ng_locate(index, by_shard, first, SCAN_LOCATE, cancel, matches, &n);
		if (r == 0 && n == 0)
			r = -EUCLEAN;
		for (size_t i = 0; r == 0 && i < n; i++) {
			if (matches[i].doc == doc)
				return 1;
		}
		first += SCAN_LOCATE;
	}
	return r;
}

static int holds_by_reading(const struct ng_index *index, uint64_t doc, const uint8_t *query,
			    size_t query_bytes, const ng_cancel *cancel)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	uint64_t offset = 0;
	size_t kept = 0, got;
	int r = ng_buf_reserve(&text, query_bytes + SCAN_BYTES);

	while (r == 0) {
		r = ng_doc_read(index, doc, offset, SCAN_BYTES, cancel, text.data + kept, &got);
		if (r || got == 0)
			break;
		if (memmem(text.data, kept + got, query, query_bytes))
			return 1;
		offset += got;
		/* What could begin an occurrence that ends in the next piece. */
		got += kept;
		kept = ng_min(got, query_bytes - 1);
		memmove(text.data, text.data + got - kept, kept);
	}
	return r;
}

int ng_answer_doc_holds(const struct ng_index *index, uint64_t doc, const uint8_t *query,
			size_t query_bytes, uint64_t count, const ng_cancel *cancel)
{
	struct ng_index_stats stats;
	uint64_t doc_bytes, read_steps;
	int r = ng_doc_bytes(index, doc, &doc_bytes);

	if (r)
		return r;
	if (count == 0 || query_bytes > doc_bytes)
		return 0;
	ng_index_stats(index, &stats);
	read_steps = stats.text_store_bytes ? doc_bytes / STORE_SPEEDUP : doc_bytes;
	if (count <= read_steps / ng_max(stats.sa_sampling, 1u))
		return holds_by_locating(index, doc, query, query_bytes, cancel);
	return holds_by_reading(index, doc, query, query_bytes, cancel);
}
