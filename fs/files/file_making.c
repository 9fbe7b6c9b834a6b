/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_making.h"

#include "files/file_key.h"

/* What is sorted in memory, and the largest table that is kept there. */
#define SORT_BYTES  (16u << 20)
#define TABLE_BYTES (1u << 20)

/* Documents between two looks at whether the table is still wanted. */
#define STRIDE 256u

enum phase { READ, TAKE, AGAIN, MERGE, MADE };

struct ng_file_making {
	const struct ng_index *index;
	struct ng_disk *disk;
	enum phase phase;
	uint64_t numbers, next; /* documents, and the one that is read next */
	uint64_t turns;         /* of loops */
	struct ng_name_sort *names;
	/* Names in order, each once; and documents whose name is not there. */
	struct ng_name_table *table;
	struct ng_name_sort *others;
	struct ng_buf held; /* the key of: */
	struct ng_keyed before;
	/* These with other names; and all of them. */
	struct ng_name_sort *named;
	struct ng_name_table *all;
	struct ng_name_cursor cursor; /* of table */
	struct ng_keyed name;         /* of named, if `more`; `old`: the cursor stands at one */
	int old, more;
};

int ng_file_making_new(const struct ng_index *index, struct ng_disk *disk,
		       struct ng_file_making **ret_making)
{
	struct ng_file_making *making = calloc(1, sizeof(*making));
	struct ng_index_stats stats;
	int r;

	if (!making)
		return -ENOMEM;
	ng_index_stats(index, &stats);
	making->index = index;
	making->disk = disk;
	making->numbers = stats.numbers;
	making->held = NG_BUF_INIT;
	r = ng_name_sort_new(disk, SORT_BYTES, &making->names);
	if (r) {
		free(making);
		return r;
	}
	*ret_making = making;
	return 0;
}

struct ng_file_making *ng_file_making_free(struct ng_file_making *making)
{
	if (!making)
		return NULL;
	ng_name_cursor_clear(&making->cursor);
	ng_name_sort_free(making->names);
	ng_name_table_free(making->table);
	ng_name_sort_free(making->others);
	ng_name_sort_free(making->named);
	ng_name_table_free(making->all);
	ng_buf_free(&making->held);
	free(making);
	return NULL;
}

/* Behind each turn of a loop, so that every call gets further. */
static int turn(struct ng_file_making *making, const ng_cancel *cancel)
{
	return ++making->turns % STRIDE == 0 && ng_cancelled(cancel) ? -EINTR : 0;
}

static bool is_key(const struct ng_keyed *name, const uint8_t *key, size_t len)
{
	return name->len == len && memcmp(name->key, key, len) == 0;
}

/* The name of each document from making->next on. */
static int read_names(struct ng_file_making *making, const ng_cancel *cancel)
{
	ng_cleanup(ng_doc_sources_clear) struct ng_doc_sources sources = {.index = making->index};
	ng_cleanup(ng_buf_free) struct ng_buf key = NG_BUF_INIT;
	int r = 0;

	while (r == 0 && making->next < making->numbers) {
		struct ng_doc_source source;
		struct ng_keyed name = {.number = making->next};

		r = ng_doc_source_read(&sources, making->next, &source);
		key.len = 0;
		if (r == 0)
			r = ng_file_key(&source, making->next, &key);
		name.key = key.data;
		name.len = key.len;
		if (r == 0)
			r = ng_name_sort_add(making->names, &name);
		/* Removed ones have none. */
		if (r && r != -ENOENT)
			return r;
		making->next++;
		r = turn(making, cancel);
	}
	return r;
}

static int begin_taking(struct ng_file_making *making)
{
	int r = ng_name_table_new(making->disk, TABLE_BYTES, &making->table);

	if (r == 0)
		r = ng_name_sort_new(making->disk, SORT_BYTES / 4, &making->others);
	return r ? r : ng_name_sort_finish(making->names);
}

/* What a directory holds comes right behind a file of its name. */
static int take_name(struct ng_file_making *making, const struct ng_keyed *name)
{
	struct ng_keyed *before = &making->before;
	int r = 0;

	if (before->len && is_key(name, before->key, before->len))
		return ng_name_sort_add(making->others, name);
	if (before->len && ng_file_key_is_in(name->key, name->len, before->key, before->len))
		r = ng_name_sort_add(making->others, before);
	else if (before->len)
		r = ng_name_table_add(making->table, before);
	if (r)
		return r;
	making->held.len = 0;
	r = ng_buf_append(&making->held, name->key, name->len);
	*before = (struct ng_keyed){making->held.data, making->held.len, name->number};
	return r;
}

/* Put the names, which come in order, into the table, each once; documents whose name it has, as
 * another one's or as a directory's, go to others. */
static int take_names(struct ng_file_making *making, const ng_cancel *cancel)
{
	struct ng_keyed name;
	int r;

	while ((r = ng_name_sort_next(making->names, &name)) > 0) {
		r = take_name(making, &name);
		if (r == 0)
			r = turn(making, cancel);
		if (r)
			return r;
	}
	if (r == 0 && making->before.len)
		r = ng_name_table_add(making->table, &making->before);
	if (r == 0)
		r = ng_name_table_finish(making->table);
	making->names = ng_name_sort_free(making->names);
	return r;
}

static int begin_again(struct ng_file_making *making)
{
	int r = ng_name_sort_new(making->disk, SORT_BYTES / 4, &making->named);

	making->cursor.table = making->table;
	return r ? r : ng_name_sort_finish(making->others);
}

/* Another name for a document that has none. */
static int name_again(struct ng_name_cursor *cursor, const struct ng_keyed *name,
		      struct ng_buf *again)
{
	for (unsigned more = 0; more <= NG_FILE_KEY_MORE_MAX; more++) {
		int r;

		again->len = 0;
		r = ng_file_key_again(name->key, name->len, name->number, more, again);
		if (r == 0)
			r = ng_name_cursor_find(cursor, again->data, again->len);
		if (r < 0)
			return r;
		if (r == 0 || (!ng_file_key_is_in(cursor->name.key, cursor->name.len, again->data,
						  again->len) &&
			       !is_key(&cursor->name, again->data, again->len)))
			return 0;
	}
	/* Only somebody who wants it has a corpus of such names. */
	return -EUCLEAN;
}

static int name_others(struct ng_file_making *making, const ng_cancel *cancel)
{
	ng_cleanup(ng_buf_free) struct ng_buf again = NG_BUF_INIT;
	struct ng_keyed name;
	int r;

	while ((r = ng_name_sort_next(making->others, &name)) > 0) {
		r = name_again(&making->cursor, &name, &again);
		name.key = again.data;
		name.len = again.len;
		if (r == 0)
			r = ng_name_sort_add(making->named, &name);
		if (r == 0)
			r = turn(making, cancel);
		if (r)
			return r;
	}
	return r;
}

static int begin_merging(struct ng_file_making *making)
{
	int r = ng_name_table_new(making->disk, TABLE_BYTES, &making->all);

	if (r == 0)
		r = ng_name_sort_finish(making->named);
	if (r)
		return r;
	making->old = ng_name_cursor_seek(&making->cursor, 0);
	making->more = ng_name_sort_next(making->named, &making->name);
	return ng_min(making->old, 0) ? making->old : ng_min(making->more, 0);
}

/* What is in the table and what is not in it, together. */
static int merge(struct ng_file_making *making, const ng_cancel *cancel)
{
	while (making->old || making->more) {
		bool old = making->old && (!making->more || ng_keyed_compare(&making->cursor.name,
									     &making->name) < 0);
		int r = ng_name_table_add(making->all, old ? &making->cursor.name : &making->name);

		if (r)
			return r;
		if (old)
			r = making->old = ng_name_cursor_next(&making->cursor);
		else
			r = making->more = ng_name_sort_next(making->named, &making->name);
		if (r >= 0)
			r = turn(making, cancel);
		if (r < 0)
			return r;
	}
	return ng_name_table_finish(making->all);
}

/* One phase to its end, and what the next one needs. */
static int phase_run(struct ng_file_making *making, const ng_cancel *cancel)
{
	int r;

	switch (making->phase) {
	case READ:
		r = read_names(making, cancel);
		return r ? r : begin_taking(making);
	case TAKE:
		r = take_names(making, cancel);
		return r ? r : begin_again(making);
	case AGAIN:
		r = name_others(making, cancel);
		return r ? r : begin_merging(making);
	default:
		return merge(making, cancel);
	}
}

int ng_file_making_run(struct ng_file_making *making, const ng_cancel *cancel,
		       struct ng_name_table **ret_table)
{
	while (making->phase < MADE) {
		int r;

		/* Most often there is nothing to be named again. */
		if (making->phase == AGAIN && ng_name_sort_n(making->others) == 0) {
			*ret_table = ng_steal_ptr(&making->table);
			making->phase = MADE;
			return 0;
		}
		r = phase_run(making, cancel);
		if (r)
			return r;
		making->phase++;
	}
	*ret_table = ng_steal_ptr(&making->all);
	return 0;
}
