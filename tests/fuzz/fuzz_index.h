/* SPDX-License-Identifier: Apache-2.0 */
/* A small index whose answers are known, for targets that ask one. */
#pragma once

#include "files/indexes.h"
#include "tree/tree.h"

/* The index, made at the first call and kept; its directory is gone by then. */
const struct ng_mounted_index *fuzz_index(void);

/* The tree of a mount of it, likewise. */
struct ng_tree *fuzz_tree(void);

/* Occurrences of text[0..len-1], len >= 1, in its documents, counted one by one; and how many of
 * them hold it. */
uint64_t fuzz_count(const uint8_t *text, size_t len);
uint64_t fuzz_df(const uint8_t *text, size_t len);

/* The same of strings that fold to the same. */
uint64_t fuzz_count_folded(unsigned folds, const uint8_t *text, size_t len);

/* Stop here, with the input that led here, unless it holds. */
void fuzz_require(bool holds);
