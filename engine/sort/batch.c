/* SPDX-License-Identifier: Apache-2.0 */
#include "sort/batch.h"

#include <sys/mman.h>

#include "sort/suffix_sort.h"

int ng_batch_begin(struct ng_batch *batch)
{
	batch->cap = NG_SORT_MAX;
	batch->bytes = mmap(NULL, batch->cap, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (batch->bytes == MAP_FAILED) {
		batch->bytes = NULL;
		return -ENOMEM;
	}
	madvise(batch->bytes, batch->cap, MADV_HUGEPAGE);
	return 0;
}

int ng_batch_add(struct ng_batch *batch, const uint8_t *text, size_t text_bytes)
{
	/* The sorter puts a key behind each document. */
	size_t keys = (batch->docs + 1) * NG_SORT_KEY_BYTES;

	if (text_bytes >= batch->cap || batch->n + text_bytes + 1 + keys > batch->cap)
		return -EFBIG;
	if (batch->docs == batch->docs_cap) {
		uint64_t cap = ng_max(2 * batch->docs_cap, (uint64_t)4096);
		uint64_t *ends = reallocarray(batch->doc_ends, cap, sizeof(*ends));

		if (!ends)
			return -ENOMEM;
		batch->doc_ends = ends;
		batch->docs_cap = cap;
	}
	memcpy(batch->bytes + batch->n, text, text_bytes);
	batch->has_nul |= memchr(text, 0, text_bytes) != NULL;
	batch->n += text_bytes;
	batch->doc_ends[batch->docs++] = batch->n;
	batch->bytes[batch->n++] = 0;
	return 0;
}

void ng_batch_clear(struct ng_batch *batch)
{
	if (batch->bytes)
		munmap(batch->bytes, batch->cap);
	free(batch->doc_ends);
	*batch = (struct ng_batch){0};
}
