/* SPDX-License-Identifier: Apache-2.0 */
#include "build/remove_rows.h"

#include "base/parallel.h"

/* Steps between two looks at the cancel flag. */
#define STEPS_A_LOOK 4096u

/* What a row takes while it is sorted and encoded. */
#define ROW_BYTES 16u

struct walk {
	const struct ng_segment *segment;
	const uint64_t *docs;
	uint64_t *first; /* [n + 1]: where the rows of each begin in rows */
	uint64_t *rows;
	const ng_cancel *cancel;
};

/* From the separator of a document back to its beginning. */
static int document_walk(void *userdata, uint64_t i)
{
	const struct walk *walk = userdata;
	uint64_t row = walk->docs[i], at = walk->first[i];
	bool damaged = false;

	for (;;) {
		uint64_t next;
		unsigned symbol = ng_bwt_lf(walk->segment->bwt, row, &next, &damaged);

		walk->rows[at++] = row;
		if (damaged || (symbol == NG_SEPARATOR) != (at == walk->first[i + 1]))
			return -EUCLEAN;
		if (symbol == NG_SEPARATOR)
			return 0;
		if (at % STEPS_A_LOOK == 0 && ng_cancelled(walk->cancel))
			return -EINTR;
		row = next;
	}
}

static int by_number(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return (a > b) - (a < b);
}

static int extents_find(const struct walk *walk, uint64_t n, const char *path, struct ng_error *err)
{
	const struct ng_ef *starts = &walk->segment->doc_starts;
	bool bad = false;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t begin = ng_ef_get(starts, walk->docs[i], &bad);
		uint64_t end = ng_ef_get(starts, walk->docs[i] + 1, &bad);

		if (bad || end <= begin || end > walk->segment->params.rows)
			return ng_segment_damaged(path, "document starts don't fit", err);
		walk->first[i + 1] = walk->first[i] + (end - begin);
	}
	return walk->first[n] <= walk->segment->params.rows
		       ? 0
		       : ng_segment_damaged(path, "document starts don't fit", err);
}

int ng_remove_rows(const struct ng_shard_file *file, const struct ng_segment *segment,
		   const char *shard_path, const uint64_t *docs, uint64_t n,
		   const struct ng_remove_rows_options *options, struct ng_file_at out,
		   struct ng_manifest_removed *ret_entry, struct ng_error *err)
{
	ng_cleanup(ng_freep) uint64_t *first = calloc(n + 1, sizeof(*first)), *rows = NULL;
	struct walk walk = {segment, docs, first, NULL, options->cancel};
	struct ng_removed_params params = {.shard_checksum = ng_shard_file_checksum(file),
					   .shard_rows = segment->params.rows,
					   .docs = n};
	struct ng_manifest_removed entry = {0};
	int r;

	if (!first)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = extents_find(&walk, n, shard_path, err);
	if (r < 0)
		return r;
	if (first[n] > options->memory_bytes / ROW_BYTES)
		return ng_fail(err, -ENOMEM,
			       "%s: to remove %ju bytes of text from it takes %ju MiB of memory; "
			       "see --memory",
			       shard_path, (uintmax_t)first[n],
			       (uintmax_t)(first[n] * ROW_BYTES >> 20) + 1);
	walk.rows = rows = malloc(((size_t)first[n] + 1) * sizeof(*rows));
	if (!rows)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = ng_parallel(n, options->threads, document_walk, &walk);
	if (ng_shard_file_faulted(file))
		return ng_fail(err, -EIO, "%s: cannot be read", shard_path);
	if (r == -EUCLEAN)
		return ng_segment_damaged(shard_path, "documents don't end where they should", err);
	if (r < 0)
		return ng_fail(err, r, r == -EINTR ? "interrupted" : "out of memory");
	qsort(rows, (size_t)first[n], sizeof(*rows), by_number);
	for (uint64_t i = 1; i < first[n]; i++)
		if (rows[i - 1] == rows[i])
			return ng_segment_damaged(shard_path, "documents share a row", err);
	params.text_bytes = first[n] - n;
	r = ng_removed_write(out, &params, docs, rows, &entry.file_bytes, &entry.checksum, err);
	if (r < 0)
		return r;
	entry.docs = n;
	entry.text_bytes = params.text_bytes;
	*ret_entry = entry;
	return 0;
}
