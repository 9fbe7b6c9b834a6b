/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_tree.h"

#include "base/lock.h"
#include "files/file_key.h"
#include "files/name_table.h"

/* What is sorted in memory, and the largest table that is kept there. */
#define SORT_BYTES  (16u << 20)
#define TABLE_BYTES (1u << 20)

/* Documents that are read between two looks at whether that is still wanted. */
#define STRIDE 256u

struct ng_file_tree {
	const struct ng_index *index;
	uint64_t numbers;
	pthread_mutex_t lock; /* of making it */
	_Atomic(struct ng_name_table *) table;
	/* While it is made: names so far, and the document that is read next. */
	struct ng_name_sort *names;
	uint64_t next;
};

int ng_file_tree_new(const struct ng_index *index, struct ng_file_tree **ret_tree)
{
	struct ng_file_tree *tree = calloc(1, sizeof(*tree));
	struct ng_index_stats stats;

	if (!tree)
		return -ENOMEM;
	ng_index_stats(index, &stats);
	tree->index = index;
	tree->numbers = stats.numbers;
	pthread_mutex_init(&tree->lock, NULL);
	*ret_tree = tree;
	return 0;
}

struct ng_file_tree *ng_file_tree_free(struct ng_file_tree *tree)
{
	if (!tree)
		return NULL;
	ng_name_table_free(atomic_load(&tree->table));
	ng_name_sort_free(tree->names);
	pthread_mutex_destroy(&tree->lock);
	free(tree);
	return NULL;
}

/* ---- making it ---- */

/* The name of each document from tree->next on. */
static int read_names(struct ng_file_tree *tree, const ng_cancel *cancel)
{
	ng_cleanup(ng_doc_sources_clear) struct ng_doc_sources sources = {.index = tree->index};
	ng_cleanup(ng_buf_free) struct ng_buf key = NG_BUF_INIT;

	for (; tree->next < tree->numbers; tree->next++) {
		struct ng_doc_source source;
		struct ng_keyed name = {.number = tree->next};
		int r;

		if (tree->next % STRIDE == 0 && ng_cancelled(cancel))
			return -EINTR;
		r = ng_doc_source_read(&sources, tree->next, &source);
		if (r == -ENOENT)
			continue;
		key.len = 0;
		if (r == 0)
			r = ng_file_key(&source, tree->next, &key);
		name.key = key.data;
		name.len = key.len;
		if (r == 0)
			r = ng_name_sort_add(tree->names, &name);
		if (r)
			return r;
	}
	return 0;
}

/* Whether a key is that of something in a directory. */
static bool is_in(const uint8_t *key, size_t len, const uint8_t *dir, size_t dir_bytes)
{
	return dir_bytes == 0 || (len > dir_bytes && key[dir_bytes] == NG_FILE_KEY_SEPARATOR &&
				  memcmp(key, dir, dir_bytes) == 0);
}

/* Put the names, which come in order, into the table, each once; documents whose name it has, as
 * another one's or as a directory's, go to others. */
static int take_names(struct ng_name_sort *names, struct ng_name_table *table,
		      struct ng_name_sort *others)
{
	ng_cleanup(ng_buf_free) struct ng_buf held = NG_BUF_INIT;
	struct ng_keyed before = {0}, name;
	int r = ng_name_sort_finish(names);

	while (r == 0 && (r = ng_name_sort_next(names, &name)) > 0) {
		/* What a directory holds comes right behind a file of its name. */
		if (!before.len)
			r = 0;
		else if (name.len == before.len && memcmp(name.key, before.key, name.len) == 0)
			r = ng_name_sort_add(others, &name);
		else if (is_in(name.key, name.len, before.key, before.len))
			r = ng_name_sort_add(others, &before);
		else
			r = ng_name_table_add(table, &before);
		if (r || (name.len == before.len && memcmp(name.key, before.key, name.len) == 0))
			continue;
		held.len = 0;
		r = ng_buf_append(&held, name.key, name.len);
		before = (struct ng_keyed){held.data, held.len, name.number};
	}
	if (r == 0 && before.len)
		r = ng_name_table_add(table, &before);
	return r ? r : ng_name_table_finish(table);
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
		if (r == 0 ||
		    (!is_in(cursor->name.key, cursor->name.len, again->data, again->len) &&
		     (cursor->name.len != again->len ||
		      memcmp(cursor->name.key, again->data, again->len) != 0)))
			return 0;
	}
	/* Only somebody who wants it has a corpus of such names. */
	return -EUCLEAN;
}

static int name_others(const struct ng_name_table *table, struct ng_name_sort *others,
		       struct ng_name_sort *named)
{
	struct ng_name_cursor cursor ng_cleanup(ng_name_cursor_clear) = {.table = table};
	ng_cleanup(ng_buf_free) struct ng_buf again = NG_BUF_INIT;
	struct ng_keyed name;
	int r = ng_name_sort_finish(others);

	while (r == 0 && (r = ng_name_sort_next(others, &name)) > 0) {
		r = name_again(&cursor, &name, &again);
		name.key = again.data;
		name.len = again.len;
		if (r == 0)
			r = ng_name_sort_add(named, &name);
	}
	return r;
}

/* What is in a table and what is not in it, together. */
static int merge(const struct ng_name_table *table, struct ng_name_sort *named,
		 struct ng_name_table *all)
{
	struct ng_name_cursor cursor ng_cleanup(ng_name_cursor_clear) = {.table = table};
	struct ng_keyed name = {0};
	int has = ng_name_cursor_seek(&cursor, 0);
	int more = ng_name_sort_finish(named);

	more = more ? more : ng_name_sort_next(named, &name);
	while (has >= 0 && more >= 0 && has + more > 0) {
		bool old = has && (!more || ng_keyed_compare(&cursor.name, &name) < 0);
		int r = ng_name_table_add(all, old ? &cursor.name : &name);

		if (r)
			return r;
		if (old)
			has = ng_name_cursor_next(&cursor);
		else
			more = ng_name_sort_next(named, &name);
	}
	return has < 0 ? has : more < 0 ? more : ng_name_table_finish(all);
}

static int make_table(struct ng_name_sort *names, struct ng_disk *disk,
		      struct ng_name_table **ret_table)
{
	ng_cleanup(ng_name_table_freep) struct ng_name_table *table = NULL, *all = NULL;
	ng_cleanup(ng_name_sort_freep) struct ng_name_sort *others = NULL, *named = NULL;
	uint64_t n;
	int r = ng_name_table_new(disk, TABLE_BYTES, &table);

	if (r == 0)
		r = ng_name_sort_new(disk, SORT_BYTES / 4, &others);
	if (r == 0)
		r = take_names(names, table, others);
	if (r)
		return r;
	n = ng_name_sort_n(others);
	if (n == 0) {
		*ret_table = ng_steal_ptr(&table);
		return 0;
	}
	r = ng_name_sort_new(disk, SORT_BYTES / 4, &named);
	if (r == 0)
		r = name_others(table, others, named);
	if (r == 0)
		r = ng_name_table_new(disk, TABLE_BYTES, &all);
	if (r == 0)
		r = merge(table, named, all);
	if (r)
		return r;
	*ret_table = ng_steal_ptr(&all);
	return 0;
}

static int make(struct ng_file_tree *tree, struct ng_disk *disk, const ng_cancel *cancel)
{
	struct ng_name_table *table;
	int r = 0;

	if (!tree->names) {
		tree->next = 0;
		r = ng_name_sort_new(disk, SORT_BYTES, &tree->names);
	}
	if (r == 0)
		r = read_names(tree, cancel);
	if (r == -EINTR)
		return r;
	if (r == 0)
		r = make_table(tree->names, disk, &table);
	tree->names = ng_name_sort_free(tree->names);
	if (r == 0)
		atomic_store(&tree->table, table);
	return r;
}

int ng_file_tree_make(struct ng_file_tree *tree, struct ng_disk *disk, const ng_cancel *cancel)
{
	int r;

	if (atomic_load(&tree->table))
		return 0;
	r = ng_lock(&tree->lock, cancel);
	if (r)
		return r;
	if (!atomic_load(&tree->table))
		r = make(tree, disk, cancel);
	pthread_mutex_unlock(&tree->lock);
	return r;
}

/* ---- asking it ---- */

/* From the cursor on, the first document of filter in a directory, of which key is or begins with
 * the cursor's: 1, or 0 where there is none. */
static int find_counting(struct ng_name_cursor *cursor, const uint8_t *dir, size_t dir_bytes,
			 const struct ng_filter *filter, const ng_cancel *cancel)
{
	int r = 1;

	while (r > 0 && is_in(cursor->name.key, cursor->name.len, dir, dir_bytes)) {
		if (ng_filter_has(filter, cursor->name.number))
			return 1;
		if (cursor->at % STRIDE == 0 && ng_cancelled(cancel))
			return -EINTR;
		r = ng_name_cursor_next(cursor);
	}
	return ng_min(r, 0);
}

/* Append the key of a name in a directory. */
static int append_key(struct ng_buf *key, const uint8_t *dir, size_t dir_bytes, const char *name)
{
	const uint8_t separator = NG_FILE_KEY_SEPARATOR;
	int r = ng_buf_append(key, dir, dir_bytes);

	if (r == 0 && dir_bytes)
		r = ng_buf_append(key, &separator, 1);
	return r ? r : ng_buf_append(key, name, strlen(name));
}

static int find(const struct ng_file_tree *tree, const struct ng_buf *key,
		const struct ng_filter *filter, const ng_cancel *cancel, bool *ret_is_dir,
		uint64_t *ret_doc)
{
	struct ng_name_cursor cursor ng_cleanup(ng_name_cursor_clear) = {
		.table = atomic_load(&tree->table)};
	int r = ng_name_cursor_find(&cursor, key->data, key->len);
	bool is_dir;

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	is_dir = cursor.name.len != key->len || memcmp(cursor.name.key, key->data, key->len) != 0;
	if (is_dir)
		r = find_counting(&cursor, key->data, key->len, filter, cancel);
	else
		r = ng_filter_has(filter, cursor.name.number);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_is_dir = is_dir;
	*ret_doc = cursor.name.number;
	return 0;
}

int ng_file_tree_find(const struct ng_file_tree *tree, const uint8_t *dir, size_t dir_bytes,
		      const char *name, const struct ng_filter *filter, const ng_cancel *cancel,
		      struct ng_buf *key, bool *ret_is_dir, uint64_t *ret_doc)
{
	char padded[16];
	int r = append_key(key, dir, dir_bytes, name);

	if (r == 0)
		r = find(tree, key, filter, cancel, ret_is_dir, ret_doc);
	if (r != -ENOENT || !ng_file_key_padded(name, padded))
		return r;
	key->len = 0;
	r = append_key(key, dir, dir_bytes, padded);
	return r ? r : find(tree, key, filter, cancel, ret_is_dir, ret_doc);
}

/* Behind all that a directory holds. */
static int pass_dir(struct ng_name_cursor *cursor, struct ng_buf *key)
{
	const uint8_t behind = NG_FILE_KEY_BEHIND;
	int r = ng_buf_append(key, &behind, 1);

	return r ? r : ng_name_cursor_find(cursor, key->data, key->len);
}

/* The file or directory that the cursor stands at: 1 and *ret_file, whose key is in key, with the
 * cursor behind it; 0: none of its documents counts. */
static int take_file(struct ng_name_cursor *cursor, size_t at, const struct ng_filter *filter,
		     const ng_cancel *cancel, struct ng_buf *key, struct ng_file *ret_file)
{
	const uint8_t *name = cursor->name.key + at;
	size_t len = strnlen((const char *)name, cursor->name.len - at);
	struct ng_file file = {.is_dir = at + len < cursor->name.len, .doc = cursor->name.number};
	int r, found;

	key->len = 0;
	r = ng_buf_append(key, cursor->name.key, at + len);
	if (r)
		return r;
	found = file.is_dir ? find_counting(cursor, key->data, key->len, filter, cancel)
			    : ng_filter_has(filter, file.doc);
	if (found < 0)
		return found;
	file.key_bytes = key->len;
	r = file.is_dir ? pass_dir(cursor, key) : ng_name_cursor_next(cursor);
	key->len = file.key_bytes;
	if (r >= 0)
		r = ng_buf_append(key, "", 1);
	if (r < 0)
		return r;
	file.key = key->data;
	file.name = (const char *)key->data + at;
	file.next = cursor->at;
	*ret_file = file;
	return found;
}

int ng_file_tree_list(const struct ng_file_tree *tree, const uint8_t *dir, size_t dir_bytes,
		      uint64_t offset, const struct ng_filter *filter, const ng_cancel *cancel,
		      ng_file_tree_emit emit, void *userdata)
{
	struct ng_name_cursor cursor ng_cleanup(ng_name_cursor_clear) = {
		.table = atomic_load(&tree->table)};
	ng_cleanup(ng_buf_free) struct ng_buf key = NG_BUF_INIT;
	size_t at = dir_bytes ? dir_bytes + 1 : 0;
	int r = 0;

	if (offset == 0)
		r = append_key(&key, dir, dir_bytes, "");
	if (r == 0 && offset == 0 && dir_bytes)
		r = ng_name_cursor_find(&cursor, key.data, key.len);
	else if (r == 0)
		r = ng_name_cursor_seek(&cursor, offset);
	while (r >= 0 && cursor.name.key &&
	       is_in(cursor.name.key, cursor.name.len, dir, dir_bytes)) {
		struct ng_file file;

		if (ng_cancelled(cancel))
			return -EINTR;
		r = take_file(&cursor, at, filter, cancel, &key, &file);
		if (r > 0 && !emit(userdata, &file))
			return 0;
	}
	return ng_min(r, 0);
}
