/* SPDX-License-Identifier: Apache-2.0 */
#include "query/docs_count.h"

#include "base/buf.h"
#include "query/docs_hold.h"
#include "query/find.h"
#include "query/index_internal.h"

/* Bytes of a document that are read at once, where it isn't read with others. */
#define PIECE_BYTES 65536u

/* Documents that are read at most, since each takes memory. */
#define DOCS_MAX (1u << 20)

/* The next document from *number on that has a bit, which *number is then. False: there is none. */
static bool doc_next(const struct ng_index *index, const struct ng_cached *docs, uint64_t *number)
{
	uint64_t numbers = index->stats.numbers, word;

	for (; *number < numbers; *number = (*number / 64 + 1) * 64) {
		word = docs->words[*number / 64] >> *number % 64;
		if (word) {
			*number += (uint64_t)__builtin_ctzll(word);
			return *number < numbers;
		}
	}
	return false;
}

/* Steps that it takes to read a document. */
static int doc_steps(const struct ng_index *index, uint64_t doc, uint64_t *ret_steps)
{
	const struct ng_shard *shard;
	uint64_t local, begin, bytes;
	int r = ng_index_shard_of(index, doc, &shard, &local);

	if (r == 0)
		r = ng_shard_doc_extent(shard, local, &begin, &bytes);
	if (r < 0)
		return r;
	*ret_steps = bytes;
	if (shard->text)
		*ret_steps = (bytes + NG_FRAME_BYTES) / NG_QUERY_STORE_SPEEDUP;
	return 0;
}

int ng_docs_count_is_better(const struct ng_index *index, const struct ng_query *query,
			    const struct ng_cached *docs, uint64_t count, bool *ret_better)
{
	uint64_t locate = ng_max(index->stats.sa_sampling / 2, 1u), number = 0, steps = 0, most;
	int r = 0;

	*ret_better = false;
	if (query->fold || ng_scope_has_any(query->scope) || docs->count > DOCS_MAX)
		return 0;
	if (__builtin_mul_overflow(count, locate, &most))
		most = UINT64_MAX;
	while (r == 0 && steps < most && doc_next(index, docs, &number)) {
		uint64_t some = 0;

		r = doc_steps(index, number++, &some);
		steps += some;
	}
	if (r == 0)
		*ret_better = steps < most;
	return r;
}

/* Documents that aren't read with others. */
struct counting {
	const struct ng_index *index;
	const struct ng_query *query;
	const struct ng_docs_hold *hold;
	const ng_cancel *cancel;
	const uint64_t *list;
	atomic_ullong count;
};

static int doc_count(void *userdata, uint64_t i)
{
	struct counting *c = userdata;
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	const struct ng_query *query = c->query;
	uint64_t doc = c->list[i], offset = 0;
	bool takes = false;
	size_t got = 1;
	int r = ng_docs_hold_takes(c->hold, doc, &takes);

	while (r == 0 && !takes && got) {
		size_t kept = ng_min(text.len, query->len - 1);

		if (ng_cancelled(c->cancel))
			return -EINTR;
		if (kept)
			memmove(text.data, text.data + text.len - kept, kept);
		text.len = kept;
		r = ng_buf_reserve(&text, PIECE_BYTES);
		if (r == 0)
			r = ng_doc_read(c->index, doc, offset, PIECE_BYTES, c->cancel,
					text.data + kept, &got);
		if (r < 0)
			break;
		text.len += got;
		offset += got;
		/* What was kept is too short for an occurrence of its own. */
		atomic_fetch_add(&c->count,
				 ng_text_count(text.data, text.len, query->bytes, query->len));
	}
	return r;
}

int ng_docs_count(const struct ng_index *index, const struct ng_query *query,
		  const struct ng_cached *docs, const ng_cancel *cancel, uint64_t *ret_count)
{
	const struct ng_docs_hold hold = ng_docs_hold_make(index, query);
	ng_cleanup(ng_freep) uint64_t *list = calloc(docs->count + 1, sizeof(*list));
	struct counting c = {index, query, &hold, cancel, list, 0};
	uint64_t count = 0;
	size_t n = 0, taken = 0;
	int r;

	if (!list)
		return -ENOMEM;
	for (uint64_t doc = 0; n < docs->count && doc_next(index, docs, &doc); doc++)
		list[n++] = doc;
	r = ng_docs_hold_count(&hold, list, n, cancel, &count, &taken);
	if (r == 0 && taken < n)
		r = ng_index_run(index, n, doc_count, &c);
	if (r == 0)
		*ret_count = count + atomic_load(&c.count);
	return r;
}
