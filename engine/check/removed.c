/* SPDX-License-Identifier: Apache-2.0 */
#include "check/removed.h"

#include <inttypes.h>

#include "bwt/segment.h"
#include "check/files.h"
#include "format/removed.h"

/* Steps between two looks at the cancel flag. */
#define STEPS_A_LOOK 65536u

static void damage(struct ng_checker *checker, const char *what)
{
	ng_checker_damage(checker, NG_PART_FILE, NG_NO_OFFSET, "%s", what);
}

static bool ascend(const struct ng_ef *numbers)
{
	bool bad = false;

	for (uint64_t i = 1; i < numbers->n; i++)
		if (ng_ef_get(numbers, i - 1, &bad) >= ng_ef_get(numbers, i, &bad))
			return false;
	return !bad;
}

static bool has_row(const struct ng_removed *removed, uint64_t row)
{
	bool bad = false;
	uint64_t rank = ng_ef_rank(&removed->rows, row, &bad);

	return rank && ng_ef_get(&removed->rows, rank - 1, &bad) == row && !bad;
}

/* All rows of each document are there; *ret_rows: how many these are. */
static int documents_walk(struct ng_checker *checker, const struct ng_removed *removed,
			  const struct ng_segment *segment, uint64_t *ret_rows)
{
	uint64_t rows = 0;
	bool bad = false;

	for (uint64_t i = 0; i < removed->docs.n; i++) {
		uint64_t row = ng_ef_get(&removed->docs, i, &bad);
		unsigned symbol = 0;

		if (bad || row >= segment->params.docs)
			return -EUCLEAN;
		do {
			if (!has_row(removed, row) || ++rows > removed->rows.n)
				return -EUCLEAN;
			symbol = ng_bwt_lf(segment->bwt, row, &row, &bad);
			if (rows % STEPS_A_LOOK == 0 && ng_checker_cancelled(checker))
				return -EINTR;
		} while (symbol != NG_SEPARATOR && !bad);
	}
	*ret_rows = rows;
	return bad ? -EUCLEAN : 0;
}

static int rows_check(struct ng_checker *checker, const struct ng_removed *removed,
		      const char *shard_path)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	ng_cleanup(ng_segment_close) struct ng_segment segment = {0};
	uint64_t rows = 0;
	int r = ng_shard_file_open(shard_path, &file, NULL);

	if (r == 0)
		r = ng_segment_open(file, shard_path, &segment, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0; /* which is said of the shard */
	if (removed->params.shard_checksum != ng_shard_file_checksum(file) ||
	    removed->params.shard_rows != segment.params.rows) {
		damage(checker, "is of another shard");
		return 0;
	}
	if (!ascend(&removed->docs) || !ascend(&removed->rows)) {
		damage(checker, "its numbers don't ascend");
		return 0;
	}
	r = documents_walk(checker, removed, &segment, &rows);
	if (r == -EUCLEAN || (r == 0 && rows != removed->rows.n))
		damage(checker, "its rows are not those of the documents that it names");
	return r == -EUCLEAN ? 0 : r;
}

static void entry_check(struct ng_checker *checker, const struct ng_removed *removed,
			const struct ng_manifest_removed *entry)
{
	if (entry->checksum != ng_shard_file_checksum(removed->file) ||
	    entry->file_bytes != ng_shard_file_bytes(removed->file))
		damage(checker, "is not the file that the manifest names");
	if (entry->docs != removed->params.docs || entry->text_bytes != removed->params.text_bytes)
		damage(checker, "has other documents or bytes than the manifest says");
}

int ng_check_removed(struct ng_checker *checker, const char *path, const char *shard_path,
		     bool shard_sound, const struct ng_manifest_shard *entry)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	ng_cleanup(ng_removed_closep) struct ng_removed *removed = NULL;
	struct ng_error why = {""};
	int r;

	ng_checker_file(checker, path);
	r = ng_check_container(checker, path, &file);
	if (r == 0 && ng_checker_file_sound(checker)) {
		r = ng_removed_open(path, &removed, &why);
		if (r < 0 && r != -ENOMEM) {
			damage(checker, ng_checker_reason(why.text, path));
			r = 0;
		}
	}
	if (r == 0 && removed) {
		entry_check(checker, removed, &entry->removed);
		if (shard_sound)
			r = rows_check(checker, removed, shard_path);
	}
	ng_checker_file_end(checker);
	return r;
}
