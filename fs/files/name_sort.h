/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting of byte strings, each with a number, within a bound of memory: what is beyond it waits in
 * a temporary file. Of what comes in order already, as most does, nothing is moved. Not
 * thread-safe. */
#pragma once

#include "files/disk.h"

/* The longest key. */
#define NG_NAME_BYTES_MAX 4095u

struct ng_keyed {
	const uint8_t *key;
	size_t len;
	uint64_t number;
};

/* Which of two comes first: by their keys, as memcmp has it and a beginning before what it begins;
 * of equal keys by number. */
int ng_keyed_compare(const struct ng_keyed *a, const struct ng_keyed *b);

struct ng_name_sort;

/* memory_bytes > 0 is what is kept in memory, about; the rest is in a file of disk, which is
 * borrowed. -ENOMEM. */
int ng_name_sort_new(struct ng_disk *disk, size_t memory_bytes, struct ng_name_sort **ret_sort);
struct ng_name_sort *ng_name_sort_free(struct ng_name_sort *sort); /* NULL is fine */

static inline void ng_name_sort_freep(struct ng_name_sort **sort)
{
	ng_name_sort_free(*sort);
}

/* Add a key of 1 to NG_NAME_BYTES_MAX bytes, which are copied. -ENOMEM, -ENOSPC and other errors
 * of files; the sorter can only be freed then. */
int ng_name_sort_add(struct ng_name_sort *sort, const struct ng_keyed *name);

/* How many were added. */
uint64_t ng_name_sort_n(const struct ng_name_sort *sort);

/* Nothing more is added. Errors as of ng_name_sort_add. */
int ng_name_sort_finish(struct ng_name_sort *sort);

/* The next one in order, after ng_name_sort_finish: 1, with a key that is good until the next call;
 * 0 at the end; or -ENOMEM, -EIO and other errors of files. */
int ng_name_sort_next(struct ng_name_sort *sort, struct ng_keyed *ret_name);
