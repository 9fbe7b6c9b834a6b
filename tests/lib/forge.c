/* SPDX-License-Identifier: Apache-2.0 */
#include "forge.h"

#include "format/pages.h"

void forged_read(const struct made_index *made, struct forged *f)
{
	f->index = made->path;
	snprintf(f->path, sizeof(f->path), "%s/" FORGED_SHARD, made->path);
	f->data = scratch_read(f->path, &f->bytes);
	assert_non_null(f->data);
}

struct ng_shard_entry *forged_section(const struct forged *f, uint32_t type)
{
	for (uint32_t i = 0; i < forged_header(f)->n_sections; i++)
		if (forged_entry(f, i)->type == type)
			return forged_entry(f, i);
	return NULL;
}

void forged_write(const struct forged *f)
{
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(scratch_write(f->path, f->data, f->bytes), 0);
}

void forged_sum(const struct forged *f)
{
	struct ng_shard_header *h = forged_header(f);
	struct ng_shard_entry *sums = forged_entry(f, h->n_sections - 1);
	uint64_t first = sums->offset / NG_PAGE_BYTES;

	for (uint64_t p = 1; p < first; p++)
		ng_store32(f->data + ng_page_sums_page(p, first) * NG_PAGE_BYTES +
				   ng_page_sum_at(p),
			   ng_page_sum(f->data + p * NG_PAGE_BYTES, p));
	for (uint64_t p = first; p < first + sums->bytes / NG_PAGE_BYTES; p++)
		ng_store32(f->data + (p + 1) * NG_PAGE_BYTES - 4,
			   ng_page_sums_sum(f->data + p * NG_PAGE_BYTES, p));
	for (uint32_t i = 0; i < h->n_sections; i++) {
		struct ng_shard_entry *e = forged_entry(f, i);

		e->sum = XXH3_64bits(f->data + e->offset, e->bytes);
	}
	h->table_sum = XXH3_64bits(forged_entry(f, 0), h->n_sections * sizeof(*sums));
	h->header_sum = XXH3_64bits(h, offsetof(struct ng_shard_header, header_sum));
}

void forged_seal(const struct forged *f)
{
	struct ng_manifest manifest;

	forged_sum(f);
	forged_write(f);
	assert_int_equal(ng_manifest_read(f->index, &manifest, NULL), 0);
	manifest.shards[0].checksum = forged_header(f)->header_sum;
	assert_int_equal(ng_manifest_write(f->index, &manifest, NULL), 0);
	ng_manifest_clear(&manifest);
}
