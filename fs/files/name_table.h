/* SPDX-License-Identifier: Apache-2.0 */
/* Byte strings in order, each with a number: written once, and then looked up. A small table is in
 * memory; a large one in a temporary file, of which the kernel caches what is used, with some bits
 * a string in memory that say where in it each block is. */
#pragma once

#include "files/name_sort.h"

struct ng_name_table;

/* disk is borrowed; up to memory_bytes of a table are kept in memory, more is in a file. -ENOMEM.
 */
int ng_name_table_new(struct ng_disk *disk, size_t memory_bytes, struct ng_name_table **ret_table);
struct ng_name_table *ng_name_table_free(struct ng_name_table *table); /* NULL is fine */

static inline void ng_name_table_freep(struct ng_name_table **table)
{
	ng_name_table_free(*table);
}

/* Append a key, of 1 to NG_NAME_BYTES_MAX bytes, that comes after all those that are in it.
 * -ENOMEM, -ENOSPC and other errors of files; the table can only be freed then. */
int ng_name_table_add(struct ng_name_table *table, const struct ng_keyed *name);

/* Nothing more is added; from here on any number of threads may read it. Errors as of
 * ng_name_table_add. */
int ng_name_table_finish(struct ng_name_table *table);

/* How many there are. */
uint64_t ng_name_table_n(const struct ng_name_table *table);

/* A place in a table. Zero it, and set table, which is borrowed. */
struct ng_name_cursor {
	const struct ng_name_table *table;
	uint64_t at;          /* n: behind the last; otherwise this one: */
	struct ng_keyed name; /* good until the cursor moves */
	/* The cursor's own. */
	bool has_block;
	uint64_t block, next; /* next: the one that p stands before */
	struct ng_buf raw, key;
	const uint8_t *p, *end;
};

void ng_name_cursor_clear(struct ng_name_cursor *cursor);

/* Go to number i <= n; to the next one; to the first one that doesn't come before a key. Return 1;
 * 0: there is none, and the cursor is behind the last; or -ENOMEM, -EIO and other errors of files.
 * Decoding up to a block of 64; of ng_name_cursor_find, O(log n) reads of a file besides, unless
 * the key is near behind the cursor. */
int ng_name_cursor_seek(struct ng_name_cursor *cursor, uint64_t i);
int ng_name_cursor_next(struct ng_name_cursor *cursor);
int ng_name_cursor_find(struct ng_name_cursor *cursor, const uint8_t *key, size_t len);
