/* SPDX-License-Identifier: Apache-2.0 */
#include "files/name_table.h"

#include <assert.h>

#include "base/file.h"

/* Strings in a block. Each is how many bytes it has in common with the one before, how many more,
 * these, and its number; the first of a block has nothing in common with any. */
#define BLOCK 64u

/* Strings that are looked at one after the other before a key is looked for by halves. */
#define NEAR 16u

#define WRITE_BYTES (256u << 10)

struct ng_name_table {
	struct ng_disk *disk;
	size_t memory_bytes;
	int fd;             /* or -1: all of it is in memory */
	struct ng_buf data; /* what is in memory: all of it, or, while it is written, its end */
	uint64_t written;   /* bytes in the file */
	uint64_t reserved;
	uint64_t n;
	uint64_t *blocks; /* where each begins, and behind the last one where that ends */
	size_t n_blocks, cap;
	struct ng_buf last; /* the key that was added last */
};

int ng_name_table_new(struct ng_disk *disk, size_t memory_bytes, struct ng_name_table **ret_table)
{
	struct ng_name_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->disk = disk;
	table->memory_bytes = memory_bytes;
	table->fd = -1;
	*ret_table = table;
	return 0;
}

struct ng_name_table *ng_name_table_free(struct ng_name_table *table)
{
	if (!table)
		return NULL;
	if (table->fd >= 0)
		close(table->fd);
	ng_disk_give_back(table->disk, table->reserved);
	ng_buf_free(&table->data);
	ng_buf_free(&table->last);
	free(table->blocks);
	free(table);
	return NULL;
}

uint64_t ng_name_table_n(const struct ng_name_table *table)
{
	return table->n;
}

static int append_number(struct ng_buf *buf, uint64_t number)
{
	uint8_t bytes[10];
	size_t n = 0;

	for (; number >= 0x80; number >>= 7)
		bytes[n++] = (uint8_t)(number | 0x80);
	bytes[n++] = (uint8_t)number;
	return ng_buf_append(buf, bytes, n);
}

static int write_out(struct ng_name_table *table)
{
	int r = 0;

	if (table->fd < 0) {
		r = ng_disk_open(table->disk);
		if (r < 0)
			return r;
		table->fd = r;
	}
	r = ng_disk_reserve(table->disk, table->data.len);
	if (r)
		return r;
	table->reserved += table->data.len;
	r = ng_file_write_at(table->fd, table->data.data, table->data.len, table->written, NULL);
	table->written += table->data.len;
	table->data.len = 0;
	return r;
}

/* A block begins here, or the last one ends. */
static int begin_block(struct ng_name_table *table)
{
	if (table->n_blocks == table->cap) {
		size_t cap = table->cap ? 2 * table->cap : 16;
		uint64_t *blocks = reallocarray(table->blocks, cap, sizeof(*blocks));

		if (!blocks)
			return -ENOMEM;
		table->blocks = blocks;
		table->cap = cap;
	}
	table->blocks[table->n_blocks++] = table->written + table->data.len;
	table->last.len = 0;
	return 0;
}

int ng_name_table_add(struct ng_name_table *table, const struct ng_keyed *name)
{
	size_t shared = 0;
	int r = 0;

	assert(name->len > 0 && name->len <= NG_NAME_BYTES_MAX);
	if (table->n % BLOCK == 0) {
		if (table->data.len >= (table->fd < 0 ? table->memory_bytes : WRITE_BYTES))
			r = write_out(table);
		if (r == 0)
			r = begin_block(table);
	}
	while (shared < ng_min(name->len, table->last.len) &&
	       name->key[shared] == table->last.data[shared])
		shared++;
	if (r == 0)
		r = append_number(&table->data, shared);
	if (r == 0)
		r = append_number(&table->data, name->len - shared);
	if (r == 0)
		r = ng_buf_append(&table->data, name->key + shared, name->len - shared);
	if (r == 0)
		r = append_number(&table->data, name->number);
	table->last.len = 0;
	if (r == 0)
		r = ng_buf_append(&table->last, name->key, name->len);
	table->n++;
	return r;
}

int ng_name_table_finish(struct ng_name_table *table)
{
	int r = begin_block(table);

	ng_buf_free(&table->last);
	if (r == 0 && table->fd >= 0) {
		r = write_out(table);
		ng_buf_free(&table->data);
	}
	return r;
}

/* ---- reading ---- */

void ng_name_cursor_clear(struct ng_name_cursor *cursor)
{
	ng_buf_free(&cursor->raw);
	ng_buf_free(&cursor->key);
	*cursor = (struct ng_name_cursor){.table = cursor->table};
}

/* Stand before the first string of a block. */
static int block_open(struct ng_name_cursor *cursor, uint64_t block)
{
	const struct ng_name_table *table = cursor->table;
	uint64_t lo = table->blocks[block], hi = table->blocks[block + 1];
	const uint8_t *data = cursor->raw.data;
	size_t len = (size_t)(hi - lo);

	if (table->fd < 0) {
		data = table->data.data + lo;
	} else if (!cursor->has_block || cursor->block != block) {
		int r;

		cursor->has_block = false;
		cursor->raw.len = 0;
		r = ng_buf_reserve(&cursor->raw, len);
		if (r == 0)
			r = ng_file_read_at(table->fd, cursor->raw.data, len, lo, NULL);
		if (r)
			return r;
		data = cursor->raw.data;
	}
	cursor->has_block = true;
	cursor->block = block;
	cursor->next = block * BLOCK;
	cursor->key.len = 0;
	cursor->p = data;
	cursor->end = data + len;
	return 0;
}

/* What is read was written by this process; a file that doesn't give it back must not lead beyond
 * it. */
static bool number_read(struct ng_name_cursor *cursor, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64 && cursor->p < cursor->end; shift += 7) {
		uint8_t byte = *cursor->p++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret_number = number;
			return true;
		}
	}
	return false;
}

/* The string that p stands before. */
static int string_read(struct ng_name_cursor *cursor)
{
	uint64_t shared, rest, number;
	int r;

	if (!number_read(cursor, &shared) || !number_read(cursor, &rest) ||
	    shared > cursor->key.len || rest > (uint64_t)(cursor->end - cursor->p))
		return -EIO;
	cursor->key.len = (size_t)shared;
	r = ng_buf_append(&cursor->key, cursor->p, (size_t)rest);
	cursor->p += rest;
	if (r == 0 && !number_read(cursor, &number))
		r = -EIO;
	if (r)
		return r;
	cursor->at = cursor->next++;
	cursor->name = (struct ng_keyed){cursor->key.data, cursor->key.len, number};
	return 1;
}

static int behind_last(struct ng_name_cursor *cursor)
{
	cursor->at = cursor->table->n;
	cursor->name = (struct ng_keyed){0};
	return 0;
}

int ng_name_cursor_seek(struct ng_name_cursor *cursor, uint64_t i)
{
	int r = 0;

	if (i >= cursor->table->n)
		return behind_last(cursor);
	if (cursor->has_block && cursor->name.key && cursor->at == i)
		return 1;
	if (!cursor->has_block || cursor->block != i / BLOCK || cursor->next > i)
		r = block_open(cursor, i / BLOCK);
	while (r >= 0 && cursor->next <= i)
		r = string_read(cursor);
	if (r < 0)
		cursor->has_block = false;
	return r;
}

int ng_name_cursor_next(struct ng_name_cursor *cursor)
{
	return cursor->at < cursor->table->n ? ng_name_cursor_seek(cursor, cursor->at + 1) : 0;
}

/* Whether the cursor's string comes before a key. */
static bool is_before(const struct ng_name_cursor *cursor, const struct ng_keyed *key)
{
	struct ng_keyed name = cursor->name;

	name.number = 0;
	return ng_keyed_compare(&name, key) < 0;
}

int ng_name_cursor_find(struct ng_name_cursor *cursor, const uint8_t *key, size_t len)
{
	const struct ng_keyed want = {key, len, 0};
	uint64_t n = cursor->table->n, lo = 0, hi = ng_div_up(n, (uint64_t)BLOCK);
	int r = 1;

	if (cursor->name.key && is_before(cursor, &want)) {
		for (unsigned i = 0; i < NEAR && r > 0; i++) {
			r = ng_name_cursor_next(cursor);
			if (r <= 0 || !is_before(cursor, &want))
				return r;
		}
		lo = cursor->at / BLOCK;
	}
	if (n == 0)
		return behind_last(cursor);
	/* The last block whose first string doesn't come after the key. */
	while (hi - lo > 1) {
		uint64_t middle = lo + (hi - lo) / 2;

		r = ng_name_cursor_seek(cursor, middle * BLOCK);
		if (r < 0)
			return r;
		if (is_before(cursor, &want))
			lo = middle;
		else
			hi = middle;
	}
	r = ng_name_cursor_seek(cursor, lo * BLOCK);
	while (r > 0 && is_before(cursor, &want))
		r = ng_name_cursor_next(cursor);
	return r;
}
