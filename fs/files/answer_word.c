/* SPDX-License-Identifier: Apache-2.0 */
#include "files/answer_word.h"

#include "names/escape.h"
#include "query/word_beside.h"

/* Of a line besides its word. */
#define LINE_BYTES 36u

/* ng_word_next or ng_word_prev. */
typedef int (*beside)(const struct ng_index *index, const struct ng_ranges *ranges,
		      const ng_cancel *cancel, struct ng_word_counts *ret_counts);

static int append_words(beside find, const struct ng_index *index, const struct ng_query *query,
			const ng_cancel *cancel, struct ng_buf *buf)
{
	ng_cleanup(ng_word_counts_clear) struct ng_word_counts words = NG_WORD_COUNTS_INIT;
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	int r = ng_query_find(index, query, cancel, &ranges);

	if (r == 0)
		r = find(index, &ranges, cancel, &words);
	for (size_t i = 0; r == 0 && i < words.n; i++) {
		const struct ng_word_count *word = &words.list[i];

		r = ng_buf_printf(buf, "%llu\t%.6f\t", (unsigned long long)word->count,
				  (double)word->count / (double)ranges.count);
		if (r == 0)
			r = ng_escape_append(buf, words.words.text.data + word->at, word->len);
		if (r == 0)
			r = ng_buf_append(buf, "\n", 1);
	}
	return r;
}

int ng_answer_nextword(const struct ng_index *index, const struct ng_query *query,
		       const ng_cancel *cancel, struct ng_buf *buf)
{
	return append_words(ng_word_next, index, query, cancel, buf);
}

int ng_answer_prevword(const struct ng_index *index, const struct ng_query *query,
		       const ng_cancel *cancel, struct ng_buf *buf)
{
	return append_words(ng_word_prev, index, query, cancel, buf);
}

uint64_t ng_answer_words_most(const struct ng_index *index, uint64_t count)
{
	struct ng_index_stats stats;
	uint64_t words;

	ng_index_stats(index, &stats);
	/* Each word stands somewhere in the text, where no other does, and is of bounded length. */
	words = ng_min(stats.text_bytes, count * NG_WORD_BYTES_MAX);
	return words + count * LINE_BYTES;
}
