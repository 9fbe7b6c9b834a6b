/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about an index, of every kind that there is, and the answers as sums: whether a damaged
 * index still answers as the sound one did. */
#pragma once

#include "indexmake.h"

#define QUESTION_PATTERNS 20u
#define QUESTION_DOCS     8u
#define ANSWERS_MAX       512u

struct questions {
	const struct naive *corpus;
	struct question_pattern {
		uint8_t bytes[128];
		size_t len;
		uint64_t count; /* what the index must say */
	} patterns[QUESTION_PATTERNS];
	size_t n;
	uint8_t text[400]; /* to be traced */
	size_t text_len;
	uint64_t docs[QUESTION_DOCS + 1];
	size_t n_docs;
};

struct answers {
	size_t n;
	struct answer {
		const char *question;
		size_t number; /* of its pattern or document */
		int r;
		uint64_t sum; /* of the answer; 0 where there is none */
	} of[ANSWERS_MAX];
};

/* Patterns that are short and long, frequent, rare and absent, within the corpus, which must last
 * as long. */
void questions_make(const struct naive *corpus, uint64_t *rng, struct questions *ret_questions);

void questions_ask(const struct questions *questions, const struct ng_index *index,
		   struct answers *ret_answers);
