/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of an index by the paths of their sources, as a tree of files.
 *
 * An index keeps documents in the order in which they came, and their paths in compressed metadata.
 * So when the tree is first asked for, all metadata is read once, and what is a file's name in it
 * (file_key.h) is sorted into a table (name_table.h): memory is bounded, whatever the index has.
 * Of several documents of one name the first one has it, and the others another one; so has a
 * document whose name is also a directory's. Documents that were removed are not there.
 *
 * A directory is known by its key, the names on the way to it; the root's has no bytes. */
#pragma once

#include "files/disk.h"
#include "query/filter.h"

struct ng_file_tree;

/* index is borrowed. -ENOMEM. All functions below are thread-safe. */
int ng_file_tree_new(const struct ng_index *index, struct ng_file_tree **ret_tree);
struct ng_file_tree *ng_file_tree_free(struct ng_file_tree *tree); /* nobody may be using it */

/* Make it, if it hasn't been: to be called before the other functions. disk, where temporary files
 * are, is borrowed from here on. One thread makes it, and others wait; what was done of it before
 * it was cancelled isn't done again. -ENOSPC and other errors of files, and those of query.h. */
int ng_file_tree_make(struct ng_file_tree *tree, struct ng_disk *disk, const ng_cancel *cancel);

struct ng_file {
	const char *name;   /* ends in NUL */
	const uint8_t *key; /* of a directory: its own */
	size_t key_bytes;
	bool is_dir;
	uint64_t doc;  /* of a file */
	uint64_t next; /* where to go on after it */
};

/* What goes by that name in a directory, among documents of filter. Of a file of many documents,
 * 17.txt is 00000017.txt, too. Appends a directory's key to key, which is empty. -ENOENT, and
 * errors of files. O(log n), and all that comes before the first such document in a directory. */
int ng_file_tree_find(const struct ng_file_tree *tree, const uint8_t *dir, size_t dir_bytes,
		      const char *name, const struct ng_filter *filter, const ng_cancel *cancel,
		      struct ng_buf *key, bool *ret_is_dir, uint64_t *ret_doc);

/* Returns false when no more is wanted. */
typedef bool (*ng_file_tree_emit)(void *userdata, const struct ng_file *file);

/* What a directory holds, in the order of bytes: from its beginning on, where offset is 0, or after
 * a file whose `next` that was. Only documents of filter, and directories that hold one. Takes
 * little memory. */
int ng_file_tree_list(const struct ng_file_tree *tree, const uint8_t *dir, size_t dir_bytes,
		      uint64_t offset, const struct ng_filter *filter, const ng_cancel *cancel,
		      ng_file_tree_emit emit, void *userdata);
