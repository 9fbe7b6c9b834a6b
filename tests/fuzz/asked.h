/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes that fuzzers ask: small ones to begin with, and the questions. */
#pragma once

#include "sections.h"

/* Seed number 0, 1, ... of those who take an index's sections: made of a few short documents, in
 * one shard or several, with a text store or without. NULL when there are no more. */
uint8_t *asked_seed(unsigned number, size_t *ret_size);

struct ng_index;

/* Ask everything of an index, with patterns of the input's last bytes among others. Answers may be
 * anything, but no question may do anything but answer or say that the index is damaged. */
void asked_all(const struct ng_index *index, const uint8_t *data, size_t size);

/* The same of lines, regular expressions, words and metadata, around the occurrences of a pattern.
 */
void asked_text(const struct ng_index *index, const uint8_t *pat, size_t len);

/* Every text that the index gives, counted by scanning, agrees with its counts, as far as the texts
 * are short. */
void asked_counts(const struct ng_index *index, const uint8_t *data, size_t size);
