/* SPDX-License-Identifier: Apache-2.0 */
/* Documents by number: text and metadata. */
#include "query/index_internal.h"

int ng_doc_bytes(const struct ng_index *index, uint64_t doc, uint64_t *ret_bytes)
{
	uint64_t local, begin;
	const struct ng_shard *shard;
	int r = ng_index_shard_of(index, doc, &shard, &local);

	if (r < 0)
		return r;
	return ng_shard_doc_extent(shard, local, &begin, ret_bytes);
}

/* A stretch of a document, in pieces for several threads: as much as one of them walks in half as
 * many chains as it can have. Their cache misses overlap well enough then, and a document of some
 * kilobytes is walked by two. */
struct extraction {
	const struct ng_shard *shard;
	uint64_t doc, offset;
	size_t len, piece;
	const ng_cancel *cancel;
	uint8_t *buf;
};

static int piece_extract(void *userdata, uint64_t i)
{
	const struct extraction *e = userdata;
	/* Pieces end where chains do, so that none is cut in two. */
	uint64_t first = e->offset / e->piece + i, end = e->offset + e->len;
	uint64_t from = ng_max(first * e->piece, e->offset);

	end = ng_min((first + 1) * e->piece, end);
	return ng_shard_extract(e->shard, e->doc, from, (size_t)(end - from), e->cancel,
				e->buf + (from - e->offset));
}

static int extract(const struct ng_index *index, const struct extraction *e)
{
	uint64_t first = e->offset / e->piece;
	uint64_t end = ng_div_up(e->offset + e->len, (uint64_t)e->piece);

	/* Most stretches are short, and many of them are read by the pool's own threads. */
	if (e->len <= e->piece)
		return ng_shard_extract(e->shard, e->doc, e->offset, e->len, e->cancel, e->buf);
	return ng_index_run(index, end - first, piece_extract, (void *)e);
}

static int text_read(const struct ng_index *index, uint64_t doc, uint64_t offset, size_t len,
		     bool from_store, const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	uint64_t local, begin, bytes;
	const struct ng_shard *shard;
	int r = ng_index_shard_of(index, doc, &shard, &local);

	if (r < 0)
		return r;
	r = ng_shard_doc_extent(shard, local, &begin, &bytes);
	if (r < 0)
		return r;
	len = offset < bytes ? (size_t)ng_min((uint64_t)len, bytes - offset) : 0;
	if (len && shard->text && from_store) {
		/* The store has no separators. */
		r = ng_frames_read(shard->text, begin - local + offset, len, buf);
		r = ng_shard_result(shard, r == -EINVAL ? -EUCLEAN : r);
	} else if (len) {
		struct extraction e = {.shard = shard,
				       .doc = local,
				       .offset = offset,
				       .len = len,
				       .piece = NG_BWT_CHAINS / 2 * shard->params.sa_rate,
				       .cancel = cancel,
				       .buf = buf};

		r = extract(index, &e);
	}
	if (r < 0)
		return r;
	*ret_len = len;
	return 0;
}

int ng_doc_read(const struct ng_index *index, uint64_t doc, uint64_t offset, size_t len,
		const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	return text_read(index, doc, offset, len, true, cancel, buf, ret_len);
}

int ng_index_peek(const struct ng_index *index, uint64_t doc, uint64_t offset, size_t len,
		  const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	return text_read(index, doc, offset, len, false, cancel, buf, ret_len);
}

static int meta_extent(const struct ng_shard *shard, uint64_t local, uint64_t *ret_begin,
		       uint64_t *ret_bytes)
{
	bool bad = false;
	uint64_t begin = ng_ef_get(&shard->meta_starts, local, &bad);
	uint64_t end = ng_ef_get(&shard->meta_starts, local + 1, &bad);

	if (bad || end < begin || end > ng_frames_raw_bytes(shard->meta))
		return ng_shard_damaged(shard);
	*ret_begin = begin;
	*ret_bytes = end - begin;
	return ng_shard_result(shard, 0);
}

int ng_doc_meta_bytes(const struct ng_index *index, uint64_t doc, uint64_t *ret_bytes)
{
	uint64_t local, begin;
	const struct ng_shard *shard;
	int r = ng_index_shard_of(index, doc, &shard, &local);

	if (r < 0)
		return r;
	return meta_extent(shard, local, &begin, ret_bytes);
}

int ng_doc_meta(const struct ng_index *index, uint64_t doc, char **ret_json, size_t *ret_len)
{
	ng_cleanup(ng_freep) char *json = NULL;
	uint64_t local, begin, bytes;
	const struct ng_shard *shard;
	int r = ng_index_shard_of(index, doc, &shard, &local);

	if (r < 0)
		return r;
	r = meta_extent(shard, local, &begin, &bytes);
	if (r < 0)
		return r;
	json = malloc(bytes + 1);
	if (!json)
		return -ENOMEM;
	r = ng_frames_read(shard->meta, begin, bytes, (uint8_t *)json);
	r = ng_shard_result(shard, r == -EINVAL ? -EUCLEAN : r);
	if (r < 0)
		return r;
	json[bytes] = 0;
	*ret_json = ng_steal_ptr(&json);
	*ret_len = bytes;
	return 0;
}
