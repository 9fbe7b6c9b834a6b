/* SPDX-License-Identifier: Apache-2.0 */
/* Shards as a fuzzer sees them: what their sections hold, without padding and sums, which are made
 * right whenever the shards are written. So a mutation reaches what lies behind the sums, as
 * somebody does who forges an index.
 *
 * An input is a sequence of records: a byte of type, three of length, and the record's bytes. The
 * type is a section's, or SECTIONS_FILE, with which the next file begins: its name is in the
 * record. A length that leads beyond the input ends with it. */
#pragma once

#include "base/buf.h"

#define SECTIONS_FILE 0u
#define SECTIONS_RAW  255u /* bytes of a file that is no shard */

/* Write the files that the input has into a directory that is there, of those that a build may have
 * made (what it is called doesn't matter): of the others the name is changed. Returns how many. */
unsigned sections_write(const uint8_t *data, size_t size, const char *dir);

/* The same of shards only, in order, with a manifest that names them all and fits them, as far as
 * they say how large they are; a file whose name begins as that of one of what was taken out of a
 * shard is that, of the shard before. False where no manifest can say that. */
bool sections_write_index(const uint8_t *data, size_t size, const char *dir);

/* The input that gives a file, or an index's shards, again. */
void sections_of_file(const char *dir, const char *name, bool is_shard, struct ng_buf *ret);
void sections_of_index(const char *dir, struct ng_buf *ret);

/* A directory of the process, empty: DIR/NAME of `name`; in memory where there is such a place. */
const char *sections_dir(const char *name);

/* Remove a directory and the files in it, if it is there. */
void sections_remove(const char *dir);

/* Stop here, with the input that led here, unless it holds. */
#define sections_require(holds) sections_judge(holds, __FILE__, __LINE__)
void sections_judge(bool holds, const char *file, int line);
