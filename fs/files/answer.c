/* SPDX-License-Identifier: Apache-2.0 */
#include "files/answer.h"
#include "base/json.h"
#include "base/utf8.h"

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
		"\"format_version\":%u,\"removed_documents\":%llu,\"removed_text_bytes\":%llu}\n",
		(unsigned long long)s.docs, (unsigned long long)s.text_bytes, s.shards,
		(unsigned long long)s.index_bytes, (unsigned long long)s.bwt_bytes,
		(unsigned long long)s.sample_bytes, (unsigned long long)s.meta_bytes,
		(unsigned long long)s.doc_bytes, (unsigned long long)s.text_store_bytes,
		s.sa_sampling, s.format_version, (unsigned long long)s.removed_docs,
		(unsigned long long)s.removed_text_bytes);
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

static int answer_exact(const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	struct ng_index_stats stats;
	int r;

	ng_index_stats(index, &stats);
	by_shard = calloc(ng_max(stats.shards, 1u), sizeof(*by_shard));
	if (!by_shard)
		return -ENOMEM;
	r = ng_find(index, query->bytes, query->len, cancel, by_shard);
	return r ? r : ng_answer_intervals(by_shard, stats.shards, buf);
}

static int append_range(struct ng_buf *buf, const struct ng_range *range, bool more)
{
	int r = ng_buf_printf(buf, "%s[%llu,%llu", more ? "," : "", (unsigned long long)range->lo,
			      (unsigned long long)range->hi);

	if (r == 0 && range->lead)
		r = ng_buf_printf(buf, ",%u", range->lead);
	return r ? r : ng_buf_append(buf, "]", 1);
}

/* A list of intervals for each shard. */
static int answer_folded(const struct ng_index *index, const struct ng_query *query,
			 const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	const struct ng_range *range, *end;
	struct ng_index_stats stats;
	int r = ng_query_find(index, query, cancel, &ranges);

	if (r)
		return r;
	ng_index_stats(index, &stats);
	range = ranges.list;
	end = range + ranges.n;
	r = ng_buf_printf(buf, "{\"cnt\":%llu,\"segment_by_shard\":[",
			  (unsigned long long)ranges.count);
	for (uint32_t s = 0; r == 0 && s < stats.shards; s++) {
		const struct ng_range *first = range;

		r = ng_buf_printf(buf, s ? ",[" : "[");
		for (; r == 0 && range < end && range->shard == s; range++)
			r = append_range(buf, range, range > first);
		if (r == 0)
			r = ng_buf_printf(buf, "]");
	}
	return r ? r : ng_buf_printf(buf, "]}\n");
}

int ng_answer_find(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, struct ng_buf *buf)
{
	bool exact = !query->fold && !ng_scope_has_any(query->scope);

	return (exact ? answer_exact : answer_folded)(index, query, cancel, buf);
}

void ng_found_clear(struct ng_found *found)
{
	ng_ranges_clear(&found->ranges);
	ng_survivors_clear(&found->survivors);
	found->count = 0;
}

int ng_found_make(const struct ng_index *index, const struct ng_query *query,
		  const ng_cancel *cancel, struct ng_found *ret_found)
{
	struct ng_found found = {.ranges = NG_RANGES_INIT};
	int r = ng_query_find(index, query, cancel, &found.ranges);

	found.count = found.ranges.count;
	if (r == 0 && ng_scope_limits(query->scope)) {
		r = ng_survivors_get(index, &found.ranges, query->scope, cancel, &found.survivors);
		if (r == 0)
			found.count = found.survivors.bits->count;
	}
	if (r) {
		ng_found_clear(&found);
		return r;
	}
	*ret_found = found;
	return 0;
}

static int locate_one(const struct ng_index *index, const struct ng_found *found, uint64_t number,
		      const ng_cancel *cancel, struct ng_match *ret_match, size_t *ret_bytes)
{
	size_t n = 0;
	int r;

	if (number >= found->count)
		return -ENOENT;
	if (found->survivors.bits)
		number = ng_survivors_at(&found->survivors, number);
	r = ng_ranges_locate(index, &found->ranges, number, 1, cancel, ret_match, &n);
	if (r == 0)
		*ret_bytes = ng_ranges_at(&found->ranges, number)->bytes;
	return r;
}

/* The three pieces of text, cut out of what was read around the occurrence: `lead` bytes before
 * it, `rest` bytes after. */
static int append_text(struct ng_buf *buf, const uint8_t *text, size_t lead, size_t bytes,
		       size_t rest, bool cut_before, bool cut_after)
{
	size_t skip = cut_before ? ng_utf8_tail_bytes(text, lead) : 0;
	const uint8_t *after = text + lead + bytes;
	int r;

	if (cut_after)
		rest -= ng_utf8_head_bytes(after, rest);
	r = ng_buf_printf(buf, ",\"before\":");
	if (r == 0)
		r = ng_json_string(buf, text + skip, lead - skip);
	if (r == 0)
		r = ng_buf_printf(buf, ",\"match_text\":");
	if (r == 0)
		r = ng_json_string(buf, text + lead, bytes);
	if (r == 0)
		r = ng_buf_printf(buf, ",\"after\":");
	return r ? r : ng_json_string(buf, after, rest);
}

int ng_answer_match(const struct ng_index *index, const struct ng_found *found, uint64_t match,
		    uint32_t context_bytes, const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_freep) uint8_t *text = NULL;
	ng_cleanup(ng_freep) char *meta = NULL;
	struct ng_match at;
	uint64_t doc_bytes, end;
	size_t lead, want, got, meta_bytes, bytes;
	int r;

	r = locate_one(index, found, match, cancel, &at, &bytes);
	if (r == 0)
		r = ng_doc_bytes(index, at.doc, &doc_bytes);
	if (r)
		return r;
	if (at.offset > doc_bytes || bytes > doc_bytes - at.offset)
		return -EUCLEAN;
	end = at.offset + bytes;
	lead = ng_min(at.offset, (uint64_t)context_bytes);
	want = lead + bytes + ng_min(doc_bytes - end, (uint64_t)context_bytes);
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
		r = append_text(buf, text, lead, bytes, want - lead - bytes, at.offset > lead,
				doc_bytes > at.offset - lead + want);
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
