/* SPDX-License-Identifier: Apache-2.0 */
#include "format/segment_write.h"

#include "base/buf.h"
#include "format/ef.h"
#include "format/packed.h"
#include "format/params.h"

/* Samples from look to look. */
#define PIECE_SAMPLES (1u << 20)

int ng_samples_write(struct ng_shard_writer *shard, const uint32_t *numbers, uint64_t n,
		     void (*looked)(void *userdata), void *userdata, struct ng_error *err)
{
	struct ng_packed_writer writer;
	int r = ng_shard_writer_section(shard, NG_SECTION_SA_SAMPLES, err);

	if (r == 0)
		r = ng_packed_writer_begin(&writer, shard, n, n - 1, err);
	for (uint64_t i = 0; r == 0 && i < n; i++) {
		if (looked && i % PIECE_SAMPLES == 0)
			looked(userdata);
		r = ng_packed_writer_put(&writer, numbers[i], err);
	}
	return r < 0 ? r : ng_packed_writer_end(&writer, err);
}

int ng_starts_write(struct ng_shard_writer *shard, uint32_t type, const uint64_t *starts,
		    uint64_t docs, struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = ng_ef_encode(starts, docs + 1, &buf);

	if (r < 0)
		return ng_fail(err, r, "out of memory for the starts of %ju documents",
			       (uintmax_t)docs);
	r = ng_shard_writer_section(shard, type, err);
	return r < 0 ? r : ng_shard_writer_write(shard, buf.data, buf.len, err);
}

uint64_t *ng_starts_new(uint64_t docs, struct ng_error *err)
{
	uint64_t *starts = calloc(docs + 1, sizeof(*starts));

	if (!starts)
		ng_fail(err, -ENOMEM, "out of memory for the starts of %ju documents",
			(uintmax_t)docs);
	return starts;
}

int ng_doc_starts_write(const uint64_t *ends, uint64_t n, uint32_t sa_rate,
			struct ng_shard_writer *shard, struct ng_error *err)
{
	ng_cleanup(ng_freep) uint64_t *starts = ng_starts_new(n, err);
	int r;

	if (!starts)
		return -ENOMEM;
	for (uint64_t d = 0; d < n; d++)
		starts[d + 1] = ends[d] + 1;
	r = ng_starts_write(shard, NG_SECTION_DOC_STARTS, starts, n, err);
	for (uint64_t d = 0, begin = 0; d < n; begin = ends[d++] + 1)
		starts[d + 1] = starts[d] + ng_doc_samples(ends[d] - begin, sa_rate);
	return r < 0 ? r : ng_starts_write(shard, NG_SECTION_SAMPLE_STARTS, starts, n, err);
}
