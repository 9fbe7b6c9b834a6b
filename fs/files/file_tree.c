/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_tree.h"

#include "base/lock.h"
#include "files/file_key.h"
#include "files/file_making.h"

/* Documents that are looked at between two looks at whether that is still wanted. */
#define STRIDE 256u

struct ng_file_tree {
	const struct ng_index *index;
	pthread_mutex_t lock; /* of making it */
	_Atomic(struct ng_name_table *) table;
	struct ng_file_making *making; /* what was done of it */
};

int ng_file_tree_new(const struct ng_index *index, struct ng_file_tree **ret_tree)
{
	struct ng_file_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -ENOMEM;
	tree->index = index;
	pthread_mutex_init(&tree->lock, NULL);
	*ret_tree = tree;
	return 0;
}

struct ng_file_tree *ng_file_tree_free(struct ng_file_tree *tree)
{
	if (!tree)
		return NULL;
	ng_name_table_free(atomic_load(&tree->table));
	ng_file_making_free(tree->making);
	pthread_mutex_destroy(&tree->lock);
	free(tree);
	return NULL;
}

/* ---- making it ---- */

static int make(struct ng_file_tree *tree, struct ng_disk *disk, const ng_cancel *cancel)
{
	struct ng_name_table *table = NULL;
	int r = tree->making ? 0 : ng_file_making_new(tree->index, disk, &tree->making);

	if (r == 0)
		r = ng_file_making_run(tree->making, cancel, &table);
	if (r == -EINTR)
		return r;
	tree->making = ng_file_making_free(tree->making);
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

	while (r > 0 && ng_file_key_is_in(cursor->name.key, cursor->name.len, dir, dir_bytes)) {
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
	       ng_file_key_is_in(cursor.name.key, cursor.name.len, dir, dir_bytes)) {
		struct ng_file file;

		if (ng_cancelled(cancel))
			return -EINTR;
		r = take_file(&cursor, at, filter, cancel, &key, &file);
		if (r > 0 && !emit(userdata, &file))
			return 0;
	}
	return ng_min(r, 0);
}
