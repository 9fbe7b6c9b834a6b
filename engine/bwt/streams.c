#include "bwt/streams.h"

void ng_alphabet_make(const struct ng_bwt_text *text, uint64_t begin, uint64_t end,
		      struct ng_alphabet *ret_alphabet)
{
	uint32_t count[NG_SYMBOLS] = {0};
	unsigned n = 0;

	if (text->separators) {
		for (uint64_t i = begin; i < end; i++)
			count[ng_bwt_text_symbol(text, i)]++;
	} else {
		for (uint64_t i = begin; i < end; i++)
			count[text->bwt[i]]++;
		count[NG_SEPARATOR] = count[0];
		count[0] = 0;
	}
	for (unsigned s = 0; s < NG_SYMBOLS; s++) {
		unsigned at = n;

		if (!count[s])
			continue;
		for (; at > 0 && count[ret_alphabet->symbol[at - 1]] < count[s]; at--)
			ret_alphabet->symbol[at] = ret_alphabet->symbol[at - 1];
		ret_alphabet->symbol[at] = (uint16_t)s;
		n++;
	}
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		ret_alphabet->index[s] = NG_SYMBOLS;
	for (unsigned k = 0; k < n; k++)
		ret_alphabet->index[ret_alphabet->symbol[k]] = (uint16_t)k;
	ret_alphabet->n = n;
}

unsigned ng_runs_make(const uint16_t *symbols, unsigned n, bool from_back, unsigned n_alphabet,
		      struct ng_run *ret_runs)
{
	uint16_t list[NG_SYMBOLS];
	ptrdiff_t next = from_back ? -1 : 1;
	const uint16_t *p = from_back ? symbols + n - 1 : symbols;
	unsigned runs = 0;

	for (unsigned k = 0; k < n_alphabet; k++)
		list[k] = (uint16_t)k;
	for (unsigned left = n; left > 0;) {
		uint16_t symbol = *p, length = 0, rank = 0, carry = list[0];

		do {
			p += next;
			length++;
		} while (--left > 0 && *p == symbol);
		/* Find it and move it to the front in one go. */
		while (carry != symbol) {
			uint16_t moved = list[++rank];

			list[rank] = carry;
			carry = moved;
		}
		list[0] = symbol;
		ret_runs[runs++] = (struct ng_run){rank, length};
	}
	return runs;
}
