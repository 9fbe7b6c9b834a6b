/* From symbols to tokens: runs and move-to-front ranks. See bwt/token.h. */
#pragma once

#include "bwt/block.h"

/* Symbols of a BWT as the sorter leaves them. separators: bit i set where row i holds a separator
 * (bwt[i] is then ignored); NULL: a 0 in bwt is the separator. */
struct ng_bwt_text {
	const uint8_t *bwt;
	const uint64_t *separators;
	const uint64_t *marks; /* bit i set where the suffix of row i is sampled */
	uint64_t rows;
};

static inline bool ng_bit(const uint64_t *bits, uint64_t i)
{
	return bits[i >> 6] >> (i & 63) & 1;
}

static inline unsigned ng_bwt_text_symbol(const struct ng_bwt_text *text, uint64_t row)
{
	if (text->separators)
		return ng_bit(text->separators, row) ? NG_SEPARATOR : text->bwt[row];
	return text->bwt[row] ? text->bwt[row] : NG_SEPARATOR;
}

/* A local alphabet: symbols by falling frequency (ties: by number), and back. */
struct ng_alphabet {
	unsigned n;
	uint16_t symbol[NG_SYMBOLS];
	uint16_t index[NG_SYMBOLS]; /* of a symbol; NG_SYMBOLS: not in the alphabet */
};

/* Of the rows [begin, end). O(end - begin). */
void ng_alphabet_make(const struct ng_bwt_text *text, uint64_t begin, uint64_t end,
		      struct ng_alphabet *ret_alphabet);

struct ng_run {
	uint16_t rank;
	uint16_t length;
};

/* A symbol's index; a new one joins at the end. */
static inline unsigned ng_alphabet_index(struct ng_alphabet *alphabet, unsigned symbol)
{
	if (alphabet->index[symbol] == NG_SYMBOLS) {
		alphabet->symbol[alphabet->n] = (uint16_t)symbol;
		alphabet->index[symbol] = (uint16_t)alphabet->n++;
	}
	return alphabet->index[symbol];
}

/* Back to the first n symbols. */
static inline void ng_alphabet_cut(struct ng_alphabet *alphabet, unsigned n)
{
	while (alphabet->n > n)
		alphabet->index[alphabet->symbol[--alphabet->n]] = NG_SYMBOLS;
}

/* The runs of symbols[0..n-1] (indices into an alphabet of n_alphabet), n <= NG_STREAM, read
 * forwards or from the back; ranks begin from the alphabet's order. Returns their number. */
unsigned ng_runs_make(const uint16_t *symbols, unsigned n, bool from_back, unsigned n_alphabet,
		      struct ng_run *ret_runs);

/* Run body for each token of the runs, with its context and id, as if every token had a code. */
#define ng_tokens_each(runs, n_runs, context, id, body)                                            \
	do {                                                                                       \
		unsigned context = 0;                                                              \
		for (unsigned i_ = 0; i_ < (n_runs); i_++) {                                       \
			unsigned rank_ = (runs)[i_].rank, left_ = (runs)[i_].length;               \
			while (left_) {                                                            \
				unsigned class_ = ng_run_class(left_);                             \
				unsigned id = ng_token_id(rank_, class_);                          \
				body;                                                              \
				context = ng_token_context(rank_, class_);                         \
				left_ -= ng_run_class_length[class_];                              \
				rank_ = 0;                                                         \
			}                                                                          \
		}                                                                                  \
	} while (0)
